// What the bundles of tests/conformance/verify cannot show: folders, applicability, limits, linear time.
#include "harness/verify/paper.h"

#include <gtest/gtest.h>

#include <chrono>

#include "harness/verify/rules/paper/imports.h"
#include "harness/verify/tree.h"

using namespace assay;
using namespace assay::verify;

namespace {

Written tree_of(std::vector<std::pair<std::string, std::string>> files) {
    AddedSource source;
    for (auto& [path, text] : files) {
        source.backing.push_back(std::make_shared<const std::string>(std::move(text)));
        source.files.push_back({path, lines_of(*source.backing.back())});
    }
    Written written;
    written.tree = std::make_shared<const AddedSource>(std::move(source));
    return written;
}

Written patch_of(std::string text) {
    Written written;
    written.patch = std::make_shared<const std::string>(std::move(text));
    return written;
}

Constraints named(const char* name) { return *parse_task_name(name); }

const Constraints kAll = named("flask-openapi-clean_architecture-sqlite-sqlalchemy");

}  // namespace

TEST(JudgePaper, GivesTheRulesThatTheTaskAsksFor) {
    const Written written = tree_of({{"a.py", "x\n"}});
    EXPECT_TRUE(judge_paper(written, named("flask-openapi-unconstrained")).empty());
    const auto all = judge_paper(written, kAll);
    ASSERT_EQ(all.size(), 3u);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(all[i].rule, kPaperRules[i]);
    EXPECT_EQ(judge_paper(written, named("flask-openapi-sqlite")).at(0).rule, kPaperRules[1]);
}

TEST(JudgePaper, JudgesAFolderAsTheDiffThatItWouldBe) {
    const auto verdicts = judge_paper(tree_of({{"models/a.py", "import os\r\nfrom services import b\r\n"},
                                               {"routes/r.py", ""},
                                               {"services/b.py", "x = 1\f\nimport sqlite3\n# SQLAlchemy"}}),
                                      kAll);
    EXPECT_FALSE(verdicts[0].holds);
    ASSERT_FALSE(verdicts[0].findings.empty());
    EXPECT_EQ(verdicts[0].findings.back().file, "models/a.py");
    EXPECT_EQ(verdicts[0].findings.back().line, 2u);
    EXPECT_EQ(verdicts[0].findings.back().evidence, "from services import b");
    EXPECT_TRUE(verdicts[1].holds);
    EXPECT_EQ(verdicts[1].findings[0].line, 2u);
    EXPECT_EQ(verdicts[2].findings[0].line, 3u);
}

TEST(JudgePaper, ViolatesEverythingWhenThereIsNothing) {
    for (const Written& nothing : {Written{}, patch_of(""), tree_of({})})
        for (const RuleVerdict& verdict : judge_paper(nothing, kAll)) {
            EXPECT_FALSE(verdict.holds);
            ASSERT_EQ(verdict.findings.size(), 1u);
            EXPECT_EQ(verdict.findings[0].file, "");
        }
}

TEST(JudgePaper, BoundsItsFindings) {
    std::string text;
    for (int i = 0; i < 5000; ++i) text += "from services import x\nimport sqlite3\npsycopg2\n";
    const auto verdicts = judge_paper(tree_of({{"models/a.py", text}}), kAll);
    EXPECT_LE(verdicts[0].findings.size(), 2 * kMaxFindings);
    EXPECT_EQ(verdicts[0].omitted, 5000 + 1 - kMaxFindings) << "the missing layers are one finding more";
    EXPECT_LE(verdicts[1].findings.size(), 2 * kMaxFindings);
}

TEST(JudgePaper, IsLinearOnHostileText) {
    // Each repeats what makes a backtracking matcher, or one that rescans, quadratic. 2 MB each.
    const std::vector<std::string> seeds{"import ",
                                         "from ",
                                         "import\n",
                                         "from x ",
                                         "require('",
                                         "require(",
                                         "import a from '",
                                         "import a from ",
                                         "dialect",
                                         "dialect:",
                                         "dialect = ",
                                         "host:\n",
                                         "sqlite+",
                                         "sqlite+a",
                                         "postgres",
                                         "postgresql+x",
                                         "'pg",
                                         "'",
                                         "\"",
                                         "import sqlite3 ",
                                         "psycopg2",
                                         "new ",
                                         "new sequelize ",
                                         "'sequelize' ",
                                         "from 'sequelize",
                                         " ",
                                         "\n",
                                         "\xC2\xA0",
                                         "sqlalchemy",
                                         "SQLALCHEMY",
                                         "django.db.backends.",
                                         "\f",
                                         "\r",
                                         "+",
                                         "routes/"};
    const Constraints node = named("koa-openapi-clean_architecture-postgres-sequelize");
    const auto begin = std::chrono::steady_clock::now();
    for (const std::string& seed : seeds) {
        std::string text;
        while (text.size() < 2'000'000) text += seed;
        const Written written = patch_of("diff --git a/models/x b/models/x\n@@ -0,0 +1 @@\n+" + text + "\n");
        EXPECT_EQ(judge_paper(written, kAll).size(), 3u);
        EXPECT_EQ(judge_paper(written, node).size(), 3u);
    }
    // Linear is about 5 s in the slowest build that runs this; quadratic would be hours.
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(120));
}

TEST(ImportsIn, GivesTheTargetsInOrderOfFormAndPlace) {
    const std::string text = "import b from './x'\nfrom a.b import c\nrequire('y')\nimport os\n";
    std::vector<std::string> targets;
    for (const auto& import : paper::imports_in(text)) targets.emplace_back(import.target);
    EXPECT_EQ(targets, (std::vector<std::string>{"a.b", "b", "os", "y", "./x"}));
    EXPECT_TRUE(paper::imports_in("").empty());
}
