#include "harness/diagnose.h"

#include <gtest/gtest.h>

using namespace assay;
using namespace assay::harness;
using check::Status;

namespace {

check::RequestOutcome answered(std::uint32_t code, Status status) {
    check::RequestOutcome outcome;
    outcome.item = "Register";
    outcome.method = "POST";
    outcome.url = "http://conduit:3000/api/users";
    outcome.answer = check::Answer{code, "", Millis(1), 2};
    outcome.assertions = {{"has a user", status, "expected a user", false}};
    return outcome;
}

check::RequestOutcome refused() {
    check::RequestOutcome outcome = answered(0, Status::failed);
    outcome.answer.reset();
    outcome.error = "connect ECONNREFUSED 10.0.2.1:3000";
    return outcome;
}

struct Case {
    std::vector<check::RequestOutcome> outcomes;
    collect::ServerLife server;
    std::vector<verify::RuleVerdict> structure;
    std::string log = "Traceback: boom";
    std::string rejected;

    std::optional<collect::Failure> diagnose() {
        collect::Verdict verdict;
        verdict.counts = check::count(outcomes);
        verdict.structure = structure;
        return harness::diagnose({verdict, server, outcomes, log, log, rejected});
    }
};

Case started(std::vector<check::RequestOutcome> outcomes) {
    Case made;
    made.outcomes = std::move(outcomes);
    made.server.readiness = runtime::Readiness{runtime::Readiness::State::ready, Micros(1), 200};
    return made;
}

}  // namespace

TEST(Diagnose, ASuccessHasNoFailure) { EXPECT_FALSE(started({answered(200, Status::passed)}).diagnose()); }

TEST(Diagnose, AServerThatExitedBeforeItWasReadyIsAStartupFailureWithItsLog) {
    Case made = started({refused()});
    made.server.readiness->state = runtime::Readiness::State::exited;
    made.server.exit = sandbox::Exit{};
    made.server.exit->code = 3;
    const auto failure = made.diagnose();
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->category, "server_startup_failure");
    EXPECT_NE(failure->summary.find("exited with status 3"), std::string::npos);
    EXPECT_EQ(failure->evidence, "Traceback: boom");
}

TEST(Diagnose, AnUnhealthyServerThatAnswersTheSuiteDidStart) {
    Case made = started({answered(404, Status::failed)});
    made.server.readiness->state = runtime::Readiness::State::unhealthy;
    EXPECT_EQ(made.diagnose()->category, "incomplete_implementation");
}

TEST(Diagnose, WhatWorksButBreaksARuleIsAConstraintViolationWithFileAndLine) {
    Case made = started({answered(200, Status::passed)});
    verify::RuleVerdict rule;
    rule.rule = "paper/clean_architecture";
    rule.holds = false;
    rule.findings = {
        {"paper/clean_architecture", verify::Weight::supports, "a.js", 1, "routes", ""},
        {"paper/clean_architecture", verify::Weight::breaks, "models/x.js", 7, "imports a higher layer", ""}};
    made.structure = {rule};
    const auto failure = made.diagnose();
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->category, "constraint_violation");
    EXPECT_EQ(failure->evidence, "models/x.js:7: imports a higher layer");
}

TEST(Diagnose, TheKindOfMostRootStepsDecides) {
    auto found = [](std::uint32_t code, std::string log = "") {
        Case made =
            started({answered(code, Status::failed), answered(code, Status::failed), answered(200, Status::failed)});
        made.log = std::move(log);
        const auto failure = made.diagnose();
        return failure->category + " " + failure->cause;
    };
    EXPECT_EQ(found(404), "incomplete_implementation ");
    EXPECT_EQ(found(405), "incomplete_implementation ");
    EXPECT_EQ(found(401), "logic_error auth_misconfiguration");
    EXPECT_EQ(found(422), "logic_error business_logic_defect");
    EXPECT_EQ(found(500), "logic_error business_logic_defect");
    EXPECT_EQ(found(500, "sqlalchemy.orm.exc.DetachedInstanceError: ..."), "logic_error database_runtime_error");
    EXPECT_EQ(found(500, "operator does not exist: json @> unknown"), "logic_error incorrect_query_logic");
}

TEST(Diagnose, WhatFollowsFromAnEarlierFailureIsNotCounted) {
    auto first = answered(401, Status::failed);
    auto later = answered(404, Status::failed);
    later.sequence = 1;
    later.follows = later.root_cause = 0;
    auto last = later;
    last.sequence = 2;
    EXPECT_EQ(started({first, later, last}).diagnose()->cause, "auth_misconfiguration");
}

TEST(Diagnose, AnAnswerWithoutTheValueThatLaterRequestsNeedIsAStatePropagationFailure) {
    auto create = answered(201, Status::failed);
    auto read = answered(404, Status::failed);
    read.sequence = 1;
    read.depends_on = {{0, "slug", true}};
    read.follows = read.root_cause = 0;
    EXPECT_EQ(started({create, read}).diagnose()->cause, "state_propagation_failure");
    create.answer->code = 500;  // a crash loses values too
    EXPECT_EQ(started({create, read}).diagnose()->cause, "business_logic_defect");
}

TEST(Diagnose, RedirectsAndRefusedEmptyBodiesAreTheFrameworksOwn) {
    auto redirected = answered(405, Status::failed);
    redirected.answer->redirects = 1;
    EXPECT_EQ(started({redirected}).diagnose()->cause, "framework_idiosyncrasy");
    auto refused_body = answered(400, Status::failed);
    EXPECT_EQ(started({refused_body}).diagnose()->cause, "framework_idiosyncrasy");
    refused_body.request_size = 2;
    EXPECT_EQ(started({refused_body}).diagnose()->cause, "business_logic_defect");
}

TEST(Diagnose, WhatReadsShowAfterAWriteThatCrashedIsTheWritesDoing) {
    auto write = answered(500, Status::failed);
    auto read = answered(200, Status::failed);
    read.method = "GET";
    read.url += "?author=user";
    read.assertions[0].message = "expected 1 to equal 2";
    auto later = read;
    read.sequence = 1;
    later.sequence = 2;
    EXPECT_EQ(started({write, read, later}).diagnose()->cause, "business_logic_defect");
    EXPECT_EQ(started({read, later}).diagnose()->cause, "incorrect_query_logic");
}

TEST(Diagnose, ShapeIsToldFromContent) {
    auto list = answered(200, Status::failed);
    list.method = "GET";
    list.url += "?tag=x";
    list.assertions[0].message = "expected { data: [] } to have property 'articles'";
    EXPECT_EQ(started({list}).diagnose()->category, "schema_format_error");
    list.assertions[0].message = "expected 3 to equal 2";
    EXPECT_EQ(started({list}).diagnose()->cause, "incorrect_query_logic");
    list.url = "http://conduit:3000/api/tags";
    EXPECT_EQ(started({list}).diagnose()->cause, "business_logic_defect");
}

TEST(Diagnose, ARejectedSourceIsNamed) {
    Case made;
    made.outcomes = {refused()};
    made.rejected = "the source was rejected: patch:3: hunk does not apply";
    EXPECT_EQ(made.diagnose()->summary, made.rejected);
    EXPECT_EQ(made.diagnose()->category, "server_startup_failure");
}
