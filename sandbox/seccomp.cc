#include "sandbox/seccomp.h"

#include <linux/audit.h>
#include <seccomp.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>

#include "base/fd.h"
#include "sandbox/setup_token.h"

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

std::uint32_t action_of(Verdict verdict, int error, Form form) {
    switch (verdict) {
        case Verdict::allow: return SCMP_ACT_ALLOW;
        case Verdict::note: return form == Form::reporting ? SCMP_ACT_NOTIFY : SCMP_ACT_ALLOW;
        case Verdict::kill: return SCMP_ACT_KILL_PROCESS;
        case Verdict::refuse:
            if (form == Form::reporting) return SCMP_ACT_NOTIFY;
            break;
        case Verdict::decline: break;
    }
    return SCMP_ACT_ERRNO(static_cast<unsigned>(error));
}

scmp_arg_cmp comparison_of(const PolicyCondition& condition) {
    scmp_arg_cmp comparison{};
    comparison.arg = condition.arg;
    comparison.op = condition.differs                     ? SCMP_CMP_NE
                    : condition.mask == ~std::uint64_t{0} ? SCMP_CMP_EQ
                                                          : SCMP_CMP_MASKED_EQ;
    comparison.datum_a = comparison.op == SCMP_CMP_MASKED_EQ ? condition.mask : condition.value;
    comparison.datum_b = comparison.op == SCMP_CMP_MASKED_EQ ? condition.value : 0;
    return comparison;
}

Result<void> add(scmp_filter_ctx context, const Policy& policy, const PolicyRule& rule, Form form,
                 std::uint32_t otherwise) {
    int number = ::seccomp_syscall_resolve_name(rule.call.c_str());
    if (number == __NR_SCMP_ERROR) return wrong(policy, rule, -ENOSYS);
    if (number < 0) return {};  // another architecture's call
    std::vector<scmp_arg_cmp> comparisons;
    for (const PolicyCondition& condition : rule.conditions) comparisons.push_back(comparison_of(condition));
    const std::uint32_t action = action_of(rule.verdict, rule.error, form);
    // libseccomp takes no rule that says what the default says anyway. Two forms of a policy differ in which those are.
    if (action == otherwise) return {};
    int code = ::seccomp_rule_add_array(context, action, number, static_cast<unsigned>(comparisons.size()),
                                        comparisons.data());
    if (code != 0) return wrong(policy, rule, code);
    return {};
}

bool same(const PolicyRule& a, const PolicyRule& b) { return a.call == b.call && a.conditions == b.conditions; }

bool contains(const Policy& policy, const PolicyRule& rule) {
    return std::any_of(policy.rules.begin(), policy.rules.end(),
                       [&](const PolicyRule& other) { return other.verdict == rule.verdict && same(other, rule); });
}

// The same call under the same conditions, noted or not.
bool permitted(const Policy& policy, const PolicyRule& rule) {
    return std::any_of(policy.rules.begin(), policy.rules.end(),
                       [&](const PolicyRule& other) { return permits(other.verdict) && same(other, rule); });
}

PolicyCondition token(bool differs) {
    PolicyCondition condition;
    condition.arg = kTokenArgument;
    condition.value = kTokenPlaceholder;
    condition.differs = differs;
    return condition;
}

bool needs_token(const PolicyRule& rule) {
    return std::any_of(rule.conditions.begin(), rule.conditions.end(), [](const PolicyCondition& condition) {
        return condition.arg == kTokenArgument && condition.value == kTokenPlaceholder && !condition.differs;
    });
}

}  // namespace

Policy base_policy(const std::vector<Policy>& policies, const Policy& setup) {
    Policy base;
    base.name = "base";
    base.default_error = setup.default_error;
    auto allowed_whole = [&](const std::string& call) {
        return std::any_of(policies.begin(), policies.end(), [&](const Policy& policy) {
            return std::any_of(policy.rules.begin(), policy.rules.end(), [&](const PolicyRule& rule) {
                return permits(rule.verdict) && rule.call == call && rule.conditions.empty();
            });
        });
    };
    auto noted = [&](const std::string& call) {
        return std::any_of(policies.begin(), policies.end(), [&](const Policy& policy) {
            return std::any_of(policy.rules.begin(), policy.rules.end(), [&](const PolicyRule& rule) {
                return rule.verdict == Verdict::note && rule.call == call;
            });
        });
    };
    for (const PolicyRule& rule : setup.rules) {
        if (rule.verdict != Verdict::allow || allowed_whole(rule.call)) continue;
        base.rules.push_back(rule);
        base.rules.back().conditions.push_back(token(false));
    }
    auto of_setup = [&](const std::string& call) {
        return std::any_of(setup.rules.begin(), setup.rules.end(),
                           [&](const PolicyRule& rule) { return rule.call == call; });
    };
    for (const Policy& policy : policies) {
        for (const PolicyRule& rule : policy.rules) {
            // What one policy allows as a whole needs no finer rule, and libseccomp takes none.
            if (allowed_whole(rule.call) && (!permits(rule.verdict) || !rule.conditions.empty())) continue;
            PolicyRule own = rule;
            // What one policy has noted, it does for all: the filter is the same.
            if (noted(rule.call)) own.verdict = Verdict::note;
            // To the launcher it is not refused. libseccomp forgets finer rules when it is given a coarser one.
            if (!permits(rule.verdict) && of_setup(rule.call)) own.conditions.push_back(token(true));
            if (!contains(base, own)) base.rules.push_back(std::move(own));
        }
    }
    return base;
}

Result<Policy> policy_over_base(const Policy& policy, const Policy& base) {
    Policy over;
    over.name = policy.name;
    over.default_error = policy.default_error;
    for (const PolicyRule& rule : base.rules) {
        if (!permits(rule.verdict) || needs_token(rule) || permitted(policy, rule)) continue;
        PolicyRule refusal = rule;
        refusal.verdict = Verdict::refuse;
        refusal.error = policy.default_error;
        for (const PolicyRule& own : policy.rules) {
            if (own.call != rule.call) continue;
            if (!permits(own.verdict) && (own.conditions.empty() || same(own, rule))) {
                refusal.verdict = own.verdict;
                refusal.error = own.error;
            }
            if (rule.conditions.empty() && !own.conditions.empty())
                return fail("compile seccomp policy",
                            rule.call + " has conditions in " + policy.name + ", but none in another policy",
                            "give it the same conditions in every policy");
        }
        over.rules.push_back(std::move(refusal));
    }
    return over;
}

Result<std::string> compile_policy(const Policy& policy, Form form, bool otherwise_allow) {
    const std::uint32_t refusal = action_of(Verdict::refuse, policy.default_error, form);
    const std::uint32_t otherwise = otherwise_allow ? SCMP_ACT_ALLOW : refusal;
    std::unique_ptr<void, Release> context(::seccomp_init(otherwise));
    if (!context) return fail("compile seccomp policy", "libseccomp cannot start");
    // A tree instead of a list: fewer steps for each call number that the kernel tries out when it installs a filter.
    int code = ::seccomp_attr_set(context.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
    if (code == 0) code = ::seccomp_attr_set(context.get(), SCMP_FLTATR_ACT_BADARCH, refusal);
    if (code != 0) return fail_errno(-code, "compile seccomp policy", "setting libseccomp up");
    for (const PolicyRule& rule : policy.rules) ASSAY_CHECK(add(context.get(), policy, rule, form, otherwise));

    Fd file(::memfd_create("assay-policy", MFD_CLOEXEC));
    if (!file) return fail_errno(errno, "compile seccomp policy", "memfd_create");
    code = ::seccomp_export_bpf(context.get(), file.get());
    if (code != 0) return fail_errno(-code, "compile seccomp policy", "export");
    if (::lseek(file.get(), 0, SEEK_SET) != 0) return fail_errno(errno, "compile seccomp policy", "read back");
    return read_all(file.get());
}

namespace {

std::vector<std::pair<std::int32_t, std::uint32_t>> looked_at(const std::vector<Policy>& policies) {
    std::vector<std::pair<std::int32_t, std::uint32_t>> found;
    for (const Policy& policy : policies) {
        for (const PolicyRule& rule : policy.rules) {
            const int number = ::seccomp_syscall_resolve_name(rule.call.c_str());
            const bool known =
                std::any_of(found.begin(), found.end(), [&](const auto& other) { return other.first == number; });
            if (number >= 0 && !rule.conditions.empty() && !known) found.emplace_back(number, rule.conditions[0].arg);
        }
    }
    return found;
}

}  // namespace

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
    compiled.looked_at = looked_at(policies);
    ASSAY_TRY(compiled.base, compile_policy(base, Form::answering));
    ASSAY_TRY(compiled.base_reporting, compile_policy(base, Form::reporting));
    for (const Policy& policy : policies) {
        ASSAY_TRY(Policy over, policy_over_base(policy, base));
        std::string program;
        if (!over.rules.empty()) {
            ASSAY_TRY(program, compile_policy(over, Form::answering, true));
        }
        compiled.policies.push_back({policy.name, std::move(program)});
    }
    return compiled;
}

const Result<CompiledPolicies>& compiled_policies() {
    static const Result<CompiledPolicies> all = compile_policies(embedded_policies());
    return all;
}

std::string call_name(std::uint32_t arch, std::int32_t number) {
    struct Architecture {
        std::uint32_t audit;
        std::uint32_t token;
        const char* prefix;
    };
    static constexpr Architecture kForeign[] = {{AUDIT_ARCH_I386, SCMP_ARCH_X86, "i386:"},
                                                {AUDIT_ARCH_X86_64, SCMP_ARCH_X86_64, ""},
                                                {AUDIT_ARCH_ARM, SCMP_ARCH_ARM, "arm:"},
                                                {AUDIT_ARCH_AARCH64, SCMP_ARCH_AARCH64, ""}};
    for (const Architecture& one : kForeign) {
        if (one.audit != arch) continue;
        std::string prefix = one.prefix;
        const bool x32 = arch == AUDIT_ARCH_X86_64 && (number & 0x40000000) != 0;
        if (x32) prefix = "x32:";
        std::unique_ptr<char, decltype(&std::free)> name(
            ::seccomp_syscall_resolve_num_arch(x32 ? SCMP_ARCH_X32 : one.token, number), std::free);
        if (name) return prefix + name.get();
        return prefix + "call " + std::to_string(x32 ? number & ~0x40000000 : number);
    }
    return "call " + std::to_string(number);
}

}  // namespace assay::sandbox
