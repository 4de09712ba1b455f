// The compiled filters, run by an interpreter of ours: what the kernel will answer, for every call, without making it.

#include "sandbox/seccomp.h"

#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>

#include <array>
#include <cerrno>
#include <cstring>

using namespace assay;
using namespace assay::sandbox;

namespace {

// The subset of classic BPF that libseccomp writes. Returns the seccomp action.
std::uint32_t run(const std::string& program, const seccomp_data& data) {
    std::vector<sock_filter> code(program.size() / sizeof(sock_filter));
    std::memcpy(code.data(), program.data(), program.size());
    std::uint32_t a = 0;
    for (std::size_t at = 0; at < code.size(); ++at) {
        const sock_filter& step = code[at];
        switch (step.code) {
            case BPF_LD | BPF_W | BPF_ABS: std::memcpy(&a, reinterpret_cast<const char*>(&data) + step.k, 4); break;
            case BPF_ALU | BPF_AND | BPF_K: a &= step.k; break;
            case BPF_JMP | BPF_JA: at += step.k; break;
            case BPF_JMP | BPF_JEQ | BPF_K: at += a == step.k ? step.jt : step.jf; break;
            case BPF_JMP | BPF_JGT | BPF_K: at += a > step.k ? step.jt : step.jf; break;
            case BPF_JMP | BPF_JGE | BPF_K: at += a >= step.k ? step.jt : step.jf; break;
            case BPF_RET | BPF_K: return step.k;
            default: ADD_FAILURE() << "unknown instruction " << step.code; return 0;
        }
    }
    ADD_FAILURE() << "fell off the end";
    return 0;
}

constexpr std::uint32_t refused(int error) { return SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error); }

seccomp_data call(int number, std::array<std::uint64_t, 6> args = {}, std::uint32_t arch = AUDIT_ARCH_X86_64) {
    seccomp_data data{};
    data.nr = number;
    data.arch = arch;
    std::copy(args.begin(), args.end(), data.args);
    return data;
}

// As the kernel does with two filters: the stricter answer counts (of two errors, the later filter's).
std::uint32_t both(const std::string& base, const std::string& over, const seccomp_data& data) {
    std::uint32_t later = run(over, data);
    std::uint32_t earlier = run(base, data);
    return later == SECCOMP_RET_ALLOW ? earlier : later;
}

int number(const char* name) { return ::seccomp_syscall_resolve_name(name); }

Policy policy_of(const char* name) {
    for (const PolicySource& source : embedded_policies())
        if (source.name == name) return *parse_policy(source, embedded_policies());
    return {};
}

const CompiledPolicy& compiled(const std::string& name) {
    for (const CompiledPolicy& policy : compiled_policies()->policies)
        if (policy.name == name) return policy;
    throw std::runtime_error("no such policy");
}

}  // namespace

TEST(Seccomp, CompilesEveryEmbeddedPolicy) {
    const auto& all = compiled_policies();
    ASSERT_TRUE(all) << all.error().to_string();
    EXPECT_EQ(all->policies.size(), 2u) << "setup is not one that a sandbox may ask for";
    EXPECT_GT(all->base.size(), 1000u);
}

TEST(Seccomp, TheTwoFiltersTogetherAreThePolicyExactly) {
    const std::string& base = compiled_policies()->base;
    for (const char* name : {"server", "builder"}) {
        const Policy policy = policy_of(name);
        auto alone = compile_policy(policy);
        ASSERT_TRUE(alone);
        const std::string& over = compiled(name).program;
        // Every number, with arguments that the rules look at and some that they do not.
        std::vector<std::uint64_t> values{0, 1, 2, 4, 10, 16, 38, 1000, 0x1000, 0x2000, 0xffffffff, 0x100005412};
        for (const PolicyRule& rule : policy.rules)
            for (const PolicyCondition& condition : rule.conditions) values.push_back(condition.value);
        for (std::uint64_t flag = 0x20000; flag <= 0x40000000; flag <<= 1) values.push_back(flag);
        values.push_back(24);  // PR_CAPBSET_DROP
        values.push_back(47);  // PR_CAP_AMBIENT
        for (int nr = 0; nr < 600; ++nr)
            for (std::uint64_t value : values)
                for (std::uint64_t second : {std::uint64_t{0}, std::uint64_t{4}}) {
                    seccomp_data data = call(nr, {value, value, second, 0, 0, 0});
                    ASSERT_EQ(both(base, over, data), run(*alone, data)) << name << ' ' << nr << ' ' << value;
                }
    }
}

TEST(Seccomp, AnswersAsThePolicySays) {
    const std::string& base = compiled_policies()->base;
    const std::string& server = compiled("server").program;
    auto answer = [&](const char* name, std::array<std::uint64_t, 6> args = {}) {
        return both(base, server, call(number(name), args));
    };
    EXPECT_EQ(answer("read"), SECCOMP_RET_ALLOW);
    EXPECT_EQ(answer("mount"), refused(EPERM));
    EXPECT_EQ(answer("clone3"), refused(ENOSYS));
    EXPECT_EQ(answer("seccomp"), refused(ENOSYS));
    EXPECT_EQ(answer("io_uring_setup"), refused(ENOSYS));
    EXPECT_EQ(answer("clone", {0x3d0f00}), SECCOMP_RET_ALLOW) << "a thread";
    EXPECT_EQ(answer("clone", {0x10000000}), refused(EPERM)) << "a user namespace";
    EXPECT_EQ(answer("socket", {2}), SECCOMP_RET_ALLOW);
    EXPECT_EQ(answer("socket", {16, 3, 0}), SECCOMP_RET_ALLOW) << "netlink: interfaces";
    EXPECT_EQ(answer("socket", {16, 3, 4}), refused(ENOSYS)) << "netlink: sock_diag is the launcher's";
    EXPECT_EQ(answer("socket", {0x100000002}), refused(ENOSYS)) << "bits that the kernel ignores";
    EXPECT_EQ(answer("prctl", {24}), refused(ENOSYS));
    EXPECT_EQ(answer("prctl", {15}), SECCOMP_RET_ALLOW);
}

TEST(Seccomp, TheBaseAllowsSettingUpAndNothingForeign) {
    const std::string& base = compiled_policies()->base;
    for (const char* name : {"mount", "mount_setattr", "unshare", "setns", "clone3", "capset", "seccomp", "read"})
        EXPECT_EQ(run(base, call(number(name))), SECCOMP_RET_ALLOW) << name;
    for (const char* name : {"ptrace", "bpf", "keyctl", "umount2", "pivot_root", "init_module"})
        EXPECT_EQ(run(base, call(number(name))), refused(EPERM)) << name;
    for (auto arch : std::initializer_list<std::uint32_t>{AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64})
        EXPECT_EQ(run(base, call(3, {}, arch)), refused(ENOSYS)) << "another architecture's numbers";
    EXPECT_EQ(run(base, call(0x40000000)), refused(ENOSYS)) << "x32";
}

TEST(Seccomp, RefusesPoliciesThatCannotBeTakenApart) {
    const std::string conditional = "default ENOSYS\nallow prctl if arg0 == 15  # name\n";
    auto compiled =
        compile_policies({{"narrow", conditional}, {"setup", "default ENOSYS\nallow prctl  # all of it\n"}});
    ASSERT_FALSE(compiled);
    EXPECT_NE(compiled.error().detail.find("prctl"), std::string::npos);
    compiled = compile_policies({{"server", conditional}});
    ASSERT_FALSE(compiled);
    EXPECT_EQ(compiled.error().detail, "there is no setup.policy");
    compiled =
        compile_policies({{"server", "default ENOSYS\nallow no_such_call  # x\n"}, {"setup", "default ENOSYS\n"}});
    ASSERT_FALSE(compiled);
    EXPECT_EQ(compiled.error().detail, "base, line 2: no_such_call");
}
