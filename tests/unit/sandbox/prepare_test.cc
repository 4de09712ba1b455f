#include "sandbox/launcher/prepare.h"

#include <gtest/gtest.h>
#include <sys/mount.h>

#include <cstring>

using namespace assay;
using namespace assay::sandbox;

namespace {

struct Made {
    Arena arena;
    const Plan& plan;
};

Arena make_arena() {
    auto arena = Arena::make();
    EXPECT_TRUE(arena);
    return std::move(*arena);
}

Spec minimal() {
    Spec spec;
    spec.argv = {"server", "--port", "8080"};
    spec.env = {{"PATH", "/a::/b"}, {"X", "1=2"}};
    return spec;
}

std::vector<std::string> strings(const char* const* list) {
    std::vector<std::string> all;
    for (; *list != nullptr; ++list) all.emplace_back(*list);
    return all;
}

const Op* find(const Plan& plan, Step step, const std::string& target) {
    for (unsigned i = 0; i < plan.op_count; ++i)
        if (plan.ops[i].step == step && plan.ops[i].target == target) return &plan.ops[i];
    return nullptr;
}

}  // namespace

TEST(Prepare, ResolvesTheProgramAgainstThePathOfTheSpec) {
    Arena arena = make_arena();
    ASSERT_TRUE(prepare(minimal(), {}, false, arena));
    const Plan& plan = arena.board().plan;
    EXPECT_EQ(strings(plan.programs), (std::vector<std::string>{"/a/server", "/b/server"}));
    EXPECT_EQ(strings(plan.argv), (std::vector<std::string>{"server", "--port", "8080"}));
    EXPECT_EQ(strings(plan.envp), (std::vector<std::string>{"PATH=/a::/b", "X=1=2"}));
    EXPECT_EQ(strings(plan.shell_argv), (std::vector<std::string>{"/bin/sh", "server", "--port", "8080"}));

    Spec spec = minimal();
    spec.argv = {"./run.sh"};
    ASSERT_TRUE(prepare(spec, {}, false, arena));
    EXPECT_EQ(strings(plan.programs), std::vector<std::string>{"./run.sh"});
}

TEST(Prepare, HidesAssayLast) {
    Arena arena = make_arena();
    Spec spec = minimal();
    spec.binds = {{"/.assay/stage/x", "/usr/local", false}};
    ASSERT_TRUE(prepare(spec, {}, false, arena));
    const Plan& plan = arena.board().plan;
    EXPECT_EQ(plan.ops[plan.op_count - 1].step, Step::hide_assay);
    EXPECT_STREQ(plan.ops[0].target, "/.assay/private") << "everything writable is on the bounded tmpfs, made first";
    EXPECT_NE(find(plan, Step::protect_bind, "/usr/local"), nullptr);
}

TEST(Prepare, EscapesSeparatorsOfTheLowerDirectories) {
    Arena arena = make_arena();
    Spec spec = minimal();
    spec.work_tree.lower = {"/one", "/a,b:c\\d"};
    ASSERT_TRUE(prepare(spec, {}, false, arena));
    const Op* overlay = find(arena.board().plan, Step::mount_work_tree, "/app");
    ASSERT_NE(overlay, nullptr);
    EXPECT_TRUE(std::string(overlay->data).ends_with(",lowerdir=/one:/a\\,b\\:c\\\\d")) << overlay->data;
    EXPECT_NE(std::string(overlay->data).find("userxattr"), std::string::npos);
}

TEST(Prepare, RefusesLowerDirectoriesThatDoNotFitAMountCall) {
    Arena arena = make_arena();
    Spec spec = minimal();
    spec.work_tree.lower.assign(50, std::string(100, 'x'));
    auto prepared = prepare(spec, {}, false, arena);
    ASSERT_FALSE(prepared);
    EXPECT_EQ(prepared.error().code, E2BIG);
    EXPECT_EQ(prepared.error().step, "mount work tree");
}

TEST(Prepare, AnArenaTakesTheNextPlanAfterOneThatDidNotFit) {
    Arena arena = make_arena();
    Spec spec = minimal();
    spec.argv.emplace_back(5'000'000, 'x');
    auto prepared = prepare(spec, {}, false, arena);
    ASSERT_FALSE(prepared);
    EXPECT_EQ(prepared.error().code, E2BIG);
    EXPECT_TRUE(prepare(minimal(), {}, false, arena));
    EXPECT_EQ(strings(arena.board().plan.argv).size(), 3u);
}

TEST(Prepare, MountPointsAreMadeOnlyWhereTheSandboxMayWrite) {
    Arena arena = make_arena();
    Spec spec = minimal();
    spec.binds = {{"/s", "/app/node_modules", true}, {"/s", "/usr/local", true}, {"/s", "/application", true}};
    ASSERT_TRUE(prepare(spec, {}, false, arena));
    const Plan& plan = arena.board().plan;
    EXPECT_NE(find(plan, Step::make_directory, "/app/node_modules"), nullptr);
    EXPECT_EQ(find(plan, Step::make_directory, "/usr/local"), nullptr);
    EXPECT_EQ(find(plan, Step::make_directory, "/application"), nullptr) << "a name that only begins alike";
    EXPECT_EQ(find(plan, Step::protect_bind, "/app/node_modules"), nullptr);
}

TEST(Prepare, ProcessesAreCountedByTheKernelOnlyWhenNoCgroupDoes) {
    Arena arena = make_arena();
    Spec spec = minimal();
    spec.limits.processes = 5;
    auto limit = [&](int which) -> const ResourceLimit* {
        const Plan& plan = arena.board().plan;
        for (unsigned i = 0; i < plan.limit_count; ++i)
            if (plan.limits[i].which == which) return &plan.limits[i];
        return nullptr;
    };
    ASSERT_TRUE(prepare(spec, {}, true, arena));
    ASSERT_NE(limit(RLIMIT_NPROC), nullptr);
    EXPECT_EQ(limit(RLIMIT_NPROC)->value.rlim_cur, 7u) << "seat and init are not the sandbox's";
    ASSERT_TRUE(prepare(spec, {}, false, arena));
    EXPECT_EQ(limit(RLIMIT_NPROC), nullptr);
}

TEST(DescribeStep, NamesWhatTheStepWasAbout) {
    Arena arena = make_arena();
    Spec spec = minimal();
    spec.binds = {{"/from", "/to", true}};
    ASSERT_TRUE(prepare(spec, {}, false, arena));
    const Plan& plan = arena.board().plan;
    Report report;
    report.step = Step::mount_bind;
    report.op = static_cast<std::uint32_t>(find(plan, Step::mount_bind, "/to") - plan.ops);
    EXPECT_EQ(describe_step(plan, report, spec), "/from at /to");
    report.step = Step::exec;
    EXPECT_EQ(describe_step(plan, report, spec), "server");
    report.step = Step::mount_work_tree;
    report.op = 999;
    EXPECT_EQ(describe_step(plan, report, spec), "");
}
