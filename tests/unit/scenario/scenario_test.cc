#include "harness/scenario.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <nlohmann/json.hpp>

#include "harness/http/connectors.h"
#include "harness/suite/postman.h"
#include "tests/unit/scenario/server.h"
#include "tests/unit/scenario/suite_run.h"

namespace assay::harness {
namespace {

using nlohmann::json;
using testing::answer;
using testing::Asked;
using testing::Done;
using testing::platform;
using testing::run_suite;
using testing::Server;

Done run(const json& collection, const Server& server, ScenarioOptions options = {}) {
    auto whole = collection;
    if (!whole.contains("info")) whole["info"] = {{"name", "C"}};
    const auto suite = suite::read_postman(whole.dump(), "c.json");
    EXPECT_TRUE(suite) << suite.error().to_string();
    options.globals.emplace_back("B", server.url());
    return run_suite(*suite, options);
}

json item(const std::string& name, const std::string& test, const std::string& prerequest = "",
          json request = "{{B}}/ok") {
    json events = json::array({{{"listen", "test"}, {"script", {{"exec", test}}}}});
    if (!prerequest.empty()) events.push_back({{"listen", "prerequest"}, {"script", {{"exec", prerequest}}}});
    return {{"name", name}, {"event", events}, {"request", std::move(request)}};
}

std::string ok(const Asked&) { return answer(200, "{}"); }

TEST(Scenario, ScriptsRunFromTheOutsideInAndShareGlobals) {
    Server server(ok);
    const json collection = {
        {"event", json::array({{{"listen", "prerequest"}, {"script", "order = ['collection']"}},
                               {{"listen", "test"}, {"script", "order.push('collection test')"}}})},
        {"item",
         json::array({{{"name", "f"},
                       {"event", json::array({{{"listen", "prerequest"}, {"script", "order.push('folder')"}}})},
                       {"item", json::array({item("a", "tests[order.join()] = pm.execution.location.join() === 'C,f,a'",
                                                  "order.push('item')")})}}})}};
    const auto done = run(collection, server);
    EXPECT_EQ(done.verdicts(), "collection,folder,item,collection test+");
    EXPECT_EQ(done.outcomes[0].folder, "f");
    EXPECT_EQ(done.totals.requests, 1u);
}

TEST(Scenario, VariablesReachUrlHeadersAndBody) {
    Server server(ok);
    const json request = {{"url", "{{B}}/{{slug}}/{{n}}/{{unknown}}"},
                          {"method", "POST"},
                          {"header", json::array({{{"key", "X-{{n}}"}, {"value", "{{slug}}"}}})},
                          {"body", {{"mode", "raw"}, {"raw", "{{n}}{{slug}}"}}}};
    const auto done = run({{"item", json::array({item("first", "pm.globals.set('slug', undefined)"),
                                                 item("second", "", "pm.variables.set('n', 5)", request)})}},
                          server);
    const auto asked = server.asked().at(1);
    EXPECT_EQ(asked.target, "/null/5/%7B%7Bunknown%7D%7D");
    EXPECT_EQ(asked.body, "5null");
    EXPECT_NE(asked.head.find("\r\nX-5: null\r\n"), std::string::npos) << asked.head;
    EXPECT_EQ(done.outcomes[1].url, server.url() + "/null/5/{{unknown}}");
}

TEST(Scenario, TestScriptsRunWhenTheConnectionIsRefused) {
    Server server(ok);
    const auto done = run({{"item", json::array({item("a",
                                                      "tests.ran = true; tests.code = pm.response.code === undefined;"
                                                      "tests.text = pm.response.text() === undefined;"
                                                      "tests.body = responseBody === undefined;"
                                                      "tests.legacy = responseCode.code === undefined;"
                                                      "pm.response.json(); tests.never = true",
                                                      "", "http://127.0.0.1:1/x"),
                                                 item("b", "tests.b = 1")})}},
                          server);
    EXPECT_EQ(done.verdicts(), "ran+ code+ text+ body+ legacy+|b+");
    EXPECT_EQ(done.outcomes[0].error, "connect ECONNREFUSED 127.0.0.1:1");
    EXPECT_EQ(done.outcomes[0].answer, std::nullopt);
    EXPECT_EQ(done.outcomes[0].script_errors.at(0).kind, "JSONError");
    EXPECT_EQ(done.totals.failed_requests, 1u);
    EXPECT_EQ(done.totals.script_errors, 1u);
}

TEST(Scenario, PreRequestAssertionsAreNamedButNotCounted) {
    Server server(ok);
    const auto done =
        run({{"item", json::array({item("a", "tests.t = true", "pm.test('pre', () => {}); throw new Error('x')")})}},
            server);
    EXPECT_EQ(done.verdicts(), "pre+ t+");
    EXPECT_TRUE(done.outcomes[0].assertions[0].pre_request);
    EXPECT_EQ(done.totals.counts.total, 1u);
    EXPECT_EQ(done.outcomes[0].script_errors.at(0).listen, "prerequest");
}

TEST(Scenario, SetNextRequestJumpsByIdThenByLastNameAndNullEndsTheIteration) {
    Server server(ok);
    auto with_id = item("c", "");
    with_id["id"] = "the-id";
    const auto done =
        run({{"item",
              json::array({item("a", "pm.execution.setNextRequest(iteration ? null : 'the-id')"), item("b", ""),
                           with_id, item("d", "postman.setNextRequest('twice')"), item("twice", "never"), item("e", ""),
                           item("twice", "pm.execution.setNextRequest('nowhere')"), item("f", "")})}},
            server, [] {
                ScenarioOptions options;
                options.iterations = 2;
                return options;
            }());
    EXPECT_EQ(done.order(), "a c d twice a");
}

TEST(Scenario, ACircleOfJumpsEndsAsAFault) {
    Server server(ok);
    ScenarioOptions options;
    options.requests_at_most = 20;
    const auto done = run({{"item", json::array({item("a", "postman.setNextRequest('a')")})}}, server, options);
    ASSERT_TRUE(done.totals.fault);
    EXPECT_NE(done.totals.fault->remedy.find("setNextRequest"), std::string::npos);
    EXPECT_EQ(done.outcomes.size(), 20u);
}

TEST(Scenario, ASkippedRequestIsNotSentAndItsTestsDoNotRun) {
    Server server(ok);
    const auto done = run({{"item", json::array({item("a", "tests.never = true",
                                                      "pm.globals.set('kept', 1); pm.execution.skipRequest();"
                                                      "pm.test('never', () => {}); pm.globals.set('lost', 1);"),
                                                 item("b",
                                                      "tests.kept = pm.globals.get('kept') === 1;"
                                                      "tests.lost = pm.globals.get('lost') === undefined")})}},
                          server);
    EXPECT_EQ(done.verdicts(), "|kept+ lost+");
    EXPECT_TRUE(done.outcomes[0].skipped);
    EXPECT_EQ(server.asked().size(), 1u);
}

TEST(Scenario, APreRequestScriptMayChangeTheRequest) {
    Server server(ok);
    const json request = {
        {"url", "{{B}}/old?x=1"}, {"method", "GET"}, {"header", json::array({{{"key", "A"}, {"value", "1"}}})}};
    const auto done = run(
        {{"item", json::array({item("a",
                                    "tests.url = pm.request.url.toString().endsWith('/new?x=1&y=a%20b');"
                                    "tests.sent = pm.request.headers.has('user-agent')",
                                    "pm.request.method = 'POST'; pm.request.headers.upsert({key: 'A', value: '2'});"
                                    "pm.request.url.path = ['new']; pm.request.url.query.add({key: 'y', value: 'a b'});"
                                    "pm.request.body = {mode: 'raw', raw: 'changed {{B}}'}",
                                    request),
                               item("b", "", "", request)})}},
        server);
    const auto asked = server.asked();
    EXPECT_EQ(server.targets(), "POST /new?x=1&y=a%20b GET /old?x=1");
    EXPECT_EQ(asked.at(0).body, "changed " + server.url());
    EXPECT_NE(asked.at(0).head.find("\r\nA: 2\r\n"), std::string::npos);
    EXPECT_EQ(done.verdicts(), "url+ sent+|");
}

TEST(Scenario, AuthorisationIsInheritedAndPlacedAfterTheSuitesHeaders) {
    Server server(ok);
    const auto basic =
        R"({"type": "basic", "basic": [{"key": "username", "value": "{{u}}"}, {"key": "password", "value": "p"}]})"_json;
    const auto key =
        R"({"type": "apikey", "apikey": [{"key": "key", "value": "k"}, {"key": "value", "value": "v"}, {"key": "in", "value": "query"}]})"_json;
    const auto bearer = R"({"type": "bearer", "bearer": [{"key": "token", "value": "t"}]})"_json;
    run({{"auth", basic},
         {"variable", json::array({{{"key", "u"}, {"value", "user"}}})},
         {"item", json::array({item("inherited", "", "",
                                    {{"url", "{{B}}/a"}, {"header", json::array({{{"key", "X"}, {"value", "1"}}})}}),
                               item("own", "", "", {{"url", "{{B}}/b"}, {"auth", bearer}}),
                               item("none", "", "", {{"url", "{{B}}/c"}, {"auth", {{"type", "noauth"}}}}),
                               item("query", "", "", {{"url", "{{B}}/d?a=1"}, {"auth", key}})})}},
        server);
    const auto asked = server.asked();
    EXPECT_NE(asked.at(0).head.find("\r\nX: 1\r\nAuthorization: Basic dXNlcjpw\r\nUser-Agent: "), std::string::npos);
    EXPECT_NE(asked.at(1).head.find("\r\nAuthorization: Bearer t\r\n"), std::string::npos);
    EXPECT_EQ(asked.at(2).head.find("Authorization"), std::string::npos);
    EXPECT_EQ(asked.at(3).target, "/d?a=1&k=v");
}

TEST(Scenario, AnAuthorisationThatCannotBeMadeStopsTheRunBeforeItStarts) {
    Server server(ok);
    const auto done = run(
        {{"item", json::array({item("a", ""), item("b", "", "", {{"url", "{{B}}"}, {"auth", {{"type", "ntlm"}}}})})}},
        server);
    ASSERT_TRUE(done.totals.fault);
    EXPECT_NE(done.totals.fault->to_string().find("c.json:1: \"b\" uses authorisation \"ntlm\""), std::string::npos)
        << done.totals.fault->to_string();
    EXPECT_TRUE(server.asked().empty());
}

TEST(Scenario, AfterTimeoutsInARowTheRestIsPresumedAndCountsStay) {
    Server server([](const Asked& asked) { return asked.target == "/ok" ? answer(200, "{}") : ""; });
    json items = json::array({item("fine", "tests.a = 1")});
    for (int i = 0; i < 6; ++i)
        items.push_back(item("hangs", "tests.ran = 1; tests.code = pm.response.code === 200", "", "{{B}}/hang"));
    ScenarioOptions options;
    options.timeout_request = Millis{100};
    unsigned told = 0;
    options.on_timeout = [&] { ++told; };
    const auto done = run({{"item", items}}, server, options);
    EXPECT_EQ(done.totals.timeouts, 3u);
    EXPECT_EQ(told, 3u) << "of real timeouts, not of presumed ones";
    EXPECT_EQ(done.totals.presumed, 3u);
    EXPECT_EQ(done.totals.counts, (check::Counts{13, 7, 6, 0}));
    EXPECT_EQ(done.outcomes[3].error, done.outcomes[6].error);
    EXPECT_FALSE(done.outcomes[3].presumed);
    EXPECT_TRUE(done.outcomes[4].presumed);
}

TEST(Scenario, AnAnswerBetweenTimeoutsStartsTheCountAgain) {
    Server server([](const Asked& asked) { return asked.target == "/ok" ? answer(200, "{}") : ""; });
    json items = json::array();
    for (int i = 0; i < 3; ++i) {
        items.push_back(item("hangs", "", "", "{{B}}/hang"));
        items.push_back(item("fine", ""));
    }
    ScenarioOptions options;
    options.timeout_request = Millis{40};
    options.timeouts_in_a_row = 2;
    EXPECT_EQ(run({{"item", items}}, server, options).totals.presumed, 0u);
}

TEST(Scenario, IterationDataIsARowAnIteration) {
    Server server(ok);
    ScenarioOptions options;
    options.data = suite::read_data("v,n\na,1\nb,2\n", "d.csv").value();
    options.iterations = 3;
    const auto done = run(
        {{"item",
          json::array({item(
              "a", "pm.test(data.v + pm.iterationData.get('n') + pm.info.iteration + pm.info.iterationCount, () => {})",
              "", "{{B}}/{{v}}")})}},
        server, options);
    EXPECT_EQ(done.verdicts(), "a103+|b213+|b223+");
    EXPECT_EQ(server.targets(), "GET /a GET /b GET /b");
    EXPECT_EQ(done.outcomes[2].iteration, 2u);
}

TEST(Scenario, FoldersSelectWhatRuns) {
    const json collection = {
        {"info", {{"name", "C"}}},
        {"item",
         json::array(
             {{{"name", "one"},
               {"item", json::array({item("a", ""), {{"name", "two"}, {"item", json::array({item("b", "")})}}})}},
              item("two", ""),
              item("c", "")})}};
    const auto suite = suite::read_postman(collection.dump(), "c.json").value();
    using Indices = std::vector<std::size_t>;
    EXPECT_EQ(selected_items(suite, {}).value(), (Indices{0, 1, 2, 3}));
    EXPECT_EQ(selected_items(suite, {"one"}).value(), (Indices{0, 1}));
    EXPECT_EQ(selected_items(suite, {"two"}).value(), (Indices{2}));  // own children first
    EXPECT_EQ(selected_items(suite, {"c", "one"}).value(), (Indices{0, 1, 3}));
    EXPECT_EQ(selected_items(suite, {"nothing"}).error().detail, "c.json has no folder or request \"nothing\"");
    EXPECT_FALSE(selected_items(suite, {"one", "nothing"}));
}

TEST(Scenario, BailEndsAtTheFirstFailure) {
    Server server(ok);
    ScenarioOptions options;
    options.bail = true;
    const auto done =
        run({{"item", json::array({item("a", "tests.a = true"), item("b", "tests.b = false"), item("c", "")})}}, server,
            options);
    EXPECT_EQ(done.order(), "a b");
    EXPECT_TRUE(done.totals.bailed);
}

TEST(Scenario, ScriptsMaySendRequestsAndWait) {
    Server server([](const Asked& asked) {
        return answer(asked.target == "/sub" ? 201 : 200,
                      "{\"t\":\"" + asked.target + std::to_string(asked.body.size()) + "\"}");
    });
    const auto done =
        run({{"item",
              json::array({item("a", "tests.got = pm.globals.get('got') === '/sub7201'",
                                "pm.sendRequest({url: pm.variables.get('B') + '/sub', method: 'POST', header: {A: 'b'},"
                                "body: {mode: 'raw', raw: JSON.stringify({a: 1})}}, (error, response) =>"
                                "setTimeout(() => pm.globals.set('got', response.json().t + response.code), 10))")})}},
            server);
    EXPECT_EQ(done.verdicts(), "got+");
    EXPECT_EQ(server.targets(), "POST /sub GET /ok");
}

TEST(Scenario, CookiesAreKeptBetweenRequests) {
    Server server([](const Asked&) { return answer(200, "{}", "Set-Cookie: a=b; Path=/\r\n"); });
    const auto done =
        run({{"item", json::array({item("a", ""), item("b", "tests.a = pm.cookies.get('a') === 'b'")})}}, server);
    EXPECT_NE(server.asked().at(1).head.find("\r\nCookie: a=b\r\n"), std::string::npos);
    EXPECT_EQ(done.verdicts(), "|a+");
}

TEST(Scenario, OutcomesArriveWhileTheRunGoesOn) {
    std::atomic<int> seen = 0;
    std::vector<int> seen_at_request;
    Server server([&](const Asked&) {
        seen_at_request.push_back(seen);
        return answer(200, "{}");
    });
    const auto suite =
        suite::read_postman(
            json{{"info", {{"name", "C"}}}, {"item", json::array({item("a", ""), item("b", "")})}}.dump(), "c")
            .value();
    const LoadedSuite loaded = prepare(platform(), suite).value();
    const auto engine = script::Engine::create(platform()).value();
    boost::asio::io_context lane(1);
    http::HostConnector connector(lane.get_executor());
    ScenarioOptions options;
    options.globals.emplace_back("B", server.url());
    boost::asio::co_spawn(
        lane, run_scenario(loaded, *engine, connector, options, [&](const check::RequestOutcome&) { ++seen; }),
        [](std::exception_ptr, const ScenarioRun&) {});
    lane.run();
    EXPECT_EQ(seen_at_request, (std::vector<int>{0, 1}));
}

}  // namespace
}  // namespace assay::harness
