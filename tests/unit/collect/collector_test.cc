#include "harness/collect/collector.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/fd.h"
#include "tests/unit/temp_dir.h"

using namespace assay;
using namespace assay::collect;

class CollectorTest : public ::testing::Test {
 protected:
    std::vector<nlohmann::json> lines(const std::string& file) const {
        std::vector<nlohmann::json> all;
        std::ifstream in(folder + "/" + file);
        for (std::string line; std::getline(in, line);) all.push_back(nlohmann::json::parse(line));
        return all;
    }
    static Record record(const std::string& id) {
        Record made;
        made.id = id;
        Verdict verdict;
        verdict.counts = {1, 1, 0, 0};
        made.outcome = verdict;
        return made;
    }
    TempDir dir;
    const std::string folder = dir / "run";
};

TEST_F(CollectorTest, EventsOfManyThreadsAreAllWrittenInOneNumberedOrder) {
    auto collector = Collector::open(folder, {{"a", 1}}, false);
    ASSERT_TRUE(collector) << collector.error().to_string();
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread)
        threads.emplace_back([&, thread] {
            for (int each = 0; each < 500; ++each) (*collector)->event(std::to_string(thread), "step", {{"n", each}});
        });
    for (auto& thread : threads) thread.join();
    ASSERT_TRUE((*collector)->flush());
    const auto events = lines("events.ndjson");
    ASSERT_EQ(events.size(), 2000u);
    std::map<std::string, int> next;
    for (std::size_t each = 0; each < events.size(); ++each) {
        EXPECT_EQ(events[each]["seq"], each);
        EXPECT_EQ(events[each]["n"], next[events[each]["submission"]]++);  // each thread's own order is kept
    }
}

TEST_F(CollectorTest, ARecordIsInTheJournalAndInTheResultsWithItsLog) {
    auto collector = Collector::open(folder, {}, false);
    ASSERT_TRUE(collector);
    (*collector)->record(record("x/y"), {{"server.log", "boom\n"}, {"dependencies.log", ""}});
    ASSERT_TRUE((*collector)->flush());
    EXPECT_EQ(lines("events.ndjson")[0]["record"], lines("results.jsonl")[0]);
    EXPECT_EQ(*read_file(Collector::log_folder(folder, "x/y") + "/server.log"), "boom\n");
    EXPECT_NE(Collector::log_folder(folder, "x/y"), Collector::log_folder(folder, "x_y"));
    EXPECT_NE(Collector::log_folder(folder, ".."), folder + "/logs/..");
}

TEST_F(CollectorTest, AnExistingRunIsNotOverwrittenButCanBeContinued) {
    {
        auto collector = Collector::open(folder, {}, false);
        (*collector)->record(record("a"));
    }
    auto again = Collector::open(folder, {}, false);
    ASSERT_FALSE(again);
    EXPECT_NE(again.error().remedy.find("--resume"), std::string::npos);
    {
        auto collector = Collector::open(folder, {}, true);
        ASSERT_TRUE(collector);
        (*collector)->record(record("b"));
    }
    auto results = read_results(folder);
    ASSERT_TRUE(results);
    EXPECT_EQ(results->size(), 2u);
}

TEST_F(CollectorTest, ALineCutByTheEndOfTheMachineIsIgnoredByReaders) {
    {
        auto collector = Collector::open(folder, {}, false);
        (*collector)->record(record("a"));
    }
    std::ofstream(folder + "/results.jsonl", std::ios::app) << "{\"id\": \"b\", \"verd";
    auto results = read_results(folder);
    ASSERT_TRUE(results);
    EXPECT_EQ(results->size(), 1u);
    std::ofstream(folder + "/results.jsonl", std::ios::app) << "\n";
    auto broken = read_results(folder);
    ASSERT_FALSE(broken);
    EXPECT_NE(broken.error().detail.find("results.jsonl:2"), std::string::npos);
}

TEST_F(CollectorTest, AContinuedRunGoesOnWithNumbersAndTimesAfterALineThatWasCut) {
    {
        auto collector = Collector::open(folder, {}, false);
        ASSERT_TRUE(collector);
        (*collector)->event("a", "long", {{"text", std::string(200'000, 'x')}});
        (*collector)->record(record("a"));
    }
    for (const char* file : {"/events.ndjson", "/results.jsonl"})
        std::ofstream(folder + file, std::ios::app) << "{\"seq\": 2, \"t_us\"";
    for (int run = 0; run < 2; ++run) {
        auto collector = Collector::open(folder, {}, true);
        ASSERT_TRUE(collector) << collector.error().to_string();
        (*collector)->event("b", "long", {{"text", std::string(run == 0 ? 200'000 : 1, 'y')}});
    }
    const auto events = lines("events.ndjson");
    ASSERT_EQ(events.size(), 4u);
    for (std::size_t each = 0; each < events.size(); ++each) {
        EXPECT_EQ(events[each]["seq"], each);
        if (each > 0) {
            EXPECT_GE(events[each]["t_us"], events[each - 1]["t_us"]);
        }
    }
    EXPECT_EQ(lines("results.jsonl").size(), 1u);
}

TEST_F(CollectorTest, AFullDiskIsReportedWithItsRemedyAndNotSilent) {
    auto collector = Collector::open(folder, {}, false);
    ASSERT_TRUE(collector);
    ::signal(SIGXFSZ, SIG_IGN);
    rlimit old{};
    ::getrlimit(RLIMIT_FSIZE, &old);
    const rlimit small{256, old.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);  // writing fails as on a full disk
    for (int each = 0; each < 50; ++each) (*collector)->event("a", "step", {{"text", std::string(100, 'x')}});
    auto flushed = (*collector)->flush();
    ::setrlimit(RLIMIT_FSIZE, &old);
    ASSERT_FALSE(flushed);
    EXPECT_NE(flushed.error().remedy.find("--resume"), std::string::npos);
    EXPECT_TRUE((*collector)->failed());
}

TEST_F(CollectorTest, KeepsTryingUntilThereIsRoom) {
    auto collector = Collector::open(folder, {}, false);
    ASSERT_TRUE(collector);
    (*collector)->keep_trying();
    (*collector)->event("a", "first", {{"n", 1}});
    ASSERT_TRUE((*collector)->flush());
    ::signal(SIGXFSZ, SIG_IGN);
    rlimit old{};
    ::getrlimit(RLIMIT_FSIZE, &old);
    const rlimit small{256, old.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
    (*collector)->record(record("a"), {{"server.log", "short\n"}});
    (*collector)->event("b", "later", {{"n", 2}});
    const auto full = (*collector)->flush();
    EXPECT_FALSE(full);
    EXPECT_TRUE((*collector)->failed());
    EXPECT_EQ(lines("events.ndjson").size(), 1u) << "no part of a line is left";
    ::setrlimit(RLIMIT_FSIZE, &old);
    for (int tries = 0; tries < 100 && (*collector)->failed(); ++tries)
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    EXPECT_TRUE((*collector)->flush());
    const auto events = lines("events.ndjson");
    ASSERT_EQ(events.size(), 3u);
    for (std::size_t each = 0; each < events.size(); ++each) EXPECT_EQ(events[each]["seq"], each);
    EXPECT_EQ(lines("results.jsonl").size(), 1u);
}

TEST_F(CollectorTest, TellsWhereEachResultStands) {
    struct Places : Sink {
        void on_stored(const Record& stored, Place place) override { all.emplace_back(stored.id, place); }
        std::vector<std::pair<std::string, Place>> all;
    };
    for (int run = 0; run < 2; ++run) {
        auto collector = Collector::open(folder, {}, run > 0);
        ASSERT_TRUE(collector);
        const auto places = std::make_shared<Places>();
        (*collector)->add_sink(places);
        for (int each = 0; each < 20; ++each) (*collector)->record(record(std::to_string(run * 20 + each)));
        ASSERT_TRUE((*collector)->flush());
        collector->reset();
        ASSERT_EQ(places->all.size(), 20u);
        const std::string text = *read_file(folder + "/results.jsonl");
        for (const auto& [id, place] : places->all)
            EXPECT_EQ(nlohmann::json::parse(text.substr(place.offset, place.size))["id"], id);
    }
}

TEST_F(CollectorTest, ALongIdHasALogFolderOfItsOwn) {
    const std::string a(400, 'a'), b = a.substr(1) + "b";
    EXPECT_LE(Collector::log_folder("", a).size(), 255u + std::string("/logs/").size());
    EXPECT_NE(Collector::log_folder("", a), Collector::log_folder("", std::string(399, 'a')));
    EXPECT_NE(Collector::log_folder("", a), Collector::log_folder("", b));
}

TEST_F(CollectorTest, InvalidUtf8OfAServerDoesNotStopTheJournal) {
    auto collector = Collector::open(folder, {}, false);
    ASSERT_TRUE(collector);
    (*collector)->event("a", "step", {{"text", "\xff\xfe"}});
    ASSERT_TRUE((*collector)->flush());
    EXPECT_EQ(lines("events.ndjson").size(), 1u);
}
