// What is wrong with a policy that reads without error: rules that say nothing, or that contradict each other; and
// rules for what a program needed and the policy lacks.
#pragma once

#include <string>
#include <vector>

#include "sandbox/policy.h"
#include "sandbox/spec.h"

namespace assay::sandbox {

struct PolicyFinding {
    unsigned line = 0;
    std::string message;
};

// In the order of the rules; empty: every rule says something of its own, and no two disagree.
std::vector<PolicyFinding> lint_policy(const Policy& policy);

// Lines for `policy` that would allow the calls that a traced program was seen to make, for a person to read, narrow
// and give a reason.
std::string propose_rules(const std::vector<RefusedCall>& calls, const Policy& policy);

}  // namespace assay::sandbox
