#include "harness/verify/sarif.h"

#include <gtest/gtest.h>

using namespace assay::verify;

namespace {

const std::vector<RuleVerdict> kVerdicts{
    {"paper/database",
     true,
     false,
     "evidence of both",
     {{"paper/database", Weight::breaks, "src/my db.js", 12, "a quoted pg", "require('pg')"},
      {"paper/database", Weight::supports, "a.py", 1, "an import", "import sqlite3"},
      {"paper/database", Weight::breaks, "", 0, "no evidence", ""}},
     3}};

}  // namespace

TEST(Sarif, HasOneResultAFindingWithItsPlace) {
    const auto sarif = to_sarif({{"", &kVerdicts}}, "1.2.3");
    EXPECT_EQ(sarif["version"], "2.1.0");
    const auto& run = sarif["runs"][0];
    EXPECT_EQ(run["tool"]["driver"]["name"], "assay");
    EXPECT_EQ(run["tool"]["driver"]["version"], "1.2.3");
    ASSERT_EQ(run["results"].size(), 3u);
    const auto& first = run["results"][0];
    EXPECT_EQ(first["ruleId"], "paper/database");
    EXPECT_EQ(run["tool"]["driver"]["rules"][first["ruleIndex"].get<std::size_t>()]["id"], "paper/database");
    EXPECT_EQ(first["kind"], "fail");
    EXPECT_EQ(first["level"], "error");
    const auto& place = first["locations"][0]["physicalLocation"];
    EXPECT_EQ(place["artifactLocation"]["uri"], "src/my%20db.js");
    EXPECT_EQ(place["region"]["startLine"], 12);
    EXPECT_EQ(run["results"][1]["kind"], "pass");
    EXPECT_EQ(run["results"][1]["level"], "none");
    EXPECT_FALSE(run["results"][2].contains("locations")) << "a finding about the submission as a whole";
}

TEST(Sarif, PutsTheSubmissionBeforeThePath) {
    const auto sarif = to_sarif({{"flask-ok", &kVerdicts}}, "1");
    const auto& result = sarif["runs"][0]["results"][1];
    EXPECT_EQ(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "flask-ok/a.py");
    EXPECT_EQ(result["properties"]["submission"], "flask-ok");
}

TEST(VerdictJson, IsWholeAndSurvivesAnyBytes) {
    auto verdicts = kVerdicts;
    verdicts[0].findings[0].evidence = "\xFF\xFE";
    const auto json = to_json(verdicts);
    EXPECT_EQ(json[0]["holds"], false);
    EXPECT_EQ(json[0]["omitted"], 3);
    EXPECT_EQ(json[0]["findings"][0]["line"], 12);
    EXPECT_EQ(json[0]["findings"][1]["weight"], "supports");
    EXPECT_NO_THROW(static_cast<void>(json.dump()));
    EXPECT_NO_THROW(static_cast<void>(to_sarif({{"", &verdicts}}, "1").dump()));
}
