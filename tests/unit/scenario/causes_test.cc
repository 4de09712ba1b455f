#include "harness/causes.h"

#include <gtest/gtest.h>

#include "harness/assertion_plan.h"
#include "harness/suite/postman.h"

using namespace assay;
using namespace assay::harness;
using assay::check::Dependency;
using assay::suite::Null;

namespace {

// Plays steps: each sets and reads variables as scripts and templates do.
struct Steps {
    suite::Scopes scopes;
    Writers writers;
    CauseFinder finder{writers};
    std::uint32_t steps = 0;

    void begin() { scopes.begin_step(steps + 1); }
    check::RequestOutcome end(bool failed) {
        check::RequestOutcome outcome;
        outcome.sequence = outcome.position = steps++;
        outcome.assertions = {{"a", failed ? check::Status::failed : check::Status::passed, "", false}};
        finder.end_step(outcome, scopes);
        return outcome;
    }
    check::RequestOutcome sets(const std::string& key, suite::Value value, bool failed) {
        begin();
        scopes.answered();
        scopes.globals.set(key, std::move(value));
        return end(failed);
    }
    check::RequestOutcome uses(const std::string& text, bool failed) {
        begin();
        suite::Dynamic dynamic(1);
        (void)suite::resolve(text, scopes, dynamic);
        return end(failed);
    }
};

}  // namespace

TEST(Causes, AFailureFollowsFromTheFailedStepThatSetItsVariable) {
    Steps run;
    run.sets("token", "t", true);
    run.uses("no variable", true);
    const auto later = run.uses("Token {{token}}", true);
    EXPECT_EQ(later.follows, 0u);
    EXPECT_EQ(later.depends_on, (std::vector<Dependency>{{0, "token", false}}));
}

TEST(Causes, WithoutAFailedAncestorItIsARoot) {
    Steps run;
    run.sets("token", "t", false);
    const auto root = run.uses("{{token}}", true);
    EXPECT_FALSE(root.follows);
    EXPECT_EQ(root.depends_on.size(), 1u);
}

TEST(Causes, ALostValueIsTheDoingOfTheStepThatLostIt) {
    Steps run;
    run.sets("slug", Null{}, false);
    const auto later = run.uses("/articles/{{slug}}", true);
    EXPECT_EQ(later.follows, 0u);
    EXPECT_TRUE(later.depends_on[0].lost);
}

TEST(Causes, AStepThatCouldHaveSetAMissingVariableIsFound) {
    Steps run;
    run.writers["id"] = {1};
    run.uses("", false);
    run.uses("", true);
    const auto later = run.uses("/{{id}}", true);
    EXPECT_EQ(later.follows, 1u);
    EXPECT_EQ(later.depends_on, (std::vector<Dependency>{{1, "id", true}}));
}

TEST(Causes, PassedStepsHandOnWhatTheyFollowFrom) {
    Steps run;
    run.sets("a", "1", true);
    run.begin();
    (void)run.scopes.globals.read("a");
    run.scopes.answered();
    run.scopes.globals.set("b", "2");
    EXPECT_FALSE(run.end(false).follows);
    const auto later = run.uses("{{b}}", true);
    EXPECT_EQ(later.follows, 0u);
    EXPECT_EQ(later.root_cause, 0u);
}

TEST(Causes, ACounterInAPreRequestScriptTiesNothingTogether) {
    Steps run;
    const auto counts = [&run](bool failed) {
        run.begin();
        (void)run.scopes.globals.read("sent");
        run.scopes.globals.set("sent", 1.0);
        return run.end(failed);
    };
    counts(true);
    EXPECT_FALSE(counts(true).follows);
}

TEST(Causes, AVariableReadAndThenRemovedWasReadAllTheSame) {
    Steps run;
    run.sets("token", "t", true);
    run.begin();
    (void)run.scopes.globals.read("token");
    run.scopes.globals.unset("token");
    EXPECT_EQ(run.end(true).follows, 0u);
}

TEST(AssertionPlan, AReferenceTellsWhatTheTextsDoNot) {
    const auto suite = suite::read_postman(
        R"json({"info": {"name": "C"}, "item": [{"name": "a", "request": "http://h", "event": [{"listen": "test",
            "script": {"exec": ["pm.test('x', f); list.forEach(k => pm.test('has ' + k, f))"]
}
}]
}]
})json",
        "c.json");
    ASSERT_TRUE(suite);
    auto plan = read_facts(*suite).plan;
    EXPECT_EQ(plan.items[0].known(), 1u);
    EXPECT_TRUE(plan.items[0].open);

    check::RequestOutcome outcome;
    for (const char* name : {"x", "has 1", "has 2"})
        outcome.assertions.push_back({name, check::Status::passed, "", false});
    const auto reference = write_reference(*suite, {outcome});
    ASSERT_TRUE(reference);
    ASSERT_TRUE(apply_reference(*reference, "c.assertions.json", *suite, plan));
    EXPECT_EQ(plan.items[0].known(), 3u);
    EXPECT_TRUE(plan.complete);
    EXPECT_EQ(reference_path("d/c.json"), "d/c.assertions.json");
    EXPECT_FALSE(apply_reference("{\"items\": []}", "c.assertions.json", *suite, plan));
    outcome.assertions[0].status = check::Status::failed;
    EXPECT_FALSE(write_reference(*suite, {outcome}));
}
