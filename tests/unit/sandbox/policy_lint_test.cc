#include "sandbox/policy_lint.h"

#include <gtest/gtest.h>

using namespace assay::sandbox;

namespace {

Policy policy_of(const std::string& rules) {
    auto policy = parse_policy({"test", "default ENOSYS\n" + rules}, {});
    EXPECT_TRUE(policy) << policy.error().to_string();
    return *policy;
}

std::string findings(const std::string& rules) {
    std::string text;
    for (const PolicyFinding& each : lint_policy(policy_of(rules)))
        text += std::to_string(each.line) + ": " + each.message + "\n";
    return text;
}

}  // namespace

TEST(PolicyLint, ARuleThatSaysNothingIsFound) {
    EXPECT_EQ(findings("allow read  # r\nallow write read  # r\n"), "3: read: line 2 says so already\n");
    EXPECT_EQ(findings("refuse bpf ENOSYS  # r\n"), "2: bpf: the default says the same\n");
    EXPECT_EQ(findings("allow socket if arg0 == 1  # r\nallow socket if arg0 in 2 1  # r\n"),
              "3: socket: line 2 says so already\n");
    EXPECT_EQ(findings("allow socket if arg0 == 1 and arg1 == 2  # r\nallow socket if arg0 == 1  # r\n"),
              "3: socket: it makes line 2 redundant\n");
    EXPECT_EQ(findings("allow clone if arg0 & 3 == 0  # r\nallow clone if arg0 == 4  # r\n"),
              "3: clone: line 2 says so already\n");
}

TEST(PolicyLint, ARuleThatNeverHoldsIsFound) {
    EXPECT_EQ(findings("allow clone if arg0 & 1 == 2  # r\n"),
              "2: clone: the value has bits outside the mask: it never holds\n");
    EXPECT_EQ(findings("allow clone if arg0 == 1 and arg0 == 2  # r\n"),
              "2: clone: its conditions exclude each other: it never holds\n");
    EXPECT_EQ(findings("allow raed  # r\n"), "2: raed: no call is named so on any architecture\n");
}

TEST(PolicyLint, RulesThatContradictEachOtherAreFound) {
    EXPECT_EQ(findings("allow socket  # r\nrefuse socket EPERM if arg0 == 1  # r\n"),
              "3: socket: it contradicts line 2 where both hold\n");
    EXPECT_EQ(findings("allow prctl if arg0 != 1  # r\nrefuse prctl EPERM if arg0 == 2  # r\n"),
              "3: prctl: it contradicts line 2 where both hold\n");
}

TEST(PolicyLint, RulesThatShareACallAndSayDifferentThingsAreFine) {
    EXPECT_EQ(findings("allow socket if arg0 == 1  # r\nallow socket if arg0 == 16 and arg2 == 0  # r\n"
                       "refuse socket EPERM if arg0 == 17  # r\ndecline clone3 ENOSYS  # r\n"
                       "allow clone if arg0 & 3 == 0  # r\nrefuse clone EPERM if arg0 & 1 == 1  # r\n"
                       "refuse clone EPERM if arg0 & 2 == 2  # r\nallow prctl if arg0 != 1  # r\n"
                       "refuse prctl EPERM if arg0 == 1  # r\n"),
              "");
}

TEST(EmbeddedPolicies, HoldNoRuleThatIsRedundantOrContradicted) {
    for (const PolicySource& source : embedded_policies()) {
        auto policy = parse_policy(source, embedded_policies());
        ASSERT_TRUE(policy);
        for (const PolicyFinding& each : lint_policy(*policy))
            ADD_FAILURE() << source.name << ".policy:" << each.line << ": " << each.message;
    }
}

TEST(PolicyProposal, NamesTheArgumentThatThePolicyLooksAt) {
    const Policy policy = policy_of("allow ioctl if arg1 in 1 2  # r\n");
    RefusedCall ioctl{"ioctl", 0x5421, "ENOSYS", 3};
    RefusedCall keyctl{"keyctl", std::nullopt, "EPERM", 1};
    RefusedCall foreign{"i386:getpid", std::nullopt, "ENOSYS", 2};
    EXPECT_EQ(propose_rules({ioctl, keyctl, foreign}, policy),
              "allow ioctl if arg1 == 0x5421  # 3 times; say what needs it\n"
              "allow keyctl  # 1 times; say what needs it\n"
              "# i386:getpid  # 2 times; say what needs it\n");
}
