// From a Policy to the bytes that the kernel takes. Compiled once, in the parent half; launchers only install them.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "sandbox/policy.h"

namespace assay::sandbox {

// struct sock_filter[] as bytes, for this machine's architecture. Errors name the rule.
Result<std::string> compile_policy(const Policy& policy);

struct CompiledPolicy {
    std::string name;
    std::string program;
};

// Every embedded policy, compiled on the first call (about 2 ms each); thread-safe.
const Result<std::vector<CompiledPolicy>>& compiled_policies();

}  // namespace assay::sandbox
