// What several benches measure of their own process, and the middle of what they measured.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/units.h"

namespace assay::bench {

// CPU time of the calling thread since it began.
double thread_cpu_us();

// A size in /proc/self/status (proc(5)): "VmRSS:", what is resident now, or "VmHWM:", the most that ever was.
Result<Bytes> status_bytes(std::string_view field);

// The middle value, of an even number the upper one; 0 of none.
double median(std::vector<double> values);

// The path of a program in the usual folders; empty when it is not installed.
std::string installed_program(const std::string& name);

}  // namespace assay::bench
