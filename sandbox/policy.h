// Seccomp policies as data: the text of sandbox/policies/*.policy (its grammar stands on top of server.policy).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace assay::sandbox {

struct PolicySource {
    std::string name;  // "server"
    std::string text;
};

// The policies that are built in.
const std::vector<PolicySource>& embedded_policies();

struct PolicyCondition {
    unsigned arg = 0;                        // 0..5
    std::uint64_t mask = ~std::uint64_t{0};  // all ones: compares the whole argument
    std::uint64_t value = 0;
    bool differs = false;  // holds when the masked argument is not `value`
    bool operator==(const PolicyCondition&) const = default;
};

// What becomes of a call.
enum class Verdict : std::uint8_t {
    allow,
    note,     // allowed, once the launcher has taken note that this sandbox makes such calls
    refuse,   // answered with an errno, and reported
    decline,  // answered with an errno, not reported: what programs try as a matter of course
    kill      // ends the process by SIGSYS
};

constexpr bool permits(Verdict verdict) { return verdict == Verdict::allow || verdict == Verdict::note; }

struct PolicyRule {
    std::string call;
    Verdict verdict = Verdict::refuse;
    int error = 0;                            // errno of refuse and decline
    std::vector<PolicyCondition> conditions;  // all must hold; empty = always
    unsigned line = 0;
    std::string reason;
};

struct Policy {
    std::string name;
    int default_error = 0;          // a call without a rule that holds is refused with it
    std::vector<PolicyRule> rules;  // one per call and value: lists are spread out
};

// Reads one policy; `sources` are those that it may include. Errors carry "name.policy:line".
Result<Policy> parse_policy(const PolicySource& source, const std::vector<PolicySource>& sources);

}  // namespace assay::sandbox
