// What pip 23 and npm 11 print, word by word, and what it means.
#include "images/diagnose.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace assay;
using namespace assay::images;
using testing::HasSubstr;
using Reason = LayerFailure::Reason;

namespace {

StepOutcome pip(const std::string& output, bool trusted = true) {
    StepOutcome step;
    step.kind = LayerKind::python_prefix;
    step.trusted = trusted;
    step.exit.code = 1;
    step.output = output;
    return step;
}

StepOutcome npm(const std::string& code, const std::string& summary, const std::string& detail = {},
                bool trusted = true) {
    StepOutcome step;
    step.kind = LayerKind::node_modules;
    step.trusted = trusted;
    step.exit.code = 1;
    step.report =
        R"({"error": {"code": ")" + code + R"(", "summary": ")" + summary + R"(", "detail": ")" + detail + "\"}}";
    return step;
}

Reason reason(const StepOutcome& step) {
    const auto failure = diagnose(step);
    EXPECT_TRUE(failure);
    return failure ? failure->reason : Reason::internal;
}

}  // namespace

TEST(Diagnose, FindsNothingWrongWithSuccess) {
    auto step = pip("Successfully installed six-1.16.0\n");
    step.exit.code = 0;
    step.proxy.refused.push_back({"telemetry.example:443", "not allowed", 1});
    EXPECT_FALSE(diagnose(step));
}

TEST(Diagnose, TellsAPackageThatDoesNotExistFromAVersionThatDoesNot) {
    auto none =
        diagnose(pip("ERROR: Could not find a version that satisfies the requirement no-such-package (from versions: "
                     "none)\nERROR: No matching distribution found for no-such-package\n"));
    EXPECT_EQ(none->reason, Reason::package_not_found);
    EXPECT_EQ(none->subject, "no-such-package");
    EXPECT_EQ(
        reason(pip("ERROR: Could not find a version that satisfies the requirement six==99.0 (from versions: 1.5.0, "
                   "1.16.0)\nERROR: No matching distribution found for six==99.0\n")),
        Reason::version_not_found);
    EXPECT_EQ(reason(pip(
                  "ERROR: Ignored the following versions that require a different python version: 3.0 "
                  "Requires-Python >=3.12\nERROR: Could not find a version that satisfies the requirement x==3.0 (from "
                  "versions: none)\n")),
              Reason::version_not_found);
    auto npm_none = diagnose(npm("E404", "Not Found - GET https://registry.example/nope",
                                 "The requested resource '@x/nope@1.0.0' could not be found or"));
    EXPECT_EQ(npm_none->reason, Reason::package_not_found);
    EXPECT_EQ(npm_none->subject, "@x/nope");
    auto npm_version = diagnose(npm("ETARGET", "No matching version found for is-number@99.0.0."));
    EXPECT_EQ(npm_version->reason, Reason::version_not_found);
    EXPECT_EQ(npm_version->subject, "is-number");
}

TEST(Diagnose, KnowsConflictsAndInvalidManifests) {
    auto conflict =
        diagnose(pip("ERROR: Cannot install -r requirements.txt (line 1) and werkzeug==2.0.0 because these package "
                     "versions have conflicting dependencies.\n\nERROR: ResolutionImpossible: for help\n"));
    EXPECT_EQ(conflict->reason, Reason::versions_conflict);
    EXPECT_THAT(conflict->what, HasSubstr("werkzeug==2.0.0"));
    EXPECT_EQ(reason(npm("ERESOLVE", "unable to resolve dependency tree")), Reason::versions_conflict);
    auto invalid = diagnose(pip("ERROR: Invalid requirement: 'six=1.0' (from line 1 of /build/requirements.txt)\n"));
    EXPECT_EQ(invalid->reason, Reason::invalid_manifest);
    EXPECT_EQ(invalid->subject, "six=1.0");
    EXPECT_THAT(invalid->what, Not(HasSubstr("/build")));
    EXPECT_EQ(reason(npm("EUSAGE", "`npm ci` can only install packages when in sync")), Reason::invalid_manifest);
    EXPECT_EQ(reason(npm("EINVALIDPACKAGENAME", "Invalid package name")), Reason::invalid_manifest);
}

TEST(Diagnose, ARegistryThatDoesNotAnswerIsAFaultOfOurs) {
    // To pip a registry that fails looks like a package that is not there.
    auto step = pip("ERROR: Could not find a version that satisfies the requirement six (from versions: none)\n");
    step.log = "2026 Could not fetch URL https://r.example/six/: 404 Client Error: Not Found - skipping\n";
    EXPECT_EQ(reason(step), Reason::package_not_found);
    step.log += "2026 Could not fetch URL https://r.example/six/: 503 Server Error: busy - skipping\n";
    EXPECT_EQ(reason(step), Reason::registry_unreachable);
    EXPECT_EQ(reason(npm("ECONNREFUSED", "FetchError: request failed")), Reason::registry_unreachable);
    EXPECT_EQ(reason(npm("E503", "503 Service Unavailable")), Reason::registry_unreachable);
    step = pip("whatever");
    step.proxy.failures.push_back({"r.example:443", "Connection refused", 3});
    EXPECT_EQ(reason(step), Reason::registry_unreachable);
    EXPECT_TRUE(diagnose(step)->retryable());
    step = pip("");
    step.exit.how = sandbox::Exit::How::limit;
    step.exit.limit = "wall_time";
    EXPECT_EQ(reason(step), Reason::registry_unreachable);
}

TEST(Diagnose, WhatPackagesPrintMakesNoFaultOfOurs) {
    for (const char* text :
         {"No space left on device", "Could not fetch URL https://r.example: 503", "ECONNREFUSED", ""}) {
        auto step = pip(text, false);
        step.log = text;
        EXPECT_TRUE(diagnose(step)->of_submission()) << text;
    }
    for (const char* code : {"ECONNREFUSED", "E503", "ENOSPC", "EWHATEVER"})
        EXPECT_EQ(reason(npm(code, "x", "", false)), Reason::install_failed) << code;
    auto step = npm("1", "command failed", "", false);
    step.report = "{\"error\":{\"code\":" + std::string(100'000, '[');
    EXPECT_EQ(reason(step), Reason::install_failed);
    step.exit.how = sandbox::Exit::How::limit;
    for (const char* limit : {"wall_time", "memory", "cpu_time"}) {
        step.exit.limit = limit;
        EXPECT_EQ(reason(step), Reason::limit_exceeded);
    }
    step.exit.how = sandbox::Exit::How::signaled;
    EXPECT_EQ(reason(step), Reason::install_failed);
}

TEST(Diagnose, NamesTheHostThatWasRefusedAndHowToAllowIt) {
    auto step = npm("ECONNRESET", "request to https://files.example/x.tgz failed, reason: 403");
    step.proxy.refused = {{"telemetry.example:443", "", 1}, {"files.example:443", "", 2}};
    auto failure = diagnose(step);
    EXPECT_EQ(failure->reason, Reason::egress_refused);
    EXPECT_THAT(failure->remedy, HasSubstr("files.example:443"));
    EXPECT_TRUE(failure->of_submission());
    // Refused, but not why it failed.
    step = npm("ETARGET", "No matching version found for x@9.");
    step.proxy.refused = {{"telemetry.example:443", "", 1}};
    EXPECT_EQ(reason(step), Reason::version_not_found);
    EXPECT_EQ(reason(npm("128", "An unknown git error occurred", "git --no-replace-objects ls-remote ssh://x")),
              Reason::egress_refused);
}

TEST(Diagnose, SizeAndMemoryAreTheSubmissionsOwn) {
    auto step = pip("");
    step.exit.how = sandbox::Exit::How::killed;
    EXPECT_EQ(reason(step), Reason::stopped);
    step.disk_exceeded = true;
    EXPECT_EQ(reason(step), Reason::limit_exceeded);
    step.disk_exceeded = false;
    step.exit.how = sandbox::Exit::How::limit;
    step.exit.limit = "memory";
    EXPECT_EQ(reason(step), Reason::limit_exceeded);
    auto compiler = pip("c++: fatal error: Killed signal terminated program cc1plus", false);
    compiler.exit.limits_hit = {"memory"};  // one process of many
    EXPECT_EQ(reason(compiler), Reason::limit_exceeded);
}

TEST(Diagnose, TriesSourceOnlyWhereItMayHelp) {
    EXPECT_TRUE(worth_building_from_source(*diagnose(
        pip("ERROR: Could not find a version that satisfies the requirement docopt==0.6.2 (from versions: none)"))));
    EXPECT_FALSE(
        worth_building_from_source(*diagnose(pip("ERROR: Invalid requirement: 'six=1.0' (from line 1 of x)"))));
    auto unreachable = pip("");
    unreachable.proxy.failures.push_back({"r.example:443", "Connection refused", 1});
    EXPECT_FALSE(worth_building_from_source(*diagnose(unreachable)));
}

TEST(Locate, NamesTheLineOfTheManifest) {
    EXPECT_EQ(locate("requirements.txt", "flask\n\nsix==99.0  # x\n", "six==99.0"), "requirements.txt:3: ");
    EXPECT_EQ(locate("requirements.txt", "flask\n", "werkzeug"), "");
    EXPECT_EQ(locate("requirements.txt", "flask\n", ""), "");
}

TEST(LayerFailure, NamesEveryReasonBothWays) {
    for (int i = 0; i <= static_cast<int>(Reason::internal); ++i) {
        const auto value = static_cast<Reason>(i);
        EXPECT_EQ(reason_named(name_of(value)), value);
    }
    EXPECT_FALSE(reason_named("else"));
}
