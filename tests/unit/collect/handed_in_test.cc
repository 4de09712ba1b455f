#include "harness/collect/handed_in.h"

#include <gtest/gtest.h>

#include <map>

#include "base/fd.h"
#include "tests/unit/temp_dir.h"

using namespace assay;
using namespace assay::collect;
using nlohmann::json;

namespace {

// A service's life as its collector writes it.
class ReadHandedIn : public testing::Test {
 protected:
    void accept(Collector& collector, const std::string& id) {
        collector.durable_event(id, "accepted", {{"entry", {{"id", id}, {"labels", {{"event", "verdict"}}}}}});
    }
    static Record record(const std::string& id, bool fault = false) {
        Record made;
        made.id = id;
        made.outcome = Verdict{};
        if (fault) made.outcome = runtime::Fault{"step", "reason", true};
        return made;
    }
    void live() {
        auto collector = Collector::open(folder, {}, false);
        ASSERT_TRUE(collector);
        for (const char* id : {"z", "done", "fault", "withdrawn", "again", "a"}) accept(**collector, id);
        (*collector)->record(record("again", true));
        accept(**collector, "again");
        (*collector)->event("withdrawn", "withdrawn", json::object());
        (*collector)->record(record("fault", true));
        (*collector)->event("a", "request", {{"item", "verdict"}});
        (*collector)->record(record("done"));
    }
    HandedIn read() {
        auto all = read_handed_in(folder);
        EXPECT_TRUE(all) << all.error().to_string();
        return all ? std::move(*all) : HandedIn{};
    }
    void check(const HandedIn& all) {
        std::map<std::string, Finished> finished;
        for (const auto& each : all.finished) finished[each.id] = each;
        ASSERT_EQ(finished.size(), 2u);
        EXPECT_FALSE(finished["done"].fault);
        EXPECT_TRUE(finished["fault"].fault && finished["fault"].retryable);
        EXPECT_EQ(finished["done"].entry["id"], "done");
        const std::string results = *read_file(folder + "/results.jsonl");
        for (const auto& [id, each] : finished)
            EXPECT_EQ(json::parse(results.substr(each.place.offset, each.place.size))["id"], id);
        std::vector<std::string> open;
        for (const auto& each : all.unfinished) open.push_back(each.id);
        EXPECT_EQ(open, (std::vector<std::string>{"z", "a", "again"})) << "in the order of acceptance";
    }
    TempDir dir;
    const std::string folder = dir / "run";
};

}  // namespace

TEST_F(ReadHandedIn, TellsWhatIsDoneAndWhatIsNot) {
    live();
    check(read());
}

TEST_F(ReadHandedIn, CompletesResultsFromTheJournal) {
    live();
    const std::string whole = *read_file(folder + "/results.jsonl");
    for (const std::size_t kept : {std::size_t{0}, whole.find('\n') + 1, whole.size() - 7}) {
        ASSERT_TRUE(replace_file(folder + "/results.jsonl", whole.substr(0, kept)));
        check(read());
        EXPECT_EQ(*read_file(folder + "/results.jsonl"), whole) << kept;
    }
}

TEST_F(ReadHandedIn, NamesALineThatIsNone) {
    live();
    dir.write("run/results.jsonl", "nonsense\n");
    const auto all = read_handed_in(folder);
    ASSERT_FALSE(all);
    EXPECT_NE(all.error().detail.find("results.jsonl:1"), std::string::npos);
    EXPECT_FALSE(read_handed_in(dir / "nowhere"));
}
