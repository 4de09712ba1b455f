#include "harness/collect/merge.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/fd.h"
#include "harness/collect/collector.h"
#include "tests/unit/temp_dir.h"

using namespace assay;
using namespace assay::collect;
using nlohmann::json;
namespace fs = std::filesystem;

class MergeTest : public ::testing::Test {
 protected:
    // A run whose submissions passed `passed` of 3, or have a fault.
    std::string run(const std::string& shard, const std::vector<std::pair<std::string, int>>& submissions,
                    json more = json::object()) {
        const std::string folder = dir / std::to_string(++made);
        json manifest = {{"batch", "b"}, {"verify", "paper"}, {"submissions", submissions.size()}, {"started", 100}};
        if (!shard.empty()) manifest["shard"] = shard;
        manifest.update(more);
        auto collector = Collector::open(folder, manifest, false);
        EXPECT_TRUE(collector);
        for (const auto& [id, passed] : submissions) {
            (*collector)->event(id, "admitted", {{"alone", false}});
            Record record;
            record.id = id;
            Verdict verdict;
            verdict.counts = {3, static_cast<std::uint32_t>(passed), static_cast<std::uint32_t>(3 - passed), 0};
            record.outcome = verdict;
            record.phases = {{"suite", Micros(made), {}}};
            if (passed < 0) record.outcome = runtime::Fault{"launch", "r", true};
            (*collector)->record(std::move(record), {{"server.log", folder}});
        }
        return folder;
    }
    static std::vector<json> lines(const std::string& file) {
        std::vector<json> all;
        std::ifstream in(file);
        for (std::string line; std::getline(in, line);) all.push_back(json::parse(line));
        return all;
    }
    std::string into() const { return dir / "into"; }
    TempDir dir;
    int made = 0;
};

TEST_F(MergeTest, ShardsBecomeOneJournalInTheOrderOfTheirTimes) {
    const auto later = run("2/2", {{"b", 3}, {"d/e", -1}}, {{"started", 103}, {"host", "two"}});
    const auto earlier = run("1/2", {{"a", 3}, {"c", 1}}, {{"host", "one"}});
    const auto merged = merge_runs({later, earlier}, into(), Keep::neither);
    ASSERT_TRUE(merged) << merged.error().to_string();
    EXPECT_TRUE(merged->missing.empty());
    const auto events = lines(into() + "/events.ndjson");
    ASSERT_EQ(events.size(), 8u);
    for (std::size_t each = 0; each < events.size(); ++each) {
        EXPECT_EQ(events[each]["seq"], each);
        EXPECT_EQ(events[each]["shard"], each < 4 ? "1/2" : "2/2");
        if (each > 0) {
            EXPECT_GE(events[each]["t_us"], events[each - 1]["t_us"]);
        }
    }
    EXPECT_GE(events[4]["t_us"], 3'000'000);
    const auto results = lines(into() + "/results.jsonl");
    ASSERT_EQ(results.size(), 4u);
    EXPECT_EQ(results[0], lines(earlier + "/results.jsonl")[0]);
    EXPECT_TRUE(results[3].contains("fault"));
    EXPECT_EQ(*read_file(Collector::log_folder(into(), "d/e") + "/server.log"), later);
    const json manifest = json::parse(*read_file(into() + "/manifest.json"));
    EXPECT_EQ(manifest["started"], 100);
    EXPECT_EQ(manifest["submissions"], 4);
    EXPECT_EQ(manifest["merged"][0]["host"], "two");
    EXPECT_FALSE(manifest.contains("shard"));
}

TEST_F(MergeTest, ASubmissionInTwoFoldersIsAnErrorUnlessItsOutcomeIsTheSameOrOneIsChosen) {
    const auto first = run("", {{"same", 3}, {"x", 1}});
    const auto second = run("", {{"same", 3}, {"x", 2}});
    const auto refused = merge_runs({first, second}, into(), Keep::neither);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().detail.find("x"), std::string::npos);
    EXPECT_NE(refused.error().remedy.find("--keep"), std::string::npos);
    EXPECT_FALSE(fs::exists(into()));
    for (const auto& [keep, passed, log] : {std::tuple(Keep::first, 1, first), std::tuple(Keep::last, 2, second)}) {
        const auto merged = merge_runs({first, second}, into(), keep);
        ASSERT_TRUE(merged) << merged.error().to_string();
        EXPECT_EQ(merged->identical, 1u);  // times differ, and do not count
        const auto results = lines(into() + "/results.jsonl");
        ASSERT_EQ(results.size(), 2u);
        const auto& x = results[0]["id"] == "x" ? results[0] : results[1];
        EXPECT_EQ(x["verdict"]["assertions"]["passed"], passed);
        EXPECT_EQ(*read_file(into() + "/logs/x/server.log"), log);
        EXPECT_EQ(lines(into() + "/events.ndjson").size(), 4u);
        fs::remove_all(into());
    }
}

TEST_F(MergeTest, NamesWhatIsMissing) {
    const auto part = run("1/3", {{"a", 3}}, {{"submissions", 2}});
    const auto merged = merge_runs({part}, into(), Keep::neither);
    ASSERT_TRUE(merged);
    ASSERT_EQ(merged->missing.size(), 3u);
    EXPECT_NE(merged->missing[0].find("1 of 2 submissions have no result"), std::string::npos);
    EXPECT_EQ(merged->missing[1], "shard 2/3 was not given");
}

TEST_F(MergeTest, RunsWithOtherOptionsAreNotOneRun) {
    const auto merged =
        merge_runs({run("1/2", {{"a", 3}}), run("2/2", {{"b", 3}}, {{"verify", "off"}})}, into(), Keep::neither);
    ASSERT_FALSE(merged);
    EXPECT_NE(merged.error().detail.find("verify is \"paper\""), std::string::npos);
}

TEST_F(MergeTest, NeverWritesOverAFolderAndLeavesNothingBehind) {
    const auto good = run("", {{"a", 3}});
    fs::create_directories(into());
    EXPECT_FALSE(merge_runs({good}, into(), Keep::neither));
    fs::remove(into());
    const auto bad = run("", {{"b", 3}});
    std::ofstream(bad + "/events.ndjson", std::ios::app) << "nonsense\n";
    EXPECT_FALSE(merge_runs({good, bad}, into(), Keep::neither));
    EXPECT_FALSE(fs::exists(into()));
    EXPECT_FALSE(fs::exists(into() + ".merging"));
}

TEST_F(MergeTest, AManifestThatWasEditedIsMergedWithoutItsNonsense) {
    const json edited = {{"merged", "me"}, {"started", INT64_MAX}, {"submissions", INT64_MIN}};
    const auto merged = merge_runs({run("1/2000000000", {{"a", 3}}, edited)}, into(), Keep::neither);
    ASSERT_TRUE(merged) << merged.error().to_string();
    EXPECT_TRUE(merged->missing.empty());
    const json manifest = json::parse(*read_file(into() + "/manifest.json"));
    EXPECT_EQ(manifest["started"], 0);
    EXPECT_EQ(manifest["merged"].size(), 1u);
}
