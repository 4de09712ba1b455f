// The path of every launch: start, stdio, exit status, errors of set-up.

#include <sched.h>

#include <csignal>
#include <utility>

#include "tests/sandbox/rig.h"

using namespace assay;
using namespace assay::sandbox;

namespace {

// The processors that a process may use, as its status shows them.
std::string processors_of(const std::string& status) {
    const std::string mark = "Cpus_allowed_list:\t";
    const std::size_t at = status.find(mark);
    if (at == std::string::npos) return "none shown";
    return status.substr(at + mark.size(), status.find('\n', at) - at - mark.size());
}

std::string processors_of(int pid) {
    return processors_of(read_file("/proc/" + std::to_string(pid) + "/status").value_or(""));
}

// This process on one processor, and what it starts meanwhile.
class OnOneProcessor {
 public:
    explicit OnOneProcessor(int processor) {
        ::sched_getaffinity(0, sizeof before_, &before_);
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(processor, &one);
        EXPECT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
    }
    OnOneProcessor(const OnOneProcessor&) = delete;
    OnOneProcessor& operator=(const OnOneProcessor&) = delete;
    ~OnOneProcessor() { ::sched_setaffinity(0, sizeof before_, &before_); }

 private:
    cpu_set_t before_{};
};

}  // namespace

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

TEST(Launch, ASetUpStaysOnOneProcessorAndTheProgramHasAll) {
    Rig rig;
    const int launcher = rig.launcher().pid();
    const std::string all = processors_of(::getpid());
    for (int i = 0; i < 3; ++i) {
        const Launched launched = rig.start(shell("sleep 100"));
        const auto inits = inits_of(launcher);
        ASSERT_EQ(inits.size(), 1u);
        EXPECT_TRUE(eventually([&] { return processors_of(inits[0]) == all; })) << processors_of(inits[0]);
        for (const int child : children_of(launcher)) {
            if (child == inits[0]) continue;
            EXPECT_EQ(processors_of(child).find_first_not_of("0123456789"), std::string::npos) << processors_of(child);
        }
        rig.stop(launched.id);
        EXPECT_EQ(processors_of(rig.run(shell("cat /proc/self/status")).out), all);
    }
}

TEST(Launch, ManyAtOnceHaveAllProcessorsToo) {
    Rig rig;
    constexpr std::size_t kMany = 12;
    for (std::size_t i = 0; i < kMany; ++i) ASSERT_TRUE(rig.launcher().launch(shell("sleep 100"), {}));
    std::vector<SandboxId> ids;
    while (ids.size() < kMany) ids.push_back(rig.expect<Launched>().id);
    const auto inits = inits_of(rig.launcher().pid());
    ASSERT_EQ(inits.size(), kMany);
    for (const int init : inits) {
        const auto mains = children_of(init);
        ASSERT_EQ(mains.size(), 1u);
        EXPECT_EQ(processors_of(mains[0]), processors_of(::getpid()));
    }
    for (const SandboxId id : ids) rig.stop(id);
}

TEST(Launch, AProgramGetsNoProcessorThatTheLauncherHasNot) {
    const int mine = ::sched_getcpu();
    const OnOneProcessor held(mine);
    Rig rig;
    for (int i = 0; i < 2; ++i)
        EXPECT_EQ(processors_of(rig.run(shell("cat /proc/self/status")).out), std::to_string(mine));
}

// An operator may move it (taskset -p): what begins later follows.
TEST(Launch, AProgramFollowsTheLaunchersProcessors) {
    Rig rig;
    const std::string all = processors_of(::getpid());
    EXPECT_EQ(processors_of(rig.run(shell("cat /proc/self/status")).out), all);
    cpu_set_t every;
    ASSERT_EQ(::sched_getaffinity(0, sizeof every, &every), 0);
    const int mine = ::sched_getcpu();
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(mine, &one);
    ASSERT_EQ(::sched_setaffinity(rig.launcher().pid(), sizeof one, &one), 0);
    EXPECT_EQ(processors_of(rig.run(shell("cat /proc/self/status")).out), std::to_string(mine));
    ASSERT_EQ(::sched_setaffinity(rig.launcher().pid(), sizeof every, &every), 0);
    EXPECT_EQ(processors_of(rig.run(shell("cat /proc/self/status")).out), all);
}
