// The compiled filters, run by an interpreter of ours: what the kernel will answer, for every call, without making it.

#include "sandbox/seccomp.h"

#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <functional>
#include <set>

#include "sandbox/bpf.h"
#include "sandbox/setup_token.h"

using namespace assay;
using namespace assay::sandbox;

namespace {

std::uint32_t run(const std::string& program, const seccomp_data& data) {
    return program.empty() ? SECCOMP_RET_ALLOW : run_filter(filter_of_bytes(program), data);
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

// Every number, with arguments that the rules of `policy` look at and some that they do not.
void for_every_call(const Policy& policy, std::uint64_t sixth, const std::function<void(const seccomp_data&)>& visit) {
    std::set<std::uint64_t> values{0, 1, 2, 4, 10, 16, 38, 1000, 0x1000, 0x2000, 0xffffffff, 0x100005412};
    for (const PolicyRule& rule : policy.rules)
        for (const PolicyCondition& condition : rule.conditions) values.insert(condition.value);
    for (std::uint64_t flag = 0x20000; flag <= 0x40000000; flag <<= 1) values.insert(flag);
    values.insert(24);  // PR_CAPBSET_DROP
    values.insert(47);  // PR_CAP_AMBIENT
    for (int nr = 0; nr < 600; ++nr)
        for (std::uint64_t value : values)
            for (std::uint64_t second : {std::uint64_t{0}, std::uint64_t{4}})
                visit(call(nr, {value, value, second, 0, 0, sixth}));
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
        for_every_call(policy, 0, [&](const seccomp_data& data) {
            ASSERT_EQ(both(base, over, data), run(*alone, data)) << name << ' ' << data.nr << ' ' << data.args[0];
        });
    }
}

TEST(Seccomp, BothFormsOfTheBaseDecideAlike) {
    const std::string& answering = compiled_policies()->base;
    const std::string& reporting = compiled_policies()->base_reporting;
    const std::set<int> noted{number("shmget"), number("semget"), number("msgget"), number("mq_open")};
    for (std::uint64_t sixth : {std::uint64_t{0}, kTokenPlaceholder})
        for_every_call(policy_of("server"), sixth, [&](const seccomp_data& data) {
            const std::uint32_t answer = run(answering, data);
            const std::uint32_t report = run(reporting, data);
            if (noted.contains(data.nr)) {
                ASSERT_EQ(report, SECCOMP_RET_USER_NOTIF) << data.nr;
                ASSERT_EQ(answer, SECCOMP_RET_ALLOW) << "without a listener it is simply allowed: " << data.nr;
            } else if (report == SECCOMP_RET_USER_NOTIF) {
                ASSERT_EQ(answer & SECCOMP_RET_ACTION_FULL, SECCOMP_RET_ERRNO) << data.nr;
            } else {
                ASSERT_EQ(report, answer) << data.nr;
            }
        });
    EXPECT_EQ(run(reporting, call(number("mount"))), SECCOMP_RET_USER_NOTIF);
    EXPECT_EQ(run(reporting, call(number("clone3"))), refused(ENOSYS)) << "declined: every thread of glibc tries it";
    EXPECT_EQ(run(reporting, call(3, {}, AUDIT_ARCH_I386)), SECCOMP_RET_USER_NOTIF);
}

TEST(Seccomp, WhatOnePolicyHasNotedIsNotedForAllAndAllowedByEach) {
    auto all = compile_policies({{"setup", "default ENOSYS\nallow mount  # r\n"},
                                 {"one", "default ENOSYS\nallow read shmget  # r\n"},
                                 {"two", "default ENOSYS\nallow read  # r\nnote shmget  # r\n"},
                                 {"three", "default ENOSYS\nallow read  # r\n"}});
    ASSERT_TRUE(all) << all.error().to_string();
    const seccomp_data shmget = call(number("shmget"));
    EXPECT_EQ(run(all->base_reporting, shmget), SECCOMP_RET_USER_NOTIF);
    for (const CompiledPolicy& policy : all->policies)
        EXPECT_EQ(both(all->base, policy.program, shmget),
                  policy.name == "three" ? refused(ENOSYS) : std::uint32_t{SECCOMP_RET_ALLOW})
            << policy.name;
}

TEST(Seccomp, KillRulesAndReportsAreWhatThePolicySays) {
    const Policy policy = *parse_policy({"test",
                                         "default ENOSYS\nallow read  # r\nkill ptrace  # r\n"
                                         "refuse mount EPERM  # r\ndecline clone3 ENOSYS  # r\n"},
                                        {});
    const std::string answering = *compile_policy(policy);
    const std::string reporting = *compile_policy(policy, Form::reporting);
    EXPECT_EQ(run(answering, call(number("ptrace"))), SECCOMP_RET_KILL_PROCESS);
    EXPECT_EQ(run(reporting, call(number("ptrace"))), SECCOMP_RET_KILL_PROCESS);
    EXPECT_EQ(run(answering, call(number("mount"))), refused(EPERM));
    EXPECT_EQ(run(reporting, call(number("mount"))), SECCOMP_RET_USER_NOTIF);
    EXPECT_EQ(run(reporting, call(number("clone3"))), refused(ENOSYS));
    EXPECT_EQ(run(reporting, call(number("bpf"))), SECCOMP_RET_USER_NOTIF) << "the default is reported";
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

TEST(Seccomp, SettingUpNeedsTheToken) {
    const std::string& base = compiled_policies()->base;
    const std::uint64_t near = kTokenPlaceholder ^ 1;
    const std::uint64_t half = kTokenPlaceholder & 0xffffffff;
    for (const char* name : {"mount", "mount_setattr", "unshare", "setns", "clone3", "capset", "seccomp"}) {
        EXPECT_EQ(run(base, call(number(name), {0, 0, 0, 0, 0, kTokenPlaceholder})), SECCOMP_RET_ALLOW) << name;
        for (std::uint64_t wrong : {std::uint64_t{0}, near, half, kTokenPlaceholder - half})
            EXPECT_NE(run(base, call(number(name), {0, 0, 0, 0, 0, wrong})), SECCOMP_RET_ALLOW) << name;
    }
}

TEST(Seccomp, SettingUpUsesOnlyCallsWhoseSixthArgumentTheKernelIgnores) {
    // Of Linux's calls only these take six; none may be in setup.policy.
    for (const char* six : {"mmap", "futex", "pselect6", "sendto", "recvfrom", "splice", "copy_file_range",
                            "process_vm_readv", "process_vm_writev", "mbind", "move_pages", "epoll_pwait",
                            "io_uring_enter", "preadv2", "pwritev2", "ppoll", "kexec_load", "statx"})
        for (const PolicyRule& rule : policy_of("setup").rules) EXPECT_NE(rule.call, six);
}

TEST(Seccomp, TheBaseAllowsNothingForeignEvenWithTheToken) {
    const std::string& base = compiled_policies()->base;
    for (const char* name : {"ptrace", "bpf", "keyctl", "umount2", "pivot_root", "init_module"})
        EXPECT_EQ(run(base, call(number(name), {0, 0, 0, 0, 0, kTokenPlaceholder})), refused(EPERM)) << name;
    for (auto arch : std::initializer_list<std::uint32_t>{AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64})
        EXPECT_EQ(run(base, call(3, {}, arch)), refused(ENOSYS)) << "another architecture's numbers";
    EXPECT_EQ(run(base, call(0x40000000)), refused(ENOSYS)) << "x32";
}

TEST(Seccomp, RefusesPoliciesThatCannotBeTakenApart) {
    const std::string conditional = "default ENOSYS\nallow prctl if arg0 == 15  # name\n";
    auto compiled = compile_policies({{"narrow", conditional},
                                      {"wide", "default ENOSYS\nallow prctl  # all of it\n"},
                                      {"setup", "default ENOSYS\n"}});
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
