#include "sandbox/policy.h"

#include <gtest/gtest.h>
#include <seccomp.h>

#include <cerrno>
#include <set>

using namespace assay;
using namespace assay::sandbox;

namespace {

Result<Policy> parse(const std::string& text) {
    return parse_policy({"test", text}, {{"base", "default EPERM\nallow read  # r\n"}, {"loop", "include loop\n"}});
}

std::string complaint(const std::string& text) {
    auto policy = parse(text);
    return policy ? "accepted" : policy.error().detail;
}

}  // namespace

TEST(Policy, ReadsRulesListsAndConditions) {
    auto policy = parse(
        "# comment\n"
        "default ENOSYS\n"
        "allow read write  # data\n"
        "refuse mount EPERM  # no\n"
        "allow socket if arg0 in AF_UNIX AF_INET and arg2 == 0  # sockets\n"
        "allow clone if arg0 & 0x10 == 0x10  # mask\n"
        "include base\n");
    ASSERT_TRUE(policy) << policy.error().to_string();
    EXPECT_EQ(policy->default_error, ENOSYS) << "an included policy's default does not count";
    ASSERT_EQ(policy->rules.size(), 7u);
    EXPECT_EQ(policy->rules[1].call, "write");
    EXPECT_EQ(policy->rules[1].reason, "data");
    EXPECT_EQ(policy->rules[2].error, EPERM);
    EXPECT_EQ(policy->rules[4].conditions.size(), 2u);
    EXPECT_EQ(policy->rules[4].conditions[0].value, 2u);
    EXPECT_EQ(policy->rules[5].conditions[0].mask, 0x10u);
    EXPECT_EQ(policy->rules[6].call, "read");
}

TEST(Policy, ErrorsNameFileLineAndWhatIsWrong) {
    EXPECT_EQ(complaint("default ENOSYS\n\npermit read  # r\n"),
              "test.policy:3: expected allow, note, refuse, decline, kill, default or include, found permit");
    EXPECT_EQ(complaint("default ENOSYS\nallow read\n"), "test.policy:2: a rule needs its reason after '#'");
    EXPECT_EQ(complaint("default ENOSYS\nrefuse read  # r\n"), "test.policy:2: a refusal names its error last");
    EXPECT_EQ(complaint("default ENOSYS\nallow socket if arg0 == AF_UNX  # r\n"),
              "test.policy:2: not a number or a known name: AF_UNX");
    EXPECT_EQ(complaint("default ENOSYS\nallow socket if arg6 == 1  # r\n"),
              "test.policy:2: a condition begins with arg0 to arg5 and a comparison");
    EXPECT_EQ(complaint("default ENOSYS\nallow socket if arg0 == 1 2  # r\n"),
              "test.policy:2: expected: argN in VALUE... | argN == VALUE | argN != VALUE | argN & MASK == VALUE");
    EXPECT_EQ(complaint("default ENOSYS\nallow socket if arg0 & 1  # r\n"),
              "test.policy:2: expected: argN in VALUE... | argN == VALUE | argN != VALUE | argN & MASK == VALUE");
    EXPECT_EQ(complaint("default ENOSYS\ninclude nothing\n"), "test.policy:2: no policy is called nothing");
    EXPECT_EQ(complaint("default EWHAT\n"), "test.policy:1: expected: default ERRNO");
    EXPECT_EQ(complaint("include loop\n"), "loop.policy:1: includes are nested too deeply");
    EXPECT_EQ(complaint("allow read  # r\n"), "test.policy: names no default");
}

TEST(Policy, SaysWhatIsReportedAndWhatEndsTheProgram) {
    auto policy = parse(
        "default ENOSYS\n"
        "decline clone3 ENOSYS  # r\n"
        "kill ptrace if arg0 != 0  # r\n");
    ASSERT_TRUE(policy) << policy.error().to_string();
    EXPECT_EQ(policy->rules[0].verdict, Verdict::decline);
    EXPECT_EQ(policy->rules[0].error, ENOSYS);
    EXPECT_EQ(policy->rules[1].verdict, Verdict::kill);
    EXPECT_TRUE(policy->rules[1].conditions[0].differs);
    EXPECT_EQ(complaint("default ENOSYS\nallow clone if arg0 & 1 != 0  # r\n"),
              "test.policy:2: a mask is compared by == only");
    EXPECT_EQ(complaint("default ENOSYS\ndecline clone3  # r\n"), "test.policy:2: a refusal names its error last");
    EXPECT_EQ(complaint("default ENOSYS\nnote shmget if arg0 == 0  # r\n"),
              "test.policy:2: what is noted has no condition");
}

TEST(EmbeddedPolicies, AreThreeAndReadWithoutError) {
    std::set<std::string> names;
    for (const PolicySource& source : embedded_policies()) {
        names.insert(source.name);
        auto policy = parse_policy(source, embedded_policies());
        EXPECT_TRUE(policy) << policy.error().to_string();
    }
    EXPECT_EQ(names, (std::set<std::string>{"builder", "server", "setup"}));
}

TEST(EmbeddedPolicies, NameOnlyCallsThatExistAndNoneTwice) {
    for (const PolicySource& source : embedded_policies()) {
        auto policy = parse_policy(source, embedded_policies());
        ASSERT_TRUE(policy);
        for (std::size_t i = 0; i < policy->rules.size(); ++i) {
            const PolicyRule& rule = policy->rules[i];
            EXPECT_NE(::seccomp_syscall_resolve_name(rule.call.c_str()), __NR_SCMP_ERROR) << rule.call;
            for (std::size_t k = 0; k < i; ++k) {
                const PolicyRule& earlier = policy->rules[k];
                if (earlier.call != rule.call) continue;
                // A second rule says something only if both look at arguments, and at different ones.
                EXPECT_FALSE(earlier.conditions.empty() || rule.conditions.empty() ||
                             earlier.conditions == rule.conditions)
                    << source.name << ": " << rule.call << " in lines " << earlier.line << " and " << rule.line;
            }
        }
    }
}
