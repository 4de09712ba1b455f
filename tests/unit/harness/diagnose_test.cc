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
        return harness::diagnose({verdict, server, outcomes, log, rejected});
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
    EXPECT_NE(failure->cause.find("exited with status 3"), std::string::npos);
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
    rule.findings = {{"paper/clean_architecture", verify::Weight::supports, "a.js", 1, "routes", ""},
                     {"paper/clean_architecture", verify::Weight::breaks, "models/x.js", 7, "imports a higher layer", ""}};
    made.structure = {rule};
    const auto failure = made.diagnose();
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->category, "constraint_violation");
    EXPECT_EQ(failure->evidence, "models/x.js:7: imports a higher layer");
}

TEST(Diagnose, TheKindOfMostFailingRequestsDecides) {
    auto category = [](std::uint32_t code) {
        return started({answered(code, Status::failed), answered(code, Status::failed), answered(200, Status::failed)})
            .diagnose()
            ->category;
    };
    EXPECT_EQ(category(404), "incomplete_implementation");
    EXPECT_EQ(category(405), "incomplete_implementation");
    EXPECT_EQ(category(500), "logic_error");
    EXPECT_EQ(category(401), "logic_error");
    EXPECT_EQ(category(201), "schema_format_error");
}

TEST(Diagnose, ARejectedSourceIsNamed) {
    Case made;
    made.outcomes = {refused()};
    made.rejected = "the source was rejected: patch:3: hunk does not apply";
    EXPECT_EQ(made.diagnose()->cause, made.rejected);
    EXPECT_EQ(made.diagnose()->category, "server_startup_failure");
}
