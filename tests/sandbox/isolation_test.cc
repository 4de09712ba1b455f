// What a sandboxed program sees, and what it cannot reach.

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "tests/sandbox/rig.h"

using namespace assay;
using namespace assay::sandbox;

namespace {
std::string status_line(const std::string& status, const std::string& name) {
    std::size_t at = status.find(name + ":\t");
    if (at == std::string::npos) return {};
    at += name.size() + 2;
    return status.substr(at, status.find('\n', at) - at);
}
}  // namespace

TEST(Isolation, HoldsNoCapabilityAndCannotGainPrivileges) {
    Rig rig;
    std::string status = rig.run(shell("cat /proc/self/status")).out;
    for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"})
        EXPECT_EQ(status_line(status, set), "0000000000000000") << set;
    EXPECT_EQ(status_line(status, "NoNewPrivs"), "1");
    EXPECT_EQ(status_line(status, "Seccomp"), "2");
    EXPECT_EQ(status_line(status, "SigBlk"), "0000000000000000") << "the launcher's mask must not be inherited";
    EXPECT_EQ(status_line(status, "SigIgn"), "0000000000000000");
}

TEST(Isolation, InitHoldsNoCapabilityEither) {
    Rig rig;
    std::string status = rig.run(shell("cat /proc/1/status")).out;
    for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"})
        EXPECT_EQ(status_line(status, set), "0000000000000000") << set;
    EXPECT_EQ(status_line(status, "NoNewPrivs"), "1");
}

TEST(Isolation, IsUser1000InsideAndNeverRootOutside) {
    Rig rig;
    EXPECT_EQ(rig.run(shell("id -u; id -g; id -G; cat /proc/self/setgroups")).out, "1000\n1000\n1000\ndeny\n");
    EXPECT_NE(rig.launcher().outer_uid(), 0u);
    EXPECT_NE(rig.launcher().outer_gid(), 0u);
    Launched launched = rig.start(shell("sleep 100"));
    auto inits = inits_of(rig.launcher().pid());
    ASSERT_EQ(inits.size(), 1u);
    auto status = read_file("/proc/" + std::to_string(inits[0]) + "/status");
    ASSERT_TRUE(status);
    const std::string uid = std::to_string(rig.launcher().outer_uid());
    EXPECT_EQ(status_line(*status, "Uid"), uid + "\t" + uid + "\t" + uid + "\t" + uid);
    rig.stop(launched.id);
}

TEST(Isolation, HasItsOwnProcesses) {
    Rig rig;
    Outcome outcome = rig.run(shell("set -- /proc/[0-9]*; echo $#; cat /proc/1/comm; hostname; cat /proc/self/cgroup"));
    EXPECT_EQ(outcome.out.find("2\nassay-launcher\nsandbox\n"), 0u) << outcome.out;
    EXPECT_EQ(outcome.out.find("assay."), std::string::npos) << "names of our cgroups are not its business";
}

TEST(Isolation, CannotReachInit) {
    Rig rig;
    auto results = probe_results(
        rig.run(program({"/probe", "kill-init", "open-init-mem", "open-init-fd", "ptrace-init", "prlimit-init"})).out);
    EXPECT_EQ(results["kill-init"], "0") << "accepted and ignored by the kernel: init is still there";
    EXPECT_EQ(results["open-init-mem"], "EACCES");
    EXPECT_EQ(results["open-init-fd"], "EACCES");
    EXPECT_EQ(results["ptrace-init"], "EPERM");
    EXPECT_EQ(results["prlimit-init"], "ENOSYS");
}

TEST(Isolation, TheImageIsReadOnly) {
    Rig rig;
    Outcome outcome =
        rig.run(shell("for p in / /usr /etc /etc/passwd /dev /usr/local /home; do "
                      "if [ -d $p ]; then touch $p/x 2>/dev/null && echo wrote $p; else echo x 2>/dev/null >>$p && "
                      "echo wrote $p; fi; "
                      "done; rm -f /bin 2>/dev/null; ls /bin/sh"));
    EXPECT_EQ(outcome.out, "/bin/sh\n");
}

TEST(Isolation, NothingUnmountsOrRemounts) {
    Rig rig;
    auto results = probe_results(rig.run(program({"/probe", "umount", "remount-rw", "mount"})).out);
    EXPECT_EQ(results["umount"], "EPERM");
    EXPECT_EQ(results["remount-rw"], "EPERM");
    EXPECT_EQ(results["mount"], "EPERM");
}

TEST(Isolation, TheHiddenRootIsEmptyInside) {
    Rig rig;
    ASSERT_TRUE(write_file_at(rig.launcher().stage(), "secret", "of another submission"));
    EXPECT_EQ(rig.run(shell("ls -A /.assay; cat /.assay/stage/secret; touch /.assay/x; ls -A /.assay")).out, "");
}

TEST(Isolation, DevHoldsOnlyWhatIsHarmless) {
    Rig rig;
    Outcome outcome = rig.run(shell("cd /dev; echo *; echo data >null; head -c 3 zero | od -An -tx1; test -c tty"));
    EXPECT_EQ(outcome.out, "fd full null random shm stderr stdin stdout tty urandom zero\n 00 00 00\n");
    EXPECT_EQ(outcome.exit.code, 0);
}

TEST(WorkTree, WritesNeverReachTheLowerDirectories) {
    Rig rig;
    int stage = rig.launcher().stage();
    ASSERT_EQ(::mkdirat(stage, "first", 0755), 0);
    ASSERT_EQ(::mkdirat(stage, "second", 0755), 0);
    ASSERT_TRUE(write_file_at(stage, "first/a", "first"));
    ASSERT_TRUE(write_file_at(stage, "second/a", "second"));
    ASSERT_TRUE(write_file_at(stage, "second/b", "second"));
    for (const char* name : {"first", "first/a", "second", "second/a", "second/b"})
        ASSERT_EQ(::fchownat(stage, name, rig.launcher().outer_uid(), rig.launcher().outer_gid(), 0), 0);

    Spec spec = shell("cat a b; echo changed >a; rm b; echo new >c; mkdir d; mv a d/; ls; cat d/a");
    spec.work_tree.lower = {"/.assay/stage/first", "/.assay/stage/second"};
    Outcome outcome = rig.run(spec);
    EXPECT_EQ(outcome.out, "firstsecondc\nd\nchanged\n") << outcome.err;
    EXPECT_EQ(*read_file_at(stage, "first/a"), "first");
    EXPECT_EQ(*read_file_at(stage, "second/b"), "second");
    EXPECT_FALSE(read_file_at(stage, "first/c"));
    EXPECT_EQ(rig.run(spec).out, outcome.out) << "the next sandbox starts from the same tree";
}

TEST(WorkTree, TakesPathsWithTheSeparatorsOfMountOptions) {
    Rig rig;
    int stage = rig.launcher().stage();
    ASSERT_EQ(::mkdirat(stage, "a,b:c\\d e", 0755), 0);
    ASSERT_TRUE(write_file_at(stage, "a,b:c\\d e/file", "found"));
    Spec spec = shell("cat file");
    spec.work_tree.lower = {"/.assay/stage/a,b:c\\d e"};
    EXPECT_EQ(rig.run(spec).out, "found");
}

TEST(WorkTree, IsAnEmptyWritableFolderWithoutLowerDirectories) {
    Rig rig;
    EXPECT_EQ(rig.run(shell("pwd; ls -A; echo x >file && cat file; stat -c %u:%g:%a .")).out,
              "/app\nx\n1000:1000:755\n");
}

TEST(Disk, OneBoundedTmpfsHoldsEverythingWritable) {
    Rig rig;
    Spec spec = shell(
        "head -c 1M /dev/zero >/tmp/a && head -c 1M /dev/zero >$HOME/b && head -c 1M /dev/zero >/dev/shm/c && "
        "head -c 1M /dev/zero >d && head -c 1M /dev/zero >e; echo $?");
    spec.limits.disk = 4_MiB;
    Outcome outcome = rig.run(spec);
    EXPECT_NE(outcome.err.find("No space left on device"), std::string::npos) << outcome.err;
    EXPECT_EQ(outcome.out, "1\n");
    EXPECT_EQ(outcome.exit.usage.disk, 4_MiB);
    EXPECT_EQ(outcome.exit.limits_hit, std::vector<std::string>{"disk"});
}

TEST(Disk, InodesAreBoundedToo) {
    Rig rig;
    Spec spec = shell("i=0; while touch /tmp/$i 2>/dev/null; do i=$((i+1)); done; test $i -lt 100 && test $i -gt 10");
    spec.limits.inodes = 64;
    EXPECT_EQ(rig.run(spec).exit.code, 0);
}

TEST(Binds, ShowTheStageReadOnlyUnlessAskedOtherwise) {
    Rig rig;
    int stage = rig.launcher().stage();
    ASSERT_EQ(::mkdirat(stage, "layer", 0755), 0);
    ASSERT_TRUE(write_file_at(stage, "layer/file", "layer"));
    ASSERT_EQ(::mkdirat(stage, "out", 0755), 0);
    ASSERT_EQ(::fchownat(stage, "layer", rig.launcher().outer_uid(), rig.launcher().outer_gid(), 0), 0);
    ASSERT_EQ(::fchownat(stage, "out", rig.launcher().outer_uid(), rig.launcher().outer_gid(), 0), 0);
    Spec spec = shell("cat /usr/local/file; touch /usr/local/x 2>/dev/null && echo wrote; echo result >/app/out/file");
    spec.binds = {{"/.assay/stage/layer", "/usr/local", false}, {"/.assay/stage/out", "/app/out", true}};
    EXPECT_EQ(rig.run(spec).out, "layer");
    EXPECT_EQ(*read_file_at(stage, "out/file"), "result\n");
    EXPECT_FALSE(read_file_at(stage, "layer/x"));
}

TEST(Binds, DoNotFollowALinkOfTheSubmission) {
    Rig rig;
    int stage = rig.launcher().stage();
    ASSERT_EQ(::mkdirat(stage, "source", 0755), 0);
    ASSERT_EQ(::symlinkat("/usr/local", stage, "source/out"), 0);
    ASSERT_EQ(::mkdirat(stage, "layer", 0755), 0);
    Spec spec = shell("true");
    spec.work_tree.lower = {"/.assay/stage/source"};
    spec.binds = {{"/.assay/stage/layer", "/app/out", false}};
    Outcome outcome = rig.run(spec);
    ASSERT_TRUE(outcome.failed);
    EXPECT_EQ(outcome.failed->error.code, ELOOP) << outcome.failed->error.to_string();
}

TEST(Isolation, SandboxesOfOneLauncherDoNotShareATmpfsOfTheImage) {
    RootPlan plan = test_root();
    plan.steps.push_back({RootStep::Kind::tmpfs, {}, "/shared", {}, {}, false});
    plan.steps.push_back({RootStep::Kind::file, {}, "/shared/file", "from the recipe", {}, false});
    Rig rig(plan);
    EXPECT_EQ(rig.run(shell("cat /shared/file; touch /shared/x 2>/dev/null && echo wrote")).out, "from the recipe");
}
