#include "harness/suite/scope_files.h"

#include <gtest/gtest.h>

namespace assay::suite {
namespace {

TEST(ScopeFiles, EnvironmentsHaveANameAndValues) {
    const auto file = read_scope(R"({"name": "dev", "values": [{"key": "a", "value": 1}, {"key": "b", "value": "x",
        "disabled": true}, {"key": "c", "value": "5", "type": "number"},
        {"key": "d", "value": "as in newman", "enabled": false}]})",
                                 "e.json")
                          .value();
    EXPECT_EQ(file.name, "dev");
    EXPECT_EQ(file.scope.find("a")->value, Value(1.0));
    EXPECT_EQ(file.scope.find("b"), nullptr);
    EXPECT_EQ(file.scope.find("c")->value, Value(5.0));
    EXPECT_EQ(file.scope.find("d")->value, Value("as in newman"));
}

TEST(ScopeFiles, WhatIsNoEnvironmentIsAnErrorWithFileAndRemedy) {
    const auto file = read_scope("{}", "e.json");
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().detail, "e.json:1: \"values\" is missing");
    EXPECT_FALSE(file.error().remedy.empty());
    EXPECT_FALSE(load_scope("/nowhere/e.json"));
}

TEST(DataFiles, CsvRowsAreTypedAndQuotesKeepText) {
    const auto rows =
        read_data("\xef\xbb\xbfid, name ,n\r\n1,  a b ,\"5\"\n-2.5,\"x \"\"y\"\"\nz\",\n\n7\n", "d.csv").value();
    ASSERT_EQ(rows.size(), 3u);
    EXPECT_EQ(rows[0].find("id")->value, Value(1.0));
    EXPECT_EQ(rows[0].find("name")->value, Value("a b"));
    EXPECT_EQ(rows[0].find("n")->value, Value("5"));
    EXPECT_EQ(rows[1].find("id")->value, Value(-2.5));
    EXPECT_EQ(rows[1].find("name")->value, Value("x \"y\"\nz"));
    EXPECT_EQ(rows[1].find("n")->value, Value(""));
    EXPECT_EQ(rows[2].find("name"), nullptr);
}

TEST(DataFiles, JsonRowsKeepTheirTypes) {
    const auto rows = read_data(R"([{"a": 1, "b": null, "c": {"item": [{}]}}, {}])", "d.json").value();
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[0].find("a")->value, Value(1.0));
    EXPECT_EQ(rows[0].find("b")->value, Value(Null{}));
    EXPECT_EQ(rows[0].find("c")->value, Value(JsonText{R"({"item":[{}]})"}));
}

TEST(DataFiles, ErrorsNameTheLine) {
    EXPECT_EQ(read_data("a,b\n1,2\n\"open,3\n\n", "d.csv").error().detail, "d.csv:3: a quoted field has no end");
    EXPECT_EQ(read_data("a\n\"x\"y\n", "d.csv").error().detail, "d.csv:2: text after a closing quote");
    EXPECT_EQ(read_data("{}", "d.json").error().detail, "d.json:1: the document is not a list");
}

}  // namespace
}  // namespace assay::suite
