#include "sandbox/seccomp.h"

#include <seccomp.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "base/fd.h"

namespace assay::sandbox {
namespace {

constexpr const char* kSetup = "setup";

struct Release {
    void operator()(void* context) const { ::seccomp_release(context); }
};

auto wrong(const Policy& policy, const PolicyRule& rule, int code) {
    return fail_errno(-code, "compile seccomp policy",
                      policy.name + ", line " + std::to_string(rule.line) + ": " + rule.call);
}

Result<void> add(scmp_filter_ctx context, const Policy& policy, const PolicyRule& rule, bool otherwise_allow) {
    int number = ::seccomp_syscall_resolve_name(rule.call.c_str());
    if (number == __NR_SCMP_ERROR) return wrong(policy, rule, -ENOSYS);
    if (number < 0) return {};  // another architecture's call
    std::vector<scmp_arg_cmp> comparisons;
    for (const PolicyCondition& condition : rule.conditions) {
        scmp_arg_cmp comparison{};
        comparison.arg = condition.arg;
        comparison.op = condition.mask == ~std::uint64_t{0} ? SCMP_CMP_EQ : SCMP_CMP_MASKED_EQ;
        comparison.datum_a = comparison.op == SCMP_CMP_EQ ? condition.value : condition.mask;
        comparison.datum_b = comparison.op == SCMP_CMP_EQ ? 0 : condition.value;
        comparisons.push_back(comparison);
    }
    // A rule that says what the default says anyway: libseccomp takes no such rule, but the reader wants the line.
    if (rule.allow ? otherwise_allow : !otherwise_allow && rule.error == policy.default_error) return {};
    std::uint32_t action = rule.allow ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(static_cast<unsigned>(rule.error));
    int code = ::seccomp_rule_add_array(context, action, number, static_cast<unsigned>(comparisons.size()),
                                        comparisons.data());
    if (code != 0) return wrong(policy, rule, code);
    return {};
}

bool same(const PolicyRule& a, const PolicyRule& b) { return a.call == b.call && a.conditions == b.conditions; }

bool contains(const Policy& policy, const PolicyRule& rule) {
    return std::any_of(policy.rules.begin(), policy.rules.end(),
                       [&](const PolicyRule& other) { return other.allow == rule.allow && same(other, rule); });
}

}  // namespace

Policy base_policy(const std::vector<Policy>& policies, const Policy& setup) {
    Policy base;
    base.name = "base";
    base.default_error = setup.default_error;
    for (const PolicyRule& rule : setup.rules)
        if (rule.allow) base.rules.push_back(rule);
    for (const Policy& policy : policies) {
        for (const PolicyRule& rule : policy.rules) {
            // What is allowed as a whole needs no finer rule, and libseccomp takes none.
            const bool covered = std::any_of(base.rules.begin(), base.rules.end(), [&](const PolicyRule& other) {
                return other.allow && other.call == rule.call && (other.conditions.empty() || same(other, rule));
            });
            if (!covered && !contains(base, rule)) base.rules.push_back(rule);
        }
    }
    return base;
}

Result<Policy> policy_over_base(const Policy& policy, const Policy& base) {
    Policy over;
    over.name = policy.name;
    over.default_error = policy.default_error;
    for (const PolicyRule& rule : base.rules) {
        if (!rule.allow || contains(policy, rule)) continue;
        PolicyRule refusal = rule;
        refusal.allow = false;
        refusal.error = policy.default_error;
        for (const PolicyRule& own : policy.rules) {
            if (own.call != rule.call) continue;
            if (!own.allow && (own.conditions.empty() || same(own, rule))) refusal.error = own.error;
            if (rule.conditions.empty() && !own.conditions.empty())
                return fail("compile seccomp policy",
                            rule.call + " has conditions in " + policy.name + ", but none in another policy",
                            "give it conditions in setup.policy");
        }
        over.rules.push_back(std::move(refusal));
    }
    return over;
}

Result<std::string> compile_policy(const Policy& policy, bool otherwise_allow) {
    const std::uint32_t otherwise =
        otherwise_allow ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(static_cast<unsigned>(policy.default_error));
    std::unique_ptr<void, Release> context(::seccomp_init(otherwise));
    if (!context) return fail("compile seccomp policy", "libseccomp cannot start");
    // A tree instead of a list: fewer steps for each call number that the kernel tries out when it installs a filter.
    int code = ::seccomp_attr_set(context.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
    if (code == 0) code = ::seccomp_attr_set(context.get(), SCMP_FLTATR_ACT_BADARCH, otherwise);
    if (code != 0) return fail_errno(-code, "compile seccomp policy", "setting libseccomp up");
    for (const PolicyRule& rule : policy.rules) ASSAY_CHECK(add(context.get(), policy, rule, otherwise_allow));

    Fd file(::memfd_create("assay-policy", MFD_CLOEXEC));
    if (!file) return fail_errno(errno, "compile seccomp policy", "memfd_create");
    code = ::seccomp_export_bpf(context.get(), file.get());
    if (code != 0) return fail_errno(-code, "compile seccomp policy", "export");
    if (::lseek(file.get(), 0, SEEK_SET) != 0) return fail_errno(errno, "compile seccomp policy", "read back");
    return read_all(file.get());
}

Result<CompiledPolicies> compile_policies(const std::vector<PolicySource>& sources) {
    std::vector<Policy> policies;
    Policy setup;
    for (const PolicySource& source : sources) {
        ASSAY_TRY(Policy policy, parse_policy(source, sources));
        if (source.name == kSetup) {
            setup = std::move(policy);
        } else {
            policies.push_back(std::move(policy));
        }
    }
    if (setup.name.empty()) return fail("compile seccomp policy", "there is no setup.policy");
    const Policy base = base_policy(policies, setup);
    CompiledPolicies compiled;
    ASSAY_TRY(compiled.base, compile_policy(base));
    for (const Policy& policy : policies) {
        ASSAY_TRY(Policy over, policy_over_base(policy, base));
        ASSAY_TRY(std::string program, compile_policy(over, true));
        compiled.policies.push_back({policy.name, std::move(program)});
    }
    return compiled;
}

const Result<CompiledPolicies>& compiled_policies() {
    static const Result<CompiledPolicies> all = compile_policies(embedded_policies());
    return all;
}

}  // namespace assay::sandbox
