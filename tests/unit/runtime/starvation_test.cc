#include "runtime/starvation.h"

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <ctime>
#include <thread>

#include "base/fd.h"

using namespace assay;
using namespace assay::runtime;

namespace {
CpuLook look(Micros waited, Micros used, std::uint64_t idle, std::uint64_t all) { return {waited, used, {idle, all}}; }
constexpr Micros kDeadline{1'000'000};
}  // namespace

TEST(Doubt, AServerThatHangsOnABusyMachineIsBelieved) {
    EXPECT_EQ(doubt(look({}, {}, 0, 0), look(Micros(5000), Micros(5000), 0, 1000), kDeadline), "");
}

TEST(Doubt, AServerThatWaitedForACpuIsNotBelieved) {
    EXPECT_NE(doubt(look(Micros(10), {}, 0, 0), look(Micros(400'000), Micros(1000), 500, 1000), kDeadline), "");
}

TEST(Doubt, WorkCountsOnlyOnAMachineWithoutACpuToSpare) {
    EXPECT_NE(doubt(look({}, {}, 0, 0), look({}, Micros(400'000), 10, 1000), kDeadline), "");
    EXPECT_EQ(doubt(look({}, {}, 0, 0), look({}, Micros(400'000), 500, 1000), kDeadline), "");
}

TEST(Doubt, AServerThatBurnsAllCpusByItselfIsBelieved) {
    // 10 s of work in 1000 ticks of 10 ms: all that there was.
    EXPECT_EQ(doubt(look({}, {}, 0, 0), look(Micros(5'000'000), Micros(10'000'000), 0, 1000), kDeadline), "");
}

TEST(LookAtCpu, SeesTheWorkOfAThreadThatHasEnded) {
    const pid_t child = ::fork();
    if (child == 0) {
        std::thread([] {
            timespec worked{};  // not wall time: on a busy machine that is little work
            while (worked.tv_sec == 0 && worked.tv_nsec < 300'000'000)
                ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &worked);
        }).join();
        ::pause();
        ::_exit(0);
    }
    Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
    Micros used{0};
    for (int tries = 0; used < Micros(100'000) && tries < 2000; ++tries) {
        std::this_thread::sleep_for(Millis(20));
        used = look_at_cpu(pidfd.get()).used;
    }
    EXPECT_GE(used, Micros(100'000));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    EXPECT_EQ(look_at_cpu(pidfd.get()).used, Micros(0));
}
