// From a Spec to a Plan: everything that seat, init and main will do, resolved into plain data beforehand.
#pragma once

#include <string>

#include "base/result.h"
#include "sandbox/launcher/arena.h"
#include "sandbox/spec.h"

namespace assay::sandbox {

// The size of the bounded tmpfs, the defaults applied.
Bytes disk_limit(const Limits& limits);
std::uint32_t inode_limit(const Limits& limits);

// Fills the arena's plan, but for its id, stdio and cgroups. `filter`: struct sock_filter[] as bytes.
// `count_processes`: no cgroup does it.
Result<void> prepare(const Spec& spec, const std::string& filter, bool count_processes, Arena& arena);

// What a failed step was about, for messages: the target of the operation, the program, the folder.
std::string describe_step(const Plan& plan, const Report& report, const Spec& spec);

}  // namespace assay::sandbox
