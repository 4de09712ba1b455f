#include "sandbox/policy_lint.h"

#include <fmt/format.h>
#include <seccomp.h>

#include <algorithm>

namespace assay::sandbox {
namespace {

constexpr std::uint64_t kWhole = ~std::uint64_t{0};

bool same_outcome(const PolicyRule& a, const PolicyRule& b) { return a.verdict == b.verdict && a.error == b.error; }

// Whatever fulfils `a` fulfils `b`.
bool implies(const PolicyCondition& a, const PolicyCondition& b) {
    if (a.arg != b.arg) return false;
    if (b.differs) return a.differs ? a.value == b.value : a.mask == kWhole && a.value != b.value;
    return !a.differs && (a.mask & b.mask) == b.mask && (a.value & b.mask) == b.value;
}

bool implies(const PolicyRule& a, const PolicyRule& b) {
    return std::all_of(b.conditions.begin(), b.conditions.end(), [&](const PolicyCondition& wanted) {
        return std::any_of(a.conditions.begin(), a.conditions.end(),
                           [&](const PolicyCondition& given) { return implies(given, wanted); });
    });
}

// No argument fulfils both.
bool exclude(const PolicyCondition& a, const PolicyCondition& b) {
    if (a.arg != b.arg || (a.differs && b.differs)) return false;
    if (a.differs) return exclude(b, a);
    if (b.differs) return a.mask == kWhole && a.value == b.value;
    return ((a.value ^ b.value) & a.mask & b.mask) != 0;
}

bool can_meet(const PolicyRule& a, const PolicyRule& b) {
    return std::none_of(a.conditions.begin(), a.conditions.end(), [&](const PolicyCondition& one) {
        return std::any_of(b.conditions.begin(), b.conditions.end(),
                           [&](const PolicyCondition& other) { return exclude(one, other); });
    });
}

// What is wrong with a rule by itself; empty: nothing.
std::string alone(const Policy& policy, const PolicyRule& rule) {
    if (::seccomp_syscall_resolve_name(rule.call.c_str()) == __NR_SCMP_ERROR)
        return "no call is named so on any architecture";
    if (rule.verdict == Verdict::refuse && rule.error == policy.default_error) return "the default says the same";
    for (const PolicyCondition& condition : rule.conditions)
        if ((condition.value & ~condition.mask) != 0) return "the value has bits outside the mask: it never holds";
    if (!can_meet(rule, rule)) return "its conditions exclude each other: it never holds";
    return {};
}

// What is wrong with a rule beside an earlier one; empty: nothing.
std::string beside(const PolicyRule& rule, const PolicyRule& earlier) {
    if (same_outcome(rule, earlier) && implies(rule, earlier))
        return fmt::format("line {} says so already", earlier.line);
    if (same_outcome(rule, earlier) && implies(earlier, rule))
        return fmt::format("it makes line {} redundant", earlier.line);
    if (!same_outcome(rule, earlier) && can_meet(rule, earlier))
        return fmt::format("it contradicts line {} where both hold", earlier.line);
    return {};
}

}  // namespace

std::vector<PolicyFinding> lint_policy(const Policy& policy) {
    std::vector<PolicyFinding> findings;
    for (std::size_t i = 0; i < policy.rules.size(); ++i) {
        const PolicyRule& rule = policy.rules[i];
        auto found = [&](const std::string& what) {
            if (!what.empty()) findings.push_back({rule.line, rule.call + ": " + what});
        };
        found(alone(policy, rule));
        for (std::size_t k = 0; k < i; ++k)
            if (policy.rules[k].call == rule.call) found(beside(rule, policy.rules[k]));
    }
    return findings;
}

std::string propose_rules(const std::vector<RefusedCall>& calls, const Policy& policy) {
    std::string lines;
    for (const RefusedCall& each : calls) {
        const std::string seen = fmt::format("  # {} times; say what needs it\n", each.count);
        // Another architecture's calls and numbers without a name cannot be told to a policy.
        if (each.call.find_first_of(": ") != std::string::npos || each.call == "other") {
            lines += fmt::format("# {}{}", each.call, seen);
            continue;
        }
        auto looking = std::find_if(policy.rules.begin(), policy.rules.end(), [&](const PolicyRule& rule) {
            return rule.call == each.call && !rule.conditions.empty();
        });
        if (each.argument && looking != policy.rules.end()) {
            const unsigned argument = looking->conditions[0].arg;
            lines += fmt::format("allow {} if arg{} == {:#x}{}", each.call, argument, *each.argument, seen);
        } else {
            lines += fmt::format("allow {}{}", each.call, seen);
        }
    }
    return lines;
}

}  // namespace assay::sandbox
