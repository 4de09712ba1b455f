#include "harness/batch/json_text.h"

#include <gtest/gtest.h>

using namespace assay::batch;

TEST(JsonText, KnowsTheLineOfEveryKey) {
    const auto text = JsonText::parse("{\n \"a\": 1,\n \"b\": {\n  \"c/d\":\n   [2,\n 3], \"e\": 4\n }}", "f.json");
    ASSERT_TRUE(text);
    EXPECT_EQ(text->line_of(""), 1u);
    EXPECT_EQ(text->line_of("/a"), 2u);
    EXPECT_EQ(text->line_of("/b/c~1d"), 4u);
    EXPECT_EQ(text->line_of("/b/c~1d/1"), 4u) << "an element has the line of its array";
    EXPECT_EQ(text->line_of("/b/e"), 6u);
    EXPECT_EQ(text->line_of("/b/missing"), 3u) << "what is missing has the line of where it should be";
    EXPECT_EQ(text->where("/b/e"), "f.json:6");
}

TEST(JsonText, CountsFromTheGivenLine) {
    const auto text = JsonText::parse("{\"a\": 1}", "b.jsonl", 12);
    ASSERT_TRUE(text);
    EXPECT_EQ(text->where("/a"), "b.jsonl:12");
}

TEST(JsonText, SaysLineAndColumnOfASyntaxError) {
    auto error = [](std::string_view json) {
        auto text = JsonText::parse(json, "f.json", 5);
        EXPECT_FALSE(text);
        return text ? "" : text.error().to_string();
    };
    EXPECT_EQ(error("{\n \"a\": tru\n}").substr(0, 25), "read JSON: f.json:6:10: s");
    EXPECT_EQ(error("").substr(0, 23), "read JSON: f.json:5:1: ");
    EXPECT_EQ(error("{} x").substr(0, 23), "read JSON: f.json:5:4: ");
    EXPECT_EQ(error("[1,]").substr(0, 23), "read JSON: f.json:5:4: ");
    EXPECT_NE(error("{\"a\": \"\x01\"}").find("(correct the JSON there)"), std::string::npos);
    EXPECT_EQ(error("{\"a\": \"\x1b[31m\"}").find('\x1b'), std::string::npos) << "no control characters in messages";
}

TEST(JsonText, TakesDeepNestingWithoutRecursion) {
    const std::string deep = std::string(200000, '[') + std::string(200000, ']');
    EXPECT_TRUE(JsonText::parse(deep, "f"));
    EXPECT_FALSE(JsonText::parse(std::string(200000, '['), "f"));
}
