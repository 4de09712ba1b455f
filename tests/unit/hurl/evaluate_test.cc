#include "harness/hurl/evaluate.h"

#include <gtest/gtest.h>

#include "harness/suite/hurl.h"

namespace assay::hurl {
namespace {

// The lines of an [Asserts] section over one answer: empty where it holds, else what Hurl says.
std::vector<std::string> judged(const std::string& asserts, const Response& response) {
    auto file = suite::read_hurl("GET http://x\nHTTP *\n[Asserts]\n" + asserts, "t.hurl");
    if (!file) return {file.error().to_string()};
    const auto compiled = compile(std::move(*file));
    if (!compiled) return {compiled.error().to_string()};
    Variables variables;
    variables.set("seven", integer(7));
    Evaluator evaluator(**compiled, variables, {});
    evaluator.look_at(response);
    std::vector<std::string> said;
    for (const auto& assertion : (*compiled)->file.entries[0].response->asserts) {
        const auto result = evaluator.assertion(assertion);
        said.push_back(result ? "" : result.error().what + ": " + result.error().message);
    }
    return said;
}

Response answer(std::string body) {
    Response response;
    response.version = "HTTP/1.1";
    response.status = 200;
    response.body = response.raw = std::move(body);
    return response;
}

TEST(Evaluate, NumbersAreEqualAcrossTheirKindsAndTextsAreNot) {
    const auto said = judged("jsonpath \"$.a\" == 7.0\njsonpath \"$.a\" == {{seven}}\njsonpath \"$.a\" == \"7\"\n",
                             answer("{\"a\": 7}"));
    ASSERT_EQ(said.size(), 3u);
    EXPECT_EQ(said[0], "");
    EXPECT_EQ(said[1], "");
    EXPECT_EQ(said[2], "Assert failure:    actual:   integer <7>\n   expected: string <7>");
}

TEST(Evaluate, TypesThatCannotBeComparedFailWithNotToo) {
    const auto said = judged("jsonpath \"$.a\" > \"x\"\njsonpath \"$.a\" not > \"x\"\n", answer("{\"a\": 7}"));
    ASSERT_EQ(said.size(), 2u);
    EXPECT_NE(said[0].find("types between actual and expected are not consistent"), std::string::npos);
    EXPECT_NE(said[1].find("types between actual and expected are not consistent"), std::string::npos);
}

TEST(Evaluate, WhatIsNotThereFailsAllButNotExists) {
    const auto said = judged("jsonpath \"$.b\" not exists\njsonpath \"$.b\" == null\njsonpath \"$.b\" count == 0\n",
                             answer("{\"a\": 7}"));
    ASSERT_EQ(said.size(), 3u);
    EXPECT_EQ(said[0], "");
    EXPECT_EQ(said[1], "Assert failure:    actual:   none\n   expected: null <null>");
    EXPECT_EQ(said[2], "Filter error: missing value to apply filter");
}

// A body is the server's: it cannot exhaust the stack of who reads it.
TEST(Evaluate, DeeplyNestedJsonIsNotJson) {
    const auto said = judged("jsonpath \"$\" exists\n", answer(std::string(100000, '[') + std::string(100000, ']')));
    ASSERT_EQ(said.size(), 1u);
    EXPECT_EQ(said[0], "Invalid JSON: HTTP response is not a valid JSON");
}

// ... nor fill the memory by entities of entities.
TEST(Evaluate, EntitiesOfEntitiesAreNotExpandedWithoutEnd) {
    std::string document = "<!DOCTYPE a [<!ENTITY e0 \"aaaaaaaaaa\">";
    for (int level = 1; level < 10; ++level) {
        document += "<!ENTITY e" + std::to_string(level) + " \"";
        for (int copy = 0; copy < 10; ++copy) document += "&e" + std::to_string(level - 1) + ";";
        document += "\">";
    }
    const auto said = judged("xpath \"string-length(/)\" < 100000000\n", answer(document + "]><a>&e9;</a>"));
    ASSERT_EQ(said.size(), 1u);
    EXPECT_LT(said[0].size(), 10'000u);
}

// ... nor keep a pattern busy for ever.
TEST(Evaluate, APatternThatBacktracksWithoutEndIsAnError) {
    const auto said = judged("body matches /^(a|aa)+$/\n", answer(std::string(60, 'a') + "b"));
    ASSERT_EQ(said.size(), 1u);
    EXPECT_EQ(said[0], "Invalid regex: regex takes too much work");
}

TEST(Evaluate, LookAroundAndBackReferencesAreNoRegularExpressions) {
    EXPECT_FALSE(Regex::compile("(?=a)"));
    EXPECT_FALSE(Regex::compile("(a)\\1"));
    EXPECT_FALSE(Regex::compile("a++"));
    EXPECT_FALSE(Regex::compile("[a&&b]"));
    EXPECT_TRUE(Regex::compile("(?P<year>\\d{4})-[[:alpha:]]+?"));
}

TEST(Evaluate, FilesOutsideOfTheRootAreRefused) {
    const FileRoot root{ASSAY_SOURCE_DIR "/tests/golden/hurl/forms"};
    EXPECT_TRUE(root.read("suite.hurl", {}));
    EXPECT_TRUE(root.read("./x/../suite.hurl", {}));
    for (const char* outside : {"../forms2", "../../README.md", "/etc/hostname"}) {
        const auto read = root.read(outside, {});
        ASSERT_FALSE(read) << outside;
        EXPECT_EQ(read.error().what, "Unauthorized file access") << outside;
    }
}

TEST(Evaluate, VariablesOfTheCommandLineGetTheTypeOfWhatTheyLookLike) {
    const auto kind = [](const char* text) { return described(parse_variable(text).value().second); };
    EXPECT_EQ(kind("a=3"), "integer <3>");
    EXPECT_EQ(kind("a=3.5"), "float <3.5>");
    EXPECT_EQ(kind("a=true"), "boolean <true>");
    EXPECT_EQ(kind("a=null"), "null <null>");
    EXPECT_EQ(kind("a=\"3\""), "string <3>");
    EXPECT_EQ(kind("a=99999999999999999999"), "integer <99999999999999999999>");
    EXPECT_EQ(kind("a=b=c"), "string <b=c>");
    EXPECT_FALSE(parse_variable("newUuid=1"));
    EXPECT_FALSE(parse_variable("a"));
}

TEST(Evaluate, DatesKeepTheirFormatBothWays) {
    const auto date = parse_date("Thu, 29 Feb 2024 23:05:07 +0130", "%a, %d %b %Y %H:%M:%S %z");
    ASSERT_TRUE(date);
    EXPECT_EQ(iso_text(*date), "2024-02-29T21:35:07.000000Z");
    EXPECT_EQ(format_date(*date, "%G-W%V-%u %j %I%P").value(), "2024-W09-4 060 09pm");
    EXPECT_FALSE(parse_date("2023-02-29", "%Y-%m-%d"));
    EXPECT_FALSE(parse_date("Fri, 29 Feb 2024", "%a, %d %b %Y"));  // it was a Thursday
    EXPECT_FALSE(format_date(*date, "%Q"));
}

}  // namespace
}  // namespace assay::hurl
