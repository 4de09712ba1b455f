#include "harness/report/newman_csv.h"

#include <gtest/gtest.h>

using namespace assay;
using namespace assay::check;
using assay::report::newman_csv;

namespace {

const std::string kHeader =
    "iteration,collectionName,requestName,method,url,status,code,responseTime,responseSize,executed,failed,skipped,"
    "totalAssertions,executedCount,failedCount,skippedCount";

RequestOutcome answered() {
    RequestOutcome outcome;
    outcome.item = "Login";
    outcome.method = "POST";
    outcome.url = "http://h/users login";
    outcome.answer = Answer{200, "OK", Millis(12), 345};
    return outcome;
}

std::string rows(const std::vector<RequestOutcome>& run, std::string_view collection = "Conduit") {
    const std::string csv = newman_csv(collection, run);
    EXPECT_EQ(csv.substr(0, kHeader.size()), kHeader);
    return csv.substr(kHeader.size());
}

}  // namespace

TEST(NewmanCsv, WritesOnlyTheHeaderOfAnEmptyRun) { EXPECT_EQ(newman_csv("c", {}), kHeader); }

TEST(NewmanCsv, QuotesWhatIsThereAndLeavesOutWhatIsNot) {
    RequestOutcome outcome = answered();
    EXPECT_EQ(rows({outcome}),
              "\n\"1\",\"Conduit\",\"Login\",\"POST\",\"http://h/users "
              "login\",\"OK\",\"200\",\"12\",\"345\",,,,\"0\",\"0\",\"0\",\"0\"");
    outcome.iteration = 1;
    outcome.assertions = {{"a", Status::passed, "", false},
                          {"b \"q\"", Status::failed, "no", false},
                          {"c\nd", Status::passed, "", false},
                          {"", Status::skipped, "", false}};
    EXPECT_EQ(rows({outcome}, "Con,\"duit\""),
              "\n\"2\",\"Con,\"\"duit\"\"\",\"Login\",\"POST\",\"http://h/users login\",\"OK\",\"200\",\"12\",\"345\","
              "\"a, c\nd\",\"b \"\"q\"\"\",\"\",\"4\",\"2\",\"1\",\"1\"");
}

TEST(NewmanCsv, LeavesTheAnswersCellsOfAFailedRequestEmpty) {
    RequestOutcome outcome = answered();
    outcome.answer.reset();
    outcome.error = "connect ECONNREFUSED 10.0.2.1:8080";
    outcome.assertions = {{"a", Status::failed, "", false}};
    EXPECT_EQ(rows({outcome}),
              "\n\"1\",\"Conduit\",\"Login\",\"POST\",\"http://h/users login\",,,,,,\"a\",,\"1\",\"0\",\"1\",\"0\"");
}

TEST(NewmanCsv, NamesPreRequestAssertionsWithoutCountingThem) {
    RequestOutcome outcome = answered();
    outcome.assertions = {{"before", Status::passed, "", true}, {"after", Status::passed, "", false}};
    EXPECT_NE(rows({outcome}).find(",\"before, after\",,,\"1\",\"1\",\"0\",\"0\""), std::string::npos);
}

TEST(NewmanCsv, WritesAnEmptyLineForASkippedRequest) {
    RequestOutcome skipped = answered();
    skipped.answer.reset();
    skipped.skipped = true;
    EXPECT_EQ(rows({skipped}), "\n");
    EXPECT_EQ(rows({skipped, skipped}), "\n\n");
    skipped.assertions = {{"before", Status::passed, "", true}};
    EXPECT_EQ(rows({skipped}), "\n,,,,,,,,,\"before\",,,\"NaN\",\"NaN\"");
}

TEST(NewmanCsv, CallsAnUnknownReasonUndefinedAsJavaScriptDoes) {
    RequestOutcome outcome = answered();
    outcome.answer = Answer{299, "", Millis(0), 0};
    EXPECT_NE(rows({outcome}).find(",\"undefined\",\"299\",\"0\",\"0\","), std::string::npos);
}

// The report that newman wrote of a collection whose five requests go to a closed port.
TEST(NewmanCsv, IsWhatNewmanWrote) {
    RequestOutcome asked, silent, full, nameless;
    asked.item = silent.item = "skip";
    asked.skipped = silent.skipped = true;
    asked.assertions = {{"before", Status::passed, "", true}};
    full.item = "pre";
    full.method = "GET";
    full.url = "http://127.0.0.1:1/x y";
    full.error = "connect ECONNREFUSED 127.0.0.1:1";
    full.assertions = {{"before", Status::passed, "", true},       {"bf", Status::failed, "x", true},
                       {"after \"q\"", Status::passed, "", false}, {"line\nbreak", Status::failed, "x", false},
                       {"sk", Status::skipped, "", false},         {"", Status::passed, "", false}};
    nameless.method = "GET";
    nameless.url = "http://127.0.0.1:1/x";
    nameless.assertions = {{"t", Status::passed, "", false}};
    EXPECT_EQ(rows({asked, silent, full, nameless}, "C, \"x\""),
              "\n,,,,,,,,,\"before\",,,\"NaN\",\"NaN\"\n\n"
              "\"1\",\"C, \"\"x\"\"\",\"pre\",\"GET\",\"http://127.0.0.1:1/x y\",,,,,\"before, after \"\"q\"\", \","
              "\"bf, line\nbreak\",\"sk\",\"4\",\"2\",\"1\",\"1\"\n,,,,,,,,,\"t\",,,\"NaN\",\"NaN\"");
}
