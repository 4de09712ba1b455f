// Every bundle's verdicts: rule by rule, holds and findings, as written by hand in make_bundles.py.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/fd.h"
#include "harness/verify/paper.h"
#include "harness/verify/patch.h"

namespace assay::verify {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const fs::path kBundles = fs::path(ASSAY_SOURCE_DIR) / "tests/conformance/verify/bundles";

std::string spell(const Finding& finding) {
    if (finding.file.empty()) return "*";
    return finding.line == 0 ? finding.file : finding.file + ":" + std::to_string(finding.line);
}

std::vector<std::string> places(const RuleVerdict& verdict, Weight weight) {
    std::vector<std::string> all;
    for (const Finding& finding : verdict.findings) {
        EXPECT_EQ(finding.rule, verdict.rule);
        EXPECT_FALSE(finding.message.empty());
        if (finding.weight == weight) all.push_back(spell(finding));
    }
    std::sort(all.begin(), all.end());
    return all;
}

std::vector<std::string> expected_places(const json& expected, const char* key) {
    auto all = expected.at(key).get<std::vector<std::string>>();
    std::sort(all.begin(), all.end());
    return all;
}

std::vector<std::string> bundle_names() {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(kBundles))
        if (entry.path().extension() == ".patch") names.push_back(entry.path().stem().string());
    std::sort(names.begin(), names.end());
    return names;
}

void check_rule(const RuleVerdict& verdict, const json& expected) {
    EXPECT_TRUE(verdict.applicable);
    EXPECT_EQ(verdict.holds, expected.at("holds").get<bool>());
    EXPECT_EQ(places(verdict, Weight::breaks), expected_places(expected, "breaks"));
    EXPECT_EQ(verdict.holds, places(verdict, Weight::breaks).empty()) << "a verdict says what breaks it";
    for (const Weight weight : {Weight::supports, Weight::forgiven}) {
        if (!expected.contains(name_of(weight))) continue;
        EXPECT_EQ(places(verdict, weight), expected_places(expected, name_of(weight))) << name_of(weight);
    }
}

TEST(Bundles, HaveTheVerdictsThatWereWrittenByHand) {
    for (const std::string& name : bundle_names()) {
        SCOPED_TRACE(name);
        const auto text = read_file((kBundles / (name + ".patch")).string());
        const auto expectation = read_file((kBundles / (name + ".json")).string());
        ASSERT_TRUE(text && expectation);
        const json bundle = json::parse(*expectation);
        const auto constraints = parse_task_name(bundle.at("task").get<std::string>());
        ASSERT_TRUE(constraints) << constraints.error().to_string();
        Written written;
        written.patch = std::make_shared<const std::string>(*text);
        const auto verdicts = judge_paper(written, *constraints);
        const json& expected = bundle.at("expected");
        ASSERT_EQ(verdicts.size(), expected.size());
        for (const RuleVerdict& verdict : verdicts) {
            SCOPED_TRACE(verdict.rule + ": " + verdict.summary);
            ASSERT_TRUE(expected.contains(verdict.rule));
            check_rule(verdict, expected[verdict.rule]);
        }
    }
}

TEST(Bundles, ArePatchesThatParse) {
    for (const std::string& name : bundle_names()) {
        const auto text = read_file((kBundles / (name + ".patch")).string());
        ASSERT_TRUE(text);
        const auto patch = parse_patch(*text, name);
        EXPECT_TRUE(patch) << patch.error().to_string();
    }
}

TEST(Bundles, HitEveryAliasOfEveryLayer) {
    const auto names = bundle_names();
    EXPECT_GT(names.size(), 300u);
    for (const char* alias :
         {"routes",     "handlers",  "route",       "handler", "routers",  "views",  "services", "service",
          "usecases",   "use_cases", "models",      "model",   "entities", "entity", "domain",   "repositories",
          "repository", "repos",     "data_access", "data",    "dao",      "dal"})
        EXPECT_TRUE(std::find(names.begin(), names.end(), std::string("layer-") + alias) != names.end()) << alias;
}

}  // namespace
}  // namespace assay::verify
