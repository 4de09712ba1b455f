// The path of every launch: start, stdio, exit status, errors of set-up.

#include <csignal>

#include "tests/sandbox/rig.h"

using namespace assay;
using namespace assay::sandbox;

TEST(Launch, PassesStdioAndTheExitCodeThrough) {
    Rig rig;
    Outcome outcome = rig.run(shell("cat; echo problem >&2; exit 7"), "hello");
    ASSERT_FALSE(outcome.failed) << outcome.failed->error.to_string();
    EXPECT_EQ(outcome.out, "hello");
    EXPECT_EQ(outcome.err, "problem\n");
    EXPECT_EQ(outcome.exit.how, Exit::How::exited);
    EXPECT_EQ(outcome.exit.code, 7);
    EXPECT_GT(outcome.exit.usage.wall.count(), 0);
}

TEST(Launch, TellsASignalFromAnExitCode) {
    Rig rig;
    Outcome outcome = rig.run(shell("kill -TERM $$"));
    EXPECT_EQ(outcome.exit.how, Exit::How::signaled);
    EXPECT_EQ(outcome.exit.code, SIGTERM);
    outcome = rig.run(shell("exit 143"));
    EXPECT_EQ(outcome.exit.how, Exit::How::exited);
    EXPECT_EQ(outcome.exit.code, 143);
}

TEST(Launch, GivesDevNullWhereNoDescriptorIsGiven) {
    Rig rig;
    Launched launched = rig.start(shell("read line; test \"$(readlink /proc/self/fd/0)\" = /dev/null"));
    EXPECT_EQ(rig.expect<Ended>().exit.code, 0);
    EXPECT_TRUE(launched.pidfd);
}

TEST(Launch, HasOnlyStdioOpen) {
    Rig rig;
    Outcome outcome = rig.run(shell("ls /proc/self/fd"));
    EXPECT_EQ(outcome.out, "0\n1\n2\n3\n");  // 3 is the folder that ls reads
}

TEST(Launch, AMissingProgramIsTheSubmissionsFailure) {
    Rig rig;
    Outcome outcome = rig.run(program({"no-such-program"}));
    ASSERT_TRUE(outcome.failed);
    EXPECT_TRUE(outcome.failed->program);
    EXPECT_EQ(outcome.failed->error.step, "exec");
    EXPECT_EQ(outcome.failed->error.code, ENOENT);
    EXPECT_EQ(outcome.failed->error.detail, "no-such-program");

    outcome = rig.run(program({"/etc/passwd"}));
    ASSERT_TRUE(outcome.failed);
    EXPECT_TRUE(outcome.failed->program);
    EXPECT_EQ(outcome.failed->error.code, EACCES);
    EXPECT_FALSE(outcome.failed->error.remedy.empty());
}

TEST(Launch, AWorkTreeThatCannotBeMountedIsAFaultOfOurs) {
    Rig rig;
    Spec spec = shell("true");
    spec.work_tree.lower = {"/.assay/stage/not-there"};
    Outcome outcome = rig.run(spec);
    ASSERT_TRUE(outcome.failed);
    EXPECT_FALSE(outcome.failed->program);
    EXPECT_EQ(outcome.failed->error.step, "mount work tree");
    EXPECT_EQ(outcome.failed->error.code, ENOENT);

    spec = shell("true");
    spec.binds.push_back({"/.assay/stage/not-there", "/usr/local", false});
    outcome = rig.run(spec);
    ASSERT_TRUE(outcome.failed);
    EXPECT_EQ(outcome.failed->error.step, "mount bind");
    EXPECT_NE(outcome.failed->error.detail.find("/usr/local"), std::string::npos);
}

TEST(Launch, RefusesASpecThatMakesNoSense) {
    Rig rig;
    Spec spec = shell("true");
    spec.policy = "none";
    EXPECT_EQ(rig.run(spec).failed->error.code, EINVAL);
    EXPECT_EQ(rig.run(program({})).failed->error.code, EINVAL);
    spec = shell("true");
    spec.net = Net::shared;
    spec.net_of = 12345;
    EXPECT_EQ(rig.run(spec).failed->error.code, ESRCH);
    EXPECT_EQ(rig.run(shell("exit 5")).exit.code, 5) << "the launcher serves on";
}

TEST(Launch, LooksTheProgramUpInThePathOfItsOwnEnvironment) {
    Rig rig;
    Spec spec = program({"env"});
    spec.env = {{"PATH", "/nowhere:/usr/bin"}, {"A", "b=c"}};
    EXPECT_EQ(rig.run(spec).out, "PATH=/nowhere:/usr/bin\nA=b=c\n");
    spec.env = {{"PATH", "/nowhere"}};
    EXPECT_TRUE(rig.run(spec).failed);
}

TEST(Launch, StartsAScriptWithoutInterpreterLineAsAShellWould) {
    Rig rig;
    ASSERT_TRUE(write_file_at(rig.launcher().stage(), "run.sh", "echo \"$0 $1\"\n", 0755));
    Spec spec = program({"./run.sh", "x"});
    spec.binds.push_back({"/.assay/stage", "/app/tools", false});
    spec.argv[0] = "/app/tools/run.sh";
    EXPECT_EQ(rig.run(spec).out, "/app/tools/run.sh x\n");
}

TEST(Launch, TakesArgumentsLargerThanOneMessage) {
    Rig rig;
    const std::string large(100'000, 'x');
    Spec spec = program({"/bin/sh", "-c", "echo ${#1} ${#2}", "sh", large, large});
    EXPECT_EQ(rig.run(spec).out, "100000 100000\n");
}

TEST(Launch, ErrorsOfStartNameTheStepAndTheRemedy) {
    Launcher::Options options = test_options();
    options.program = "/nowhere/assay-launcher";
    auto started = Launcher::start(test_root(), options);
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().step, "find launcher");
    EXPECT_FALSE(started.error().remedy.empty());

    RootPlan plan = test_root();
    plan.steps.push_back({RootStep::Kind::bind_ro, "/no/such/folder", "/opt", {}, {}, false});
    started = Launcher::start(plan, test_options());
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().step, "take bind source");
    EXPECT_EQ(started.error().code, ENOENT);
    plan.steps.back().optional = true;
    EXPECT_TRUE(Launcher::start(plan, test_options()));
}
