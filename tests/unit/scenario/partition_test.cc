#include "harness/partition.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <numeric>

#include "harness/suite/postman.h"

namespace assay::harness {
namespace {

using nlohmann::json;

json item(const std::string& name, const std::string& url, const std::string& test = "") {
    return {
        {"name", name}, {"request", url}, {"event", json::array({{{"listen", "test"}, {"script", {{"exec", test}}}}})}};
}
json folder(const std::string& name, json items) { return {{"name", name}, {"item", std::move(items)}}; }

Partition parts(json items, std::uint32_t iterations = 1, json event = json::array()) {
    const json collection = {{"info", {{"name", "C"}}}, {"item", std::move(items)}, {"event", std::move(event)}};
    const auto suite = suite::read_postman(collection.dump(), "c.json").value();
    std::vector<std::size_t> all(suite.items.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    return partition(suite, all, iterations);
}
std::string names(const Partition& partition) {
    std::string text;
    for (const auto& part : partition.parts) text += (text.empty() ? "" : " | ") + part.name;
    return text;
}

const char* const kSet = "pm.environment.set('token', 'x')";

TEST(Partition, FoldersThatShareNothingAreParts) {
    const auto made = parts({folder("A", {item("a", "{{host}}/a", kSet), item("b", "/{{token}}")}),
                             item("single", "/s"), folder("B", {item("c", "{{host}}/c")})});
    EXPECT_EQ(names(made), "A | single | B");
    EXPECT_TRUE(made.reasons.empty());
    EXPECT_EQ(made.parts[0].items, (std::vector<std::size_t>{0, 1}));
    EXPECT_EQ(made.parts[2].items, (std::vector<std::size_t>{3}));
}

TEST(Partition, AFolderThatReadsWhatAnEarlierOneSetsStaysWithIt) {
    const auto made = parts(
        {folder("A", {item("a", "/a", kSet)}), folder("B", {item("b", "/b")}), folder("C", {item("c", "/{{token}}")})});
    EXPECT_EQ(names(made), "A, C | B");
    ASSERT_EQ(made.reasons.size(), 1u);
    EXPECT_EQ(made.reasons[0], "\"C\" reads \"token\", which \"A\" sets");
    EXPECT_EQ(made.parts[0].items, (std::vector<std::size_t>{0, 2}));
}

TEST(Partition, WhatAFolderSetsItselfBeforeItReadsItIsItsOwn) {
    const auto made = parts({folder("A", {item("a", "/a", kSet), item("b", "/{{token}}")}),
                             folder("B", {item("c", "/c", kSet), item("d", "/{{token}}")})});
    EXPECT_EQ(names(made), "A | B");
}

TEST(Partition, AReadInAScriptComesBeforeWhatTheScriptSets) {
    const auto made =
        parts({folder("A", {item("a", "/a", kSet)}),
               folder("B", {item("b", "/b", "pm.environment.set('token', pm.environment.get('token'))")})});
    EXPECT_EQ(names(made), "A, B");
}

TEST(Partition, WithIterationsWhatALaterFolderSetsCountsToo) {
    const json items = {folder("A", {item("a", "/{{token}}")}), folder("B", {item("b", "/b", kSet)})};
    EXPECT_EQ(names(parts(items)), "A | B");
    EXPECT_EQ(names(parts(items, 2)), "A, B");
}

TEST(Partition, WhatOnlyARunTellsKeepsFoldersTogether) {
    const auto read =
        parts({folder("A", {item("a", "/a", kSet)}), folder("B", {item("b", "/b", "use(pm.environment)")})});
    EXPECT_EQ(names(read), "A, B");
    const auto set = parts({folder("A", {item("a", "/a", "pm.globals.set(name, 1)")}),
                            folder("B", {item("b", "/{{x}}")}), folder("C", {item("c", "/c")})});
    EXPECT_EQ(names(set), "A, B | C");
}

TEST(Partition, JumpsKeepWhatIsBetweenThemTogether) {
    const auto made =
        parts({folder("A", {item("a", "/a", "postman.setNextRequest('c')")}), folder("B", {item("b", "/b")}),
               folder("C", {item("c", "/c")}), folder("D", {item("d", "/d")})});
    EXPECT_EQ(names(made), "A, B, C | D");
    EXPECT_EQ(
        names(parts({folder("A", {item("a", "/a", "postman.setNextRequest('a')")}), folder("B", {item("b", "/b")})})),
        "A | B");
    EXPECT_EQ(
        names(parts({folder("A", {item("a", "/a", "postman.setNextRequest(null)")}), folder("B", {item("b", "/b")})})),
        "A, B");
}

TEST(Partition, ScriptsOfTheCollectionBelongToEveryFolder) {
    const json event = json::array({{{"listen", "test"}, {"script", "pm.globals.set('n', pm.globals.get('n') + 1)"}}});
    EXPECT_EQ(names(parts({folder("A", {item("a", "/a")}), folder("B", {item("b", "/b")})}, 1, event)), "A, B");
}

}  // namespace
}  // namespace assay::harness
