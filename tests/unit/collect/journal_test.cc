#include "harness/collect/journal.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "harness/collect/collector.h"
#include "tests/unit/temp_dir.h"

using namespace assay;
using namespace assay::collect;
namespace fs = std::filesystem;

class JournalTest : public ::testing::Test {
 protected:
    static Record judged(const std::string& id) {
        Record record;
        record.id = id;
        record.level = 2;
        record.labels = {{"agent", "a"}};
        Verdict verdict;
        verdict.counts = {3, 1, 2, 0};
        verdict.reach = {4, 1, 0};
        verdict.causes = {1, 1, {1}};
        verify::RuleVerdict rule;
        rule.rule = "paper/orm";
        rule.holds = false;
        rule.findings = {{"paper/orm", verify::Weight::forgiven, "a.py", 3, "m", "e"},
                         {"paper/orm", verify::Weight::breaks, "", 0, "n", ""}};
        verdict.structure = {rule};
        record.outcome = verdict;
        record.failure = Failure{"logic_error", "", "s", "e"};
        return record;
    }
    static check::RequestOutcome failed(const std::string& item, std::size_t body) {
        check::RequestOutcome outcome;
        outcome.sequence = 1;
        outcome.item = item;
        outcome.method = "POST";
        outcome.answer = check::Answer{500, "", Millis(5), 3, 0};
        outcome.assertions = {{"a", check::Status::failed, "no", false}, {"b", check::Status::skipped, "", true}};
        outcome.unreached = {"c"};
        outcome.script_errors = {{"test", "TypeError", "x", 3}};
        auto exchange = std::make_shared<check::Exchange>();
        exchange->sent_url = "http://h/";
        exchange->request_headers = {{"A", "1"}};
        exchange->request_body = std::string(body, 'x');
        exchange->response_headers = {{"B", "2"}};
        exchange->response_body = "\xff";
        outcome.exchange = exchange;
        return outcome;
    }
    TempDir dir;
    const std::string folder = dir / "run";
};

TEST_F(JournalTest, GivesBackWhatTheCollectorWrote) {
    {
        auto collector = Collector::open(folder, {{"batch", "b"}}, false);
        ASSERT_TRUE(collector);
        (*collector)->event("x", "admitted", {{"alone", false}});
        (*collector)->request("x", failed("one", 10));
        (*collector)->request("x", failed("two", 5000));
        (*collector)->record(judged("x"));
    }
    auto journal = Journal::open(folder);
    ASSERT_TRUE(journal) << journal.error().to_string();
    ASSERT_EQ(journal->size(), 1u);
    auto record = journal->record(0);
    ASSERT_TRUE(record) << record.error().to_string();
    // The same JSON again, but for what is not read back.
    EXPECT_EQ(to_json(*record), to_json(judged("x")));
    auto requests = journal->requests(0);
    ASSERT_TRUE(requests) << requests.error().to_string();
    ASSERT_EQ(requests->size(), 2u);
    const auto& first = requests->front();
    EXPECT_EQ(first.item, "one");
    EXPECT_EQ(check::count(first), check::count(failed("one", 10)));
    EXPECT_EQ(first.unreached, std::vector<std::string>{"c"});
    EXPECT_EQ(first.script_errors.at(0).line, 3u);
    EXPECT_EQ(first.exchange->request_body, std::string(10, 'x'));
    EXPECT_EQ(first.exchange->response_body, "\xEF\xBF\xBD");
    EXPECT_FALSE(first.exchange->request_cut);
    EXPECT_TRUE(requests->back().exchange->request_cut);
    EXPECT_EQ(requests->back().exchange->request_body.size(), 4096u);
}

TEST_F(JournalTest, CountsTheLastAttemptAndTheLastRecord) {
    {
        auto collector = Collector::open(folder, {{"batch", "b"}}, false);
        (*collector)->event("x", "admitted", {{"alone", false}});
        (*collector)->request("x", failed("of the first attempt", 1));
        Record fault;
        fault.id = "x";
        fault.outcome = runtime::Fault{"launch", "r", true};
        (*collector)->record(std::move(fault));
        (*collector)->event("x", "admitted", {{"alone", false}});
        (*collector)->request("x", failed("of the second", 1));
        (*collector)->record(judged("x"));
        (*collector)->event("y", "admitted", {{"alone", false}});
    }
    std::ofstream(folder + "/events.ndjson", std::ios::app) << R"({"event":"verdict","submission":"y","rec)";
    auto journal = Journal::open(folder);
    ASSERT_TRUE(journal) << journal.error().to_string();
    ASSERT_EQ(journal->size(), 1u);
    EXPECT_NE(journal->record(0)->verdict(), nullptr);
    ASSERT_EQ(journal->requests(0)->size(), 1u);
    EXPECT_EQ(journal->requests(0)->front().item, "of the second");
    EXPECT_EQ(journal->unfinished(), std::vector<std::string>{"y"});
}

TEST_F(JournalTest, ALineOfAnotherShapeIsAnErrorAndNoException) {
    fs::create_directories(folder);
    std::ofstream(folder + "/manifest.json") << "{}";
    std::ofstream(folder + "/events.ndjson")
        << R"({"event":"request","submission":"x","sequence":"no"})"
        << "\n"
        << R"({"event":"verdict","submission":"x","record":{"id":"x","verdict":{"assertions":[]}}})"
        << "\n";
    auto journal = Journal::open(folder);
    ASSERT_TRUE(journal);
    EXPECT_FALSE(journal->record(0));
    EXPECT_FALSE(journal->requests(0));
    std::ofstream(folder + "/events.ndjson", std::ios::app) << "{]\n";
    auto broken = Journal::open(folder);
    ASSERT_FALSE(broken);
    EXPECT_NE(broken.error().detail.find("events.ndjson:3"), std::string::npos);
}

TEST_F(JournalTest, NumbersThatNoRunWritesAreAnErrorAndTimesThatNoneHasAreNone) {
    dir.write("run/manifest.json", R"({"started": 9000000000000000000})");
    dir.write("run/events.ndjson",
              R"({"event":"request","submission":"x","sequence":1e30,"assertions":[]})"
              "\n"
              R"({"event":"fault","submission":"x","t_us":9223372036854775807,"record":{"id":"x","level":-1e99,)"
              R"("fault":{"step":"s","reason":"r","retryable":true}}})"
              "\n");
    const auto journal = Journal::open(folder);
    ASSERT_TRUE(journal);
    EXPECT_FALSE(journal->record(0));
    EXPECT_FALSE(journal->requests(0));
    EXPECT_EQ(journal->ended(0), Micros(0));
    EXPECT_EQ(started_of(journal->manifest()), 0);
}

TEST_F(JournalTest, NestingWithoutEndIsAnError) {
    const std::string deep = std::string(200'000, '[') + std::string(200'000, ']');
    dir.write("run/manifest.json", "{}");
    dir.write("run/events.ndjson", R"({"event":"verdict","submission":"x","record":)" + deep + "}\n");
    const auto journal = Journal::open(folder);
    ASSERT_TRUE(journal);
    EXPECT_FALSE(journal->record(0));
    dir.write("run/manifest.json", R"({"batch":)" + deep + "}");
    EXPECT_FALSE(Journal::open(folder));
}
