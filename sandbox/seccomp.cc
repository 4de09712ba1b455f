#include "sandbox/seccomp.h"

#include <seccomp.h>
#include <sys/mman.h>

#include <memory>

#include "base/fd.h"

namespace assay::sandbox {
namespace {

struct Release {
    void operator()(void* context) const { ::seccomp_release(context); }
};

auto wrong(const Policy& policy, const PolicyRule& rule, int code) {
    return fail_errno(-code, "compile seccomp policy",
                      policy.name + ", line " + std::to_string(rule.line) + ": " + rule.call);
}

Result<void> add(scmp_filter_ctx context, const Policy& policy, const PolicyRule& rule) {
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
    std::uint32_t action = rule.allow ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(static_cast<unsigned>(rule.error));
    // A refusal that equals the default is the default: libseccomp takes no such rule, but the reader wants the line.
    if (!rule.allow && rule.error == policy.default_error) return {};
    int code = ::seccomp_rule_add_array(context, action, number, static_cast<unsigned>(comparisons.size()),
                                        comparisons.data());
    if (code != 0) return wrong(policy, rule, code);
    return {};
}

}  // namespace

Result<std::string> compile_policy(const Policy& policy) {
    const std::uint32_t otherwise = SCMP_ACT_ERRNO(static_cast<unsigned>(policy.default_error));
    std::unique_ptr<void, Release> context(::seccomp_init(otherwise));
    if (!context) return fail("compile seccomp policy", "libseccomp cannot start");
    // A tree instead of a list: the kernel walks the filter once per call number when it is installed, and that walk
    // is most of what installing costs.
    int code = ::seccomp_attr_set(context.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
    if (code == 0) code = ::seccomp_attr_set(context.get(), SCMP_FLTATR_ACT_BADARCH, otherwise);
    if (code != 0) return fail_errno(-code, "compile seccomp policy", "setting libseccomp up");
    for (const PolicyRule& rule : policy.rules) ASSAY_CHECK(add(context.get(), policy, rule));

    Fd file(::memfd_create("assay-policy", MFD_CLOEXEC));
    if (!file) return fail_errno(errno, "compile seccomp policy", "memfd_create");
    code = ::seccomp_export_bpf(context.get(), file.get());
    if (code != 0) return fail_errno(-code, "compile seccomp policy", "export");
    if (::lseek(file.get(), 0, SEEK_SET) != 0) return fail_errno(errno, "compile seccomp policy", "read back");
    return read_all(file.get());
}

const Result<std::vector<CompiledPolicy>>& compiled_policies() {
    static const Result<std::vector<CompiledPolicy>> all = []() -> Result<std::vector<CompiledPolicy>> {
        std::vector<CompiledPolicy> compiled;
        for (const PolicySource& source : embedded_policies()) {
            ASSAY_TRY(Policy policy, parse_policy(source, embedded_policies()));
            ASSAY_TRY(std::string program, compile_policy(policy));
            compiled.push_back({source.name, std::move(program)});
        }
        return compiled;
    }();
    return all;
}

}  // namespace assay::sandbox
