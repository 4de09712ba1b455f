// From policies to the bytes that the kernel takes. Compiled once, in the parent half; launchers only install them.
//
// Two filters stand over every sandboxed program, and both must allow a call. The first, `base`, allows what any policy
// allows and what setting sandboxes up needs (setup.policy); the launcher installs it on itself. The second, one per
// policy, refuses what the base allows beyond that policy, in the policy's own words; it is short, and installed last
// before exec. Together they are the policy exactly.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "sandbox/policy.h"

namespace assay::sandbox {

struct CompiledPolicy {
    std::string name;
    std::string program;  // struct sock_filter[] as bytes, for this machine's architecture
};

struct CompiledPolicies {
    std::string base;
    std::vector<CompiledPolicy> policies;  // to be installed over `base`
};

// The rules of the first filter, and of the second one for `policy`. `setup` allows without refusing.
Policy base_policy(const std::vector<Policy>& policies, const Policy& setup);
Result<Policy> policy_over_base(const Policy& policy, const Policy& base);

// One policy by itself. `otherwise_allow`: what no rule names is allowed, instead of refused with the default.
Result<std::string> compile_policy(const Policy& policy, bool otherwise_allow = false);

Result<CompiledPolicies> compile_policies(const std::vector<PolicySource>& sources);

// Every embedded policy, compiled on the first call (some milliseconds); thread-safe.
const Result<CompiledPolicies>& compiled_policies();

}  // namespace assay::sandbox
