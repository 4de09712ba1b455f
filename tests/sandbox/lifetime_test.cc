// Who ends whom, and what is left: nothing.

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <csignal>
#include <thread>

#include "tests/sandbox/rig.h"

using namespace assay;
using namespace assay::sandbox;

namespace {

bool alive(int pid) { return ::kill(pid, 0) == 0; }

// The processes of a sandbox as the host numbers them: init and everything below it.
std::vector<int> tree_of(int pid) {
    std::vector<int> all{pid};
    for (int child : children_of(pid))
        for (int one : tree_of(child)) all.push_back(one);
    return all;
}

Spec busy() { return shell("sleep 1000 & (sleep 1000; sleep 1000) & wait"); }

}  // namespace

TEST(Lifetime, WhatMainLeavesBehindKeepsTheSandboxRunning) {
    Rig rig;
    Launched launched = rig.start(shell("sleep 1000 & exit 4"));
    auto ended = rig.expect<MainEnded>();
    EXPECT_EQ(ended.id, launched.id);
    EXPECT_EQ(ended.exit.code, 4);
    pollfd gone{launched.pidfd.get(), POLLIN, 0};
    EXPECT_EQ(::poll(&gone, 1, 50), 0) << "the tree is still there";
    Exit exit = rig.stop(launched.id);
    EXPECT_EQ(exit.how, Exit::How::exited) << "how main ended, not how the rest did";
    EXPECT_EQ(exit.code, 4);
    EXPECT_EQ(::poll(&gone, 1, 1000), 1);
}

TEST(Lifetime, ADaemonThatEndsByItselfEndsTheSandbox) {
    Rig rig;
    rig.start(shell("(sleep 0.2; exit 9) & exit 4"));
    EXPECT_EQ(rig.expect<MainEnded>().exit.code, 4);
    EXPECT_EQ(rig.expect<Ended>().exit.code, 4);
}

TEST(Lifetime, WithoutOutliveMainEverythingEndsWithIt) {
    Rig rig;
    Spec spec = shell("sleep 1000 & exit 4");
    spec.outlive_main = false;
    rig.start(spec);
    EXPECT_EQ(rig.expect<Ended>().exit.code, 4);
}

TEST(Lifetime, MainEndedIsNotSentWhenNobodyIsLeft) {
    Rig rig;
    rig.start(shell("exit 4"));
    EXPECT_EQ(rig.expect<Ended>().exit.code, 4);
}

TEST(Lifetime, KillEndsTheWholeTreeAndSaysSo) {
    Rig rig;
    Launched launched = rig.start(busy());
    ASSERT_TRUE(eventually([&] { return tree_of(inits_of(rig.launcher().pid()).at(0)).size() >= 4; }));
    auto tree = tree_of(inits_of(rig.launcher().pid())[0]);
    Exit exit = rig.stop(launched.id);
    EXPECT_EQ(exit.how, Exit::How::killed);
    for (int pid : tree) EXPECT_FALSE(alive(pid));
    EXPECT_TRUE(rig.launcher().kill(launched.id)) << "an ended sandbox can be killed again, to no effect";
    EXPECT_TRUE(rig.launcher().kill(987654));
    EXPECT_EQ(rig.run(shell("exit 1")).exit.code, 1);
}

TEST(Lifetime, ALimitThatTheCallerWatchesIsNamedAsTheEnd) {
    Rig rig;
    Launched launched = rig.start(busy());
    ASSERT_TRUE(rig.launcher().kill(launched.id, "output"));
    Exit exit = rig.expect<Ended>().exit;
    EXPECT_EQ(exit.how, Exit::How::limit);
    EXPECT_EQ(exit.limit, "output");
    EXPECT_EQ(exit.limits_hit, std::vector<std::string>{"output"});
}

TEST(Lifetime, AKillThatOvertakesTheLaunchStillAnswers) {
    Rig rig;
    for (int i = 0; i < 20; ++i) {
        auto id = rig.launcher().launch(busy(), {});
        ASSERT_TRUE(id);
        ASSERT_TRUE(rig.launcher().kill(*id));
        Reply reply = rig.next();
        if (std::holds_alternative<Launched>(reply)) reply = rig.next();
        if (auto* failed = std::get_if<LaunchFailed>(&reply)) {
            EXPECT_FALSE(failed->program);
        } else {
            EXPECT_EQ(std::get<Ended>(reply).exit.how, Exit::How::killed);
        }
    }
}

TEST(Lifetime, AKilledLauncherTakesEverySandboxAlong) {
    Rig rig;
    rig.start(busy());
    rig.start(busy());
    std::vector<int> pids;
    ASSERT_TRUE(eventually([&] {
        pids.clear();
        for (int init : inits_of(rig.launcher().pid()))
            for (int pid : tree_of(init)) pids.push_back(pid);
        return pids.size() >= 8;
    }));
    ::kill(rig.launcher().pid(), SIGKILL);
    for (int pid : pids) EXPECT_TRUE(eventually([&] { return !alive(pid); })) << pid;
    EXPECT_THROW(rig.next(), std::runtime_error) << "its end is an error, not silence";
}

// The parent is killed with SIGKILL: nobody runs a destructor.
TEST(Lifetime, AKilledParentLeavesNothing) {
    auto ready = make_pipe();
    pid_t parent = ::fork();
    if (parent == 0) {
        Rig rig;
        rig.start(busy());
        int launcher = rig.launcher().pid();
        static_cast<void>(!::write(ready->write.get(), &launcher, sizeof launcher));
        ::pause();
        ::_exit(1);
    }
    ready->write.reset();
    int launcher = 0;
    ASSERT_EQ(::read(ready->read.get(), &launcher, sizeof launcher), static_cast<ssize_t>(sizeof launcher));
    auto tree = tree_of(launcher);
    EXPECT_GE(tree.size(), 3u);
    ::kill(parent, SIGKILL);
    ::waitpid(parent, nullptr, 0);
    for (int pid : tree) EXPECT_TRUE(eventually([&] { return !alive(pid); })) << pid;
    EXPECT_TRUE(eventually([&] { return cgroups_of_launcher(launcher) == 0; }));
    auto mounts = read_file("/proc/self/mounts");
    EXPECT_EQ(mounts->find("/.assay"), std::string::npos);
}

TEST(Lifetime, TheNextLauncherRemovesWhatAKilledOneLeft) {
    int dead = 0;
    {
        Rig rig;
        rig.start(busy());
        dead = rig.launcher().pid();
        ::kill(dead, SIGKILL);
        ASSERT_TRUE(eventually([&] {
            pollfd gone{rig.launcher().fd(), POLLIN, 0};
            ::poll(&gone, 1, 0);
            return (gone.revents & POLLHUP) != 0;
        }));
    }
    Rig next;
    EXPECT_TRUE(eventually([&] { return cgroups_of_launcher(dead) == 0; }));
}

TEST(Lifetime, ManyLaunchesLeaveNothingBehind) {
    Rig rig;
    auto few = [&](int count) {
        for (int i = 0; i < count; ++i) {
            Spec spec = program({"/bin/true"});
            spec.sockets = 2;
            rig.start(spec);  // its sockets are closed here
            EXPECT_EQ(rig.expect<Ended>().exit.code, 0);
        }
    };
    few(10);
    const int descriptors = open_descriptors(rig.launcher().pid());
    const std::size_t cgroups = cgroups_of_launcher(rig.launcher().pid());
    few(200);
    EXPECT_LE(open_descriptors(rig.launcher().pid()), descriptors + 4);
    EXPECT_LE(cgroups_of_launcher(rig.launcher().pid()), cgroups + 4);
    EXPECT_TRUE(inits_of(rig.launcher().pid()).empty());
}

TEST(Lifetime, ManyAtOnceAreAllAnswered) {
    Rig rig;
    constexpr int kMany = 60;
    for (int i = 0; i < kMany; ++i) ASSERT_TRUE(rig.launcher().launch(shell("sleep 0.3"), {}));
    int launched = 0;
    int ended = 0;
    while (ended < kMany) {
        Reply reply = rig.next();
        if (std::holds_alternative<Launched>(reply)) ++launched;
        if (std::holds_alternative<Ended>(reply)) ++ended;
        ASSERT_FALSE(std::holds_alternative<LaunchFailed>(reply)) << std::get<LaunchFailed>(reply).error.to_string();
    }
    EXPECT_EQ(launched, kMany);
    EXPECT_TRUE(inits_of(rig.launcher().pid()).empty());
}

TEST(Lifetime, ClosingTheLauncherEndsItsSandboxesAndWaits) {
    int launcher = 0;
    std::vector<int> tree;
    {
        Rig rig;
        rig.start(busy());
        launcher = rig.launcher().pid();
        tree = tree_of(launcher);
    }
    for (int pid : tree) EXPECT_FALSE(alive(pid));
    EXPECT_EQ(cgroups_of_launcher(launcher), 0u);
}
