// Classic BPF as seccomp filters use it, run by ourselves: what the kernel would answer, without making the call.
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <cstdint>
#include <string>
#include <vector>

namespace assay::sandbox {

// A compiled program travels as bytes.
std::vector<sock_filter> filter_of_bytes(const std::string& bytes);

// The action (SECCOMP_RET_...). Knows the instructions that libseccomp writes; a program with others, or one that runs
// off its end, gives SECCOMP_RET_KILL_PROCESS.
std::uint32_t run_filter(const std::vector<sock_filter>& program, const seccomp_data& data);

}  // namespace assay::sandbox
