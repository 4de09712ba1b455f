// Limits, each with its name in the record.

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include "tests/sandbox/rig.h"

using namespace assay;
using namespace assay::sandbox;

namespace {

bool has(const std::vector<std::string>& list, const std::string& name) {
    return std::find(list.begin(), list.end(), name) != list.end();
}

bool enforces_memory(Rig& rig) {
    Spec spec = shell("true");
    spec.limits.memory = 64_MiB;
    return !has(rig.run(spec).exit.unenforced, "memory");
}

Launcher::Options without_cgroups() {
    Launcher::Options options = test_options();
    options.cgroups = false;
    return options;
}

// Says how many children it could have at once.
Spec forker() {
    Spec spec = program({"python3", "-c",
                         "import os,signal\nn=0\ntry:\n for i in range(20):\n  if os.fork()==0: signal.pause()\n"
                         "  n+=1\nexcept OSError: pass\nprint(n)\n"});
    spec.outlive_main = false;
    return spec;
}

}  // namespace

TEST(Limits, MemoryIsToldApartFromOtherKills) {
    Rig rig;
    if (!enforces_memory(rig)) GTEST_SKIP() << "no memory cgroup for this user";
    Spec spec = program({"/probe", "memory-hog"});
    spec.argv = {"/bin/sh", "-c", "exec python3 -c 'x=bytearray(400<<20)'"};
    spec.limits.memory = 64_MiB;
    Exit exit = rig.run(spec).exit;
    EXPECT_EQ(exit.how, Exit::How::limit);
    EXPECT_EQ(exit.limit, "memory");
    EXPECT_TRUE(has(exit.limits_hit, "memory"));
    EXPECT_LE(exit.usage.memory_peak, 64_MiB);
    EXPECT_GT(exit.usage.memory_peak, 60_MiB);

    // The program that runs next in the recycled cgroup starts with clean counters.
    spec.argv = {"/bin/sh", "-c", "kill -9 $$"};
    exit = rig.run(spec).exit;
    EXPECT_EQ(exit.how, Exit::How::signaled);
    EXPECT_EQ(exit.code, SIGKILL);
    EXPECT_TRUE(exit.limits_hit.empty());
    EXPECT_LT(exit.usage.memory_peak, 16_MiB);
}

TEST(Limits, AChildThatRunsOutOfMemoryIsInTheRecordThoughMainLives) {
    Rig rig;
    if (!enforces_memory(rig)) GTEST_SKIP() << "no memory cgroup for this user";
    Spec spec = shell("/probe memory-hog; exit 3");
    spec.limits.memory = 64_MiB;
    Exit exit = rig.run(spec).exit;
    EXPECT_EQ(exit.how, Exit::How::exited);
    EXPECT_EQ(exit.code, 3);
    EXPECT_TRUE(has(exit.limits_hit, "memory"));
}

TEST(Limits, ProcessesAreBounded) {
    Rig rig;
    Spec spec = forker();
    spec.limits.processes = 6;
    Outcome outcome = rig.run(spec);
    EXPECT_EQ(outcome.out, "5\n") << outcome.err;
    if (outcome.exit.usage.processes_peak != 0) {
        EXPECT_EQ(outcome.exit.usage.processes_peak, 6u);
        EXPECT_TRUE(has(outcome.exit.limits_hit, "processes"));
        // Not the earlier sandbox's peak, though the cgroup is recycled.
        EXPECT_EQ(rig.run(program({"/bin/true"})).exit.usage.processes_peak, 1u);
    }
}

TEST(Limits, ProcessesAreBoundedWithoutCgroups) {
    Rig rig(test_root(), without_cgroups());
    Spec spec = forker();
    spec.limits.processes = 6;
    EXPECT_EQ(rig.run(spec).out, "5\n");
    EXPECT_EQ(rig.run(spec).out, "5\n") << "what another sandbox of the same user runs does not count";
}

TEST(Limits, WhatTheHostCannotEnforceIsNamed) {
    Rig rig(test_root(), without_cgroups());
    Spec spec = shell("true");
    spec.limits.memory = 64_MiB;
    spec.limits.cpus = 0.5;
    EXPECT_EQ(rig.run(spec).exit.unenforced, (std::vector<std::string>{"memory", "cpus"}));
    EXPECT_EQ(cgroups_of_launcher(rig.launcher().pid()), 0u);
}

TEST(Limits, WallTimeEndsTheWholeTree) {
    Rig rig;
    Spec spec = shell("sleep 100 & sleep 100");
    spec.limits.wall_time = std::chrono::seconds(1);
    Exit exit = rig.run(spec).exit;
    EXPECT_EQ(exit.how, Exit::How::limit);
    EXPECT_EQ(exit.limit, "wall_time");
    EXPECT_TRUE(has(exit.limits_hit, "wall_time"));
    EXPECT_GE(exit.usage.wall, std::chrono::seconds(1));
    EXPECT_LT(exit.usage.wall, std::chrono::seconds(5));
}

TEST(Limits, CpuTimeOfTheWholeTreeIsBounded) {
    Rig rig;
    // Two processes that nobody waits for, and that ignore the polite signal.
    Spec spec = shell("trap '' XCPU; (while :; do :; done) & (while :; do :; done) & sleep 100");
    spec.limits.cpu_time = std::chrono::seconds(1);
    spec.limits.wall_time = std::chrono::seconds(15);
    Spec idle = program({"/bin/true"});
    idle.limits = spec.limits;
    if (has(rig.run(idle).exit.unenforced, "cpu_time")) GTEST_SKIP() << "no CPU accounting for this user";
    Exit exit = rig.run(spec).exit;
    EXPECT_EQ(exit.limit, "cpu_time");
    EXPECT_LT(exit.usage.cpu_user + exit.usage.cpu_system, Micros(2'000'000));
}

TEST(Limits, CpuTimeOfMainIsBoundedWithoutCgroups) {
    Rig rig(test_root(), without_cgroups());
    Spec spec = shell("while :; do :; done");
    spec.limits.cpu_time = std::chrono::seconds(1);
    Exit exit = rig.run(spec).exit;
    EXPECT_EQ(exit.limit, "cpu_time");
    EXPECT_TRUE(has(exit.unenforced, "cpu_time")) << "of one process only, and the record says so";
}

TEST(Limits, WhatIsWrittenThroughABindIsNotTakenForTheDisk) {
    Rig rig;
    const int stage = rig.launcher().stage();
    ASSERT_EQ(::mkdirat(stage, "elsewhere", 0755), 0);
    ASSERT_EQ(::fchownat(stage, "elsewhere", rig.launcher().outer_uid(), rig.launcher().outer_gid(), 0), 0);
    Spec spec = shell("head -c 4M /dev/zero >/tmp/file && head -c 100K /dev/zero >$HOME/file");
    spec.limits.disk = 1_MiB;
    spec.binds = {{"/.assay/stage/elsewhere", "/tmp", true}};
    Exit exit = rig.run(spec).exit;
    EXPECT_EQ(exit.how, Exit::How::exited);
    EXPECT_EQ(exit.code, 0);
    EXPECT_TRUE(exit.limits_hit.empty());
    EXPECT_GE(exit.usage.disk, 100_KiB);
    EXPECT_LT(exit.usage.disk, 1_MiB);
}

TEST(Limits, FileSizeAndOpenFilesAreBounded) {
    Rig rig;
    Spec spec = program({"head", "-c", "1M", "/dev/zero"});
    spec.argv = {"/bin/sh", "-c", "exec head -c 1M /dev/zero >/tmp/file"};
    spec.limits.file_size = 64_KiB;
    Exit exit = rig.run(spec).exit;
    EXPECT_EQ(exit.how, Exit::How::signaled);
    EXPECT_EQ(exit.code, SIGXFSZ);
    EXPECT_TRUE(has(exit.limits_hit, "file_size"));

    spec = shell("ulimit -n; ulimit -c");
    spec.limits.files = 77;
    EXPECT_EQ(rig.run(spec).out, "77\n0\n");
}

// A connection is a descriptor, and a process has so many of them.
TEST(Limits, OpenConnectionsAreBoundedByOpenFiles) {
    Rig rig;
    Spec spec = program({"/probe", "connections"});
    spec.limits.files = 40;
    auto results = probe_results(rig.run(spec).out);
    EXPECT_EQ(results["connections"], "EMFILE");
    EXPECT_EQ(results["count"], "36") << "standard streams and the listener take four";
}

TEST(Limits, AHitOfTheInodeLimitIsNamed) {
    Rig rig;
    Spec spec = shell("i=0; while touch /tmp/$i 2>/dev/null; do i=$((i+1)); done");
    spec.limits.inodes = 64;
    Exit exit = rig.run(spec).exit;
    EXPECT_TRUE(has(exit.limits_hit, "inodes"));
    EXPECT_FALSE(has(exit.limits_hit, "disk"));
    EXPECT_EQ(exit.usage.inodes, 64u);
}

TEST(Limits, BeingHeldBackByTheCpuLimitIsInTheRecord) {
    Rig rig;
    Spec spec = shell("i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done");
    EXPECT_EQ(rig.run(spec).exit.usage.throttled, kNotMeasured) << "no limit was asked for";
    spec.limits.cpus = 0.1;
    Exit exit = rig.run(spec).exit;
    if (has(exit.unenforced, "cpus")) GTEST_SKIP() << "no cpu cgroup for this user";
    EXPECT_GT(exit.usage.throttled_periods, 0u);
    EXPECT_GT(exit.usage.throttled, Micros(0));
    spec.limits.cpus = 1;
    const auto again = rig.run(shell("true")).exit.usage;
    EXPECT_EQ(again.throttled_periods, 0u) << "of the earlier sandbox in the same cgroup";
}

TEST(Limits, PressureIsMeasuredWhereTheKernelHasIt) {
    Rig rig;
    Exit exit = rig.run(shell("i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done")).exit;
    if (exit.usage.stalled_cpu == kNotMeasured) GTEST_SKIP() << "no pressure files for this user";
    EXPECT_GE(exit.usage.stalled_cpu, Micros(0));
    EXPECT_LE(exit.usage.stalled_cpu, exit.usage.wall * 2);
    EXPECT_GE(exit.usage.stalled_memory, Micros(0));
    EXPECT_GE(exit.usage.stalled_io, Micros(0));
}

TEST(Limits, ALookTellsOnePhaseFromTheNext) {
    Rig rig;
    if (!enforces_memory(rig)) GTEST_SKIP() << "no memory cgroup for this user";
    auto in = make_pipe();
    auto out = make_pipe();
    Spec spec = program({"python3", "-c",
                         "import sys\nx=bytearray(b'x')*(40<<20)\ndel x\nprint('held',flush=True)\n"
                         "sys.stdin.readline()\nprint('done',flush=True)\nsys.stdin.readline()"});
    spec.limits.memory = 256_MiB;
    auto id = rig.launcher().launch(spec, {in->read.get(), out->write.get(), -1});
    ASSERT_TRUE(id);
    rig.expect<Launched>();
    auto used_after = [&](const char* word) {
        char text[16] = {};
        EXPECT_EQ(::read(out->read.get(), text, 5), 5);
        EXPECT_EQ(std::string(text, 4), word);
        EXPECT_TRUE(rig.launcher().look(*id));
        return rig.expect<Used>().usage.value_or(Usage{});
    };
    const Usage first = used_after("held");
    EXPECT_GT(first.phase_memory_peak, 40_MiB);
    ASSERT_TRUE(write_all(in->write.get(), "\n"));
    const Usage second = used_after("done");
    EXPECT_LT(second.phase_memory_peak, 40_MiB) << "the second phase held less";
    EXPECT_EQ(second.memory_peak, first.memory_peak) << "the whole life's peak stays";
    EXPECT_GE(second.cpu_user + second.cpu_system, first.cpu_user + first.cpu_system);
    ASSERT_TRUE(write_all(in->write.get(), "\n"));
    EXPECT_EQ(rig.expect<Ended>().exit.usage.memory_peak, first.memory_peak);
    EXPECT_TRUE(rig.launcher().look(*id));
    EXPECT_FALSE(rig.expect<Used>().usage) << "it has ended";
}
