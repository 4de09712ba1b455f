// Refused calls, from the kernel to the record.

#include <algorithm>
#include <csignal>

#include "tests/sandbox/rig.h"

using namespace assay;
using namespace assay::sandbox;

namespace {

std::string text(const std::vector<RefusedCall>& calls) {
    std::vector<std::string> lines;
    for (const RefusedCall& each : calls)
        lines.push_back(each.call + (each.argument ? '(' + std::to_string(*each.argument) + ')' : "") + ' ' +
                        each.error + ' ' + std::to_string(each.count) + '\n');
    std::sort(lines.begin(), lines.end());
    std::string all;
    for (const std::string& line : lines) all += line;
    return all;
}

Spec python(const std::string& code) {
    return program({"python3", "-c", "import ctypes,os,threading\nlibc=ctypes.CDLL(None)\n" + code});
}

// Some supervisors around us keep the one listener for themselves; then nothing can be seen.
bool sees_refusals(Rig& rig) { return rig.run(program({"/bin/true"})).exit.refusals_seen; }

constexpr const char* kNone = "this host gives the launcher no listener";

}  // namespace

TEST(Refusals, AreCountedByNameAndTheProgramGoesOn) {
    Rig rig;
    if (!sees_refusals(rig)) GTEST_SKIP() << kNone;
    Outcome outcome = rig.run(program({"/probe", "keyctl", "keyctl", "mount", "socket-vsock", "personality-set",
                                       "int80-getpid", "x32-getpid", "clone3", "socket-inet"}));
    EXPECT_EQ(outcome.exit.code, 0);
    EXPECT_EQ(
        text(outcome.exit.refused_calls),
        "i386:getpid ENOSYS 1\nkeyctl EPERM 2\nmount EPERM 1\npersonality(262144) ENOSYS 1\nsocket(40) EAFNOSUPPORT 1\n"
        "x32:getpid ENOSYS 1\n")
        << "clone3 is declined in silence: every thread of glibc tries it";
    EXPECT_EQ(rig.refused().size(), 6u) << "told at once, the first of each kind";
    EXPECT_TRUE(rig.run(program({"/probe", "socket-inet"})).exit.refused_calls.empty())
        << "the next sandbox of the seat starts from nothing";
}

TEST(Refusals, BelongToTheSandboxThatMadeThem) {
    Rig rig;
    if (!sees_refusals(rig)) GTEST_SKIP() << kNone;
    for (const char* probe : {"keyctl", "bpf", "mount"})
        ASSERT_TRUE(rig.launcher().launch(shell(std::string("/probe ") + probe + "; (/probe " + probe + ")"), {}));
    std::vector<std::string> seen;
    while (seen.size() < 3) {
        Reply reply = rig.next();
        if (auto* ended = std::get_if<Ended>(&reply)) seen.push_back(text(ended->exit.refused_calls));
    }
    std::sort(seen.begin(), seen.end());
    EXPECT_EQ(seen, (std::vector<std::string>{"bpf EPERM 2\n", "keyctl EPERM 2\n", "mount EPERM 2\n"}));
}

TEST(Refusals, NumbersThatDoNotExistAreBoundedInTheRecord) {
    Rig rig;
    if (!sees_refusals(rig)) GTEST_SKIP() << kNone;
    Outcome outcome = rig.run(python("for n in range(2000,2200): libc.syscall(n)\nprint('done')"));
    EXPECT_EQ(outcome.out, "done\n") << outcome.err;
    ASSERT_EQ(outcome.exit.refused_calls.size(), 33u);
    EXPECT_EQ(outcome.exit.refused_calls[0].call, "call 2000");
    EXPECT_EQ(outcome.exit.refused_calls[32].call, "other");
    EXPECT_EQ(outcome.exit.refused_calls[32].count, 168u);
    EXPECT_EQ(rig.refused().size(), 33u);
}

// Threads that do nothing but make refused calls: they wait for their answers, nobody else does.
TEST(Refusals, AFloodOfThemHoldsNobodyElse) {
    Rig rig;
    if (!sees_refusals(rig)) GTEST_SKIP() << kNone;
    Spec flood = python(
        "def f():\n while True: libc.syscall(321)\n"
        "for _ in range(16): threading.Thread(target=f).start()\n");
    Launched flooding = rig.start(flood);
    ASSERT_TRUE(eventually([&] {
        EXPECT_TRUE(rig.launcher().look(flooding.id));
        rig.expect<Used>();
        return !rig.refused().empty();
    }));
    for (int i = 0; i < 20; ++i) {
        rig.start(program({"/bin/true"}));
        EXPECT_EQ(rig.expect<Ended>().exit.code, 0);
    }
    Exit exit = rig.stop(flooding.id);
    EXPECT_EQ(exit.how, Exit::How::killed) << "though its threads wait for answers";
    ASSERT_EQ(exit.refused_calls.size(), 1u);
    EXPECT_GT(exit.refused_calls[0].count, 0u);
}

TEST(Refusals, ThoseBeyondAThousandComeLateButCome) {
    Rig rig;
    if (!sees_refusals(rig)) GTEST_SKIP() << kNone;
    Outcome outcome = rig.run(python("print(all(libc.syscall(321)==-1 for _ in range(1100)))"));
    EXPECT_EQ(outcome.out, "True\n");
    EXPECT_EQ(text(outcome.exit.refused_calls), "bpf EPERM 1100\n");
}

TEST(Refusals, TracingLetsThemThroughAndStillCountsThem) {
    Rig rig;
    if (!sees_refusals(rig)) GTEST_SKIP() << kNone;
    Spec spec = program({"/probe", "keyctl", "personality-set", "mount", "unshare-user"});
    spec.trace = true;
    Outcome outcome = rig.run(spec);
    auto results = probe_results(outcome.out);
    EXPECT_EQ(results["keyctl"], "0");
    EXPECT_EQ(results["personality-set"], "0");
    EXPECT_EQ(results["mount"], "EPERM") << "for want of a capability: the filter is not all that holds it";
    EXPECT_EQ(results["unshare-user"], "ENOSPC") << "the seat may hold no user namespace below its own";
    EXPECT_EQ(outcome.exit.refused_calls.size(), 4u);
}

TEST(Refusals, AProgramThatDiesWhileItWaitsIsForgotten) {
    Rig rig;
    if (!sees_refusals(rig)) GTEST_SKIP() << kNone;
    // Past the thousand that are answered at once, so that SIGKILL finds it waiting.
    Outcome outcome =
        rig.run(python("if os.fork()==0:\n while True: libc.syscall(321)\n"
                       "import time,signal\n"
                       "for n in range(1200): libc.syscall(321)\n"
                       "os.kill(0,signal.SIGKILL)\n"));
    EXPECT_EQ(outcome.exit.how, Exit::How::signaled);
    EXPECT_EQ(rig.run(program({"/bin/true"})).exit.code, 0);
}
