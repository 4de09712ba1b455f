#include "harness/hurl_scenario.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "harness/http/connectors.h"
#include "harness/suite/hurl.h"
#include "tests/unit/scenario/lane.h"
#include "tests/unit/scenario/server.h"

namespace assay::harness {
namespace {

using check::Dependency;
using testing::answer;
using testing::Asked;
using testing::Done;
using testing::run_on_lane;
using testing::Server;
using Keep = ScenarioOptions::Keep;

Done run(const std::vector<std::string>& texts, const Server& server, HurlOptions options = {}) {
    HurlSuite suite;
    suite.name = "s";
    for (const auto& text : texts) {
        auto file = suite::read_hurl(text, "f.hurl");
        EXPECT_TRUE(file) << file.error().to_string();
        suite.assertions += suite::hurl::assertion_count(*file);
        suite.files.push_back(hurl::compile(std::move(*file)).value());
    }
    options.variables.emplace_back("host", hurl::Value{server.url()});
    return run_on_lane(
        [&](http::HostConnector& host, OutcomeSink sink) { return run_hurl(suite, host, options, std::move(sink)); });
}

std::string token(const Asked& asked) {
    if (asked.target == "/login") return answer(200, R"({"token": "s3cret", "id": 7})", "Set-Cookie: sid=1\r\n");
    return answer(404, R"({"saw": "s3cret"})");
}

const char* const kLogin =
    "POST {{host}}/login\n{\"user\": \"a\"}\nHTTP 200\n[Captures]\ntoken: jsonpath \"$.token\"\n";
const char* const kUse = "GET {{host}}/me\nAuthorization: Token {{token}}\nHTTP 200\n";

TEST(HurlScenario, AFailedEntryKeepsWhatWasSentAndAnswered) {
    Server server(token);
    HurlOptions options;
    options.keep = Keep::failed;
    const auto done = run({std::string(kLogin) + kUse}, server, options);
    ASSERT_EQ(done.outcomes.size(), 2u);
    EXPECT_EQ(done.outcomes[0].exchange, nullptr);
    EXPECT_EQ(done.outcomes[0].request_size, 13u);
    ASSERT_NE(done.outcomes[1].exchange, nullptr);
    const auto& kept = *done.outcomes[1].exchange;
    EXPECT_EQ(kept.sent_url, server.url() + "/me");
    EXPECT_EQ(kept.response_body, R"({"saw": "s3cret"})");
    const auto json = nlohmann::json::parse(kept.request_json);
    EXPECT_EQ(json["method"], "GET");
    std::string head;
    for (const auto& [name, value] : kept.request_headers) head += name + ": " + value + "\r\n";
    EXPECT_EQ("GET /me HTTP/1.1\r\n" + head, server.asked().at(1).head);
    EXPECT_NE(head.find("Cookie: sid=1\r\n"), std::string::npos) << head;
}

TEST(HurlScenario, RedactedCapturesAreBlottedOutInWhatIsKept) {
    Server server(token);
    HurlOptions options;
    options.keep = Keep::all;
    std::string login = kLogin;
    login.insert(login.size() - 1, " redact");
    const auto done = run({login + kUse}, server, options);
    ASSERT_EQ(done.outcomes.size(), 2u);
    for (const auto& outcome : done.outcomes) {
        ASSERT_NE(outcome.exchange, nullptr);
        std::string all = outcome.exchange->request_json + outcome.exchange->response_body;
        for (const auto& field : outcome.exchange->request_headers) all += field.value;
        EXPECT_EQ(all.find("s3cret"), std::string::npos) << all;
        EXPECT_NE(all.find("***"), std::string::npos) << all;
    }
}

TEST(HurlScenario, NothingIsKeptUnlessAskedFor) {
    Server server(token);
    const auto done = run({std::string(kLogin) + kUse}, server);
    EXPECT_EQ(done.outcomes.at(1).exchange, nullptr);
}

TEST(HurlScenario, AnEntryDependsOnTheOneWhoseCaptureItUses) {
    Server server(token);
    const auto done = run({std::string(kLogin) + kUse}, server);
    EXPECT_EQ(done.outcomes.at(1).depends_on, (std::vector<Dependency>{{0, "token", false}}));
    EXPECT_FALSE(done.outcomes[1].follows);
}

TEST(HurlScenario, WhatWasNotReachedNamesTheVariablesThatItLacks) {
    Server server([](const Asked&) { return answer(500, "{}"); });
    const std::string other = "GET {{host}}/other\nHTTP 200\n";
    const auto done = run({other, kLogin + other + kUse}, server);
    ASSERT_EQ(done.outcomes.size(), 4u);
    EXPECT_EQ(done.outcomes[1].depends_on.size(), 0u);  // another file
    EXPECT_EQ(done.outcomes[2].depends_on.size(), 0u);
    EXPECT_EQ(done.outcomes[2].follows, 1u);  // not reached
    EXPECT_EQ(done.outcomes[3].depends_on, (std::vector<Dependency>{{1, "token", true}}));
    EXPECT_EQ(done.outcomes[3].root_cause, 1u);
}

TEST(HurlScenario, WhenAFileGoesOnCausesFollowTheVariables) {
    Server server([](const Asked&) { return answer(500, "{}"); });
    HurlOptions options;
    options.continue_on_error = true;
    const auto done = run({std::string(kLogin) + "GET {{host}}/other\nHTTP 200\n" + kUse}, server, options);
    ASSERT_EQ(done.outcomes.size(), 3u);
    EXPECT_FALSE(done.outcomes[1].follows);
    EXPECT_EQ(done.outcomes[2].follows, 0u);
    EXPECT_EQ(done.outcomes[2].depends_on, (std::vector<Dependency>{{0, "token", true}}));
}

TEST(HurlScenario, WhatAnOptionSetsIsNobodysOutput) {
    Server server(token);
    const std::string set = "GET {{host}}/me\n[Options]\nvariable: token=x\nHTTP 404\n";
    const auto done = run({kLogin + set + kUse}, server);
    EXPECT_TRUE(done.outcomes.at(2).depends_on.empty());
}

}  // namespace
}  // namespace assay::harness
