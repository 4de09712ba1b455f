// The reporters of a suite's run, with a server that tries to break out of each format.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "harness/report/curl.h"
#include "harness/report/junit.h"
#include "harness/report/newman_json.h"
#include "harness/report/plain_text.h"
#include "harness/report/terminal.h"
#include "harness/report/test_formats.h"

using namespace assay;
using namespace assay::report;
using check::Status;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

namespace {

SuiteRun hostile_run() {
    SuiteRun run;
    run.name = "C & <co>";
    run.items = {{"i1", "a", R"({"method": "POST", "url": "{{B}}/x"})", 1, 1}, {"i2", "b", "", 0, 1}};
    check::RequestOutcome first;
    first.item = "a";
    first.folder = "F";
    first.method = "POST";
    first.url = "http://h/x";
    first.answer = check::Answer{201, "Created", Millis(7), 9, 0};
    first.assertions = {{"ok", Status::passed, "", false},
                        {"bad <\x01>", Status::failed, "expected '\x1b[2J]]>\xff' to equal 2", false},
                        {"later", Status::skipped, "", false}};
    first.unreached = {"never # seen"};
    auto exchange = std::make_shared<check::Exchange>();
    exchange->sent_url = "http://h/x?q='$(id)'";
    exchange->request_json = R"({"method": "POST"})";
    exchange->request_headers = {{"X", "it's"}, {"Content-Length", "2"}, {"Empty", ""}};
    exchange->request_body = "{}";
    exchange->response_headers = {{"Set-Cookie", "\x1b]0;owned\x07"}};
    exchange->response_body = "\x1b[31m{\"a\":1}";
    first.exchange = exchange;
    check::RequestOutcome second;
    second.sequence = second.position = 1;
    second.item = "b";
    second.method = "GET";
    second.error = "connect ECONNREFUSED 10.0.2.1:80";
    second.script_errors = {{"test", "TypeError", "x is undefined", 3}};
    second.assertions = {{"c", Status::failed, "", false}};
    second.follows = second.root_cause = 0;
    run.outcomes = {first, second};
    run.reach = {6, 1, 0};
    return run;
}

}  // namespace

TEST(Junit, CountsItsElementsAndHoldsNothingThatXmlForbids) {
    const auto xml = junit_xml(hostile_run());
    EXPECT_THAT(
        xml,
        HasSubstr("<testsuites name=\"C &amp; &lt;co&gt;\" tests=\"7\" failures=\"2\" errors=\"3\" skipped=\"1\""));
    EXPECT_THAT(xml, HasSubstr("<testsuite name=\"F / a\""));
    EXPECT_THAT(xml, HasSubstr("<error type=\"unreached\""));
    EXPECT_THAT(xml, HasSubstr("follows from request 0"));
    EXPECT_EQ(xml.find_first_of(std::string("\x01\x1b\xff", 3)), std::string::npos);
    EXPECT_THAT(xml, HasSubstr("bad &lt;\xEF\xBF\xBD&gt;"));
}

TEST(Tap, NumbersEveryTestAndEscapesDirectives) {
    const auto text = tap(hostile_run());
    EXPECT_THAT(text, HasSubstr("TAP version 14\n1..7\nok 1 - F / a: ok\nnot ok 2 - "));
    EXPECT_THAT(text, HasSubstr("ok 3 - F / a: later # SKIP\n"));
    EXPECT_THAT(text, HasSubstr("never \\# seen"));
    EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST(Ctrf, SummaryAgreesWithItsTests) {
    const auto report = json::parse(ctrf(hostile_run(), "1"));
    const auto& results = report["results"];
    EXPECT_EQ(report["reportFormat"], "CTRF");
    EXPECT_EQ(results["tests"].size(), results["summary"]["tests"]);
    EXPECT_EQ(results["summary"]["failed"], 4);
    EXPECT_EQ(results["summary"]["other"], 1);
    EXPECT_EQ(results["tests"][0]["status"], "passed");
    EXPECT_EQ(results["tool"]["name"], "assay");
}

TEST(Ndjson, IsTheJournalsEventsAndTheCounts) {
    const auto text = ndjson(hostile_run());
    const auto first = json::parse(text.substr(0, text.find('\n')));
    EXPECT_EQ(first["event"], "request");
    EXPECT_EQ(first["unreached"][0], "never # seen");
    const auto last = json::parse(text.substr(text.rfind('\n', text.size() - 2) + 1));
    EXPECT_EQ(last["assertions"]["known"], 6);
    EXPECT_EQ(last["causes"]["following_failures"], 1);
}

TEST(NewmanJson, HasTheFieldsThatPeopleRead) {
    const auto run = json::parse(newman_json(hostile_run()))["run"];
    EXPECT_EQ(run["stats"]["requests"], json({{"total", 2}, {"pending", 0}, {"failed", 1}}));
    EXPECT_EQ(run["stats"]["assertions"]["failed"], 2);
    EXPECT_EQ(run["stats"]["testScripts"], json({{"total", 2}, {"pending", 0}, {"failed", 1}}));
    EXPECT_EQ(run["timings"]["responseAverage"], 7.0);
    EXPECT_EQ(run["transfers"]["responseTotal"], 9);
    const auto& execution = run["executions"][0];
    EXPECT_EQ(execution["item"]["name"], "a");
    EXPECT_EQ(execution["response"]["code"], 201);
    EXPECT_EQ(execution["response"]["stream"]["data"][0], 0x1b);
    EXPECT_EQ(execution["assertions"][1]["error"]["name"], "AssertionError");
    EXPECT_EQ(run["executions"][1]["requestError"]["code"], "ECONNREFUSED");
    EXPECT_EQ(run["failures"].size(), 4u);
    EXPECT_EQ(run["failures"][0]["at"], "assertion:1 in test-script");
}

TEST(Terminal, ShowsExchangeDifferenceAndCommandOfARootAndNoEscapeOfAServer) {
    const auto run = hostile_run();
    const auto text = terminal_request(run.outcomes[0], {});
    EXPECT_THAT(text, HasSubstr("    > POST http://h/x"));
    EXPECT_THAT(text, HasSubstr("    < 201 Created"));
    EXPECT_THAT(text, HasSubstr("    - 2\n"));
    EXPECT_THAT(text, HasSubstr("unreached: never # seen"));
    EXPECT_THAT(text, HasSubstr("curl "));
    EXPECT_THAT(text, HasSubstr("\\x1b[31m"));
    EXPECT_EQ(text.find_first_of("\x1b\x07"), std::string::npos);
    EXPECT_THAT(terminal_summary(run, {}),
                HasSubstr("1 failures are root failures, 1 follow from them\n  begins at request 0"));
}

TEST(Terminal, TellsWhatWasExpectedFromWhatCame) {
    EXPECT_EQ(difference_of("expected 3 to equal 2").expected, "2");
    EXPECT_EQ(difference_of("expected [ 1 ] to deeply equal [ 2 ]").actual, "[ 1 ]");
    EXPECT_EQ(difference_of("expected 'a' to be a number").expected, "");
}

TEST(Curl, QuotesForAShell) {
    EXPECT_EQ(curl_command(hostile_run().outcomes[0]),
              "curl --location --compressed --globoff --request POST 'http://h/x?q='\\''$(id)'\\''' "
              "--header 'X: it'\\''s' --header 'Empty;' --data-raw '{}'");
    EXPECT_EQ(shell_word("a\n'"), "$'a\\x0a\\''");
    EXPECT_EQ(shell_word(""), "''");
}

TEST(PlainText, IsCutBetweenCharacters) { EXPECT_EQ(shortened("a\xC3\xA9", 2), "a... (2 bytes more)"); }
