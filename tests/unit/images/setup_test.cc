#include "images/setup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace assay;
using namespace assay::images;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

const Recipe& python() {
    static const Recipe recipe = *find_recipe("python");
    return recipe;
}
const Recipe& node() {
    static const Recipe recipe = *find_recipe("node");
    return recipe;
}
std::string python_digest(const std::string& requirements) {
    return plan_setup(python(), {{"requirements.txt", requirements}}, {})->layer->digest();
}
std::string node_digest(const Manifests& manifests, const std::string& command = "npm install") {
    return plan_setup(node(), manifests, {command})->layer->digest();
}
constexpr const char* kExpress = R"({"dependencies": {"express": "4.21.2"}})";

}  // namespace

TEST(PlanSetup, RecognisesTheWaysToInstallRequirements) {
    for (const char* command :
         {"uv pip install --system -r requirements.txt", "pip install -r requirements.txt",
          "pip3 install --no-cache-dir -q -r ./requirements.txt",
          "python3 -m pip install --requirement=requirements.txt", "python -m pip install --upgrade -rrequirements.txt",
          "pip install -r requirements.txt && chmod +x run.sh"}) {
        auto setup = plan_setup(python(), {{"requirements.txt", "six"}}, {command});
        ASSERT_TRUE(setup) << command;
        EXPECT_TRUE(setup->layer) << command;
        EXPECT_THAT(setup->commands, IsEmpty()) << command;
    }
}

TEST(PlanSetup, HandsBackWhatIsNotExactlyAnInstall) {
    for (const char* command :
         {"pip install flask", "pip install -r other.txt", "pip install -r requirements.txt flask", "pip install",
          "pip install -r requirements.txt || true", "pip uninstall -r requirements.txt", "npm install",
          "cd app && pip install -r requirements.txt", "python3 manage.py migrate", "chmod +x other.sh",
          "pip install --target /x -r requirements.txt"}) {
        auto setup = plan_setup(python(), {{"requirements.txt", "six"}}, {command});
        ASSERT_TRUE(setup) << command;
        EXPECT_FALSE(setup->layer) << command;
        EXPECT_THAT(setup->commands, ElementsAre(command));
    }
}

TEST(PlanSetup, RecognisesNpmWithTheFlagsThatDecide) {
    for (const char* command : {"npm install", "npm i --no-audit --no-fund", "npm ci", "npm install --silent"}) {
        auto setup = plan_setup(node(), {{"package.json", kExpress}}, {command, "chmod +x run.sh"});
        ASSERT_TRUE(setup && setup->layer) << command;
        EXPECT_THAT(setup->commands, IsEmpty()) << command;
    }
    EXPECT_TRUE(plan_setup(node(), {{"package.json", kExpress}}, {"npm ci"})->layer->locked);
    EXPECT_EQ(plan_setup(node(), {{"package.json", kExpress}}, {"npm install --production --legacy-peer-deps"})
                  ->layer->files.at(".npmrc"),
              "legacy-peer-deps=true\nomit=dev\n");
    for (const char* command : {"npm install express", "npm install --prefix server", "npm run build", "npm"}) {
        auto setup = plan_setup(node(), {{"package.json", kExpress}}, {command});
        EXPECT_FALSE(setup->layer) << command;
        EXPECT_THAT(setup->commands, ElementsAre(command));
    }
}

TEST(PlanSetup, NeedsNoLayerWhenNothingIsAskedFor) {
    EXPECT_FALSE(plan_setup(python(), {}, {})->layer);
    EXPECT_FALSE(plan_setup(python(), {{"requirements.txt", "# none\n\n"}}, {})->layer);
    EXPECT_FALSE(plan_setup(node(), {{"package.json", R"({"name": "x", "dependencies": {}})"}}, {})->layer);
    EXPECT_FALSE(plan_setup(*find_recipe("host"), {{"requirements.txt", "six"}}, {})->layer);
}

TEST(PlanSetup, LeavesTheSubmissionsOwnScriptsToItsSandbox) {
    auto setup = plan_setup(
        node(),
        {{"package.json", R"({"scripts": {"start": "node .", "prepare": "husky", "postinstall": "node gen.js"}})"}},
        {"npm install", "npm run build"});
    ASSERT_TRUE(setup);
    EXPECT_THAT(setup->commands, ElementsAre("npm run postinstall", "npm run prepare", "npm run build"));
}

TEST(PlanSetup, SharesALayerWhateverElseTheManifestSays) {
    EXPECT_EQ(python_digest("six==1.16.0\nflask\n"),
              python_digest("# web\r\nflask   # the framework\r\n\r\nsix==1.16.0"));
    EXPECT_NE(python_digest("six==1.16.0"), python_digest("six==1.15.0"));
    EXPECT_EQ(node_digest({{"package.json", kExpress}}),
              node_digest(
                  {{"package.json",
                    R"({"name":"a","version":"2.0.0","scripts":{"start":"x"},"dependencies":{"express":"4.21.2"}})"}}));
    EXPECT_NE(node_digest({{"package.json", kExpress}}),
              node_digest({{"package.json", R"({"devDependencies":{"express":"4.21.2"}})"}}));
    EXPECT_NE(node_digest({{"package.json", kExpress}}), node_digest({{"package.json", kExpress}}, "npm ci"));
    const std::string lock = R"({"name":"a","version":"1.0.0","lockfileVersion":3,"packages":{"":{"name":"a"}}})";
    const std::string other_name = R"({"name":"b","version":"1.0.0","lockfileVersion":3,"packages":{"":{"name":"b"}}})";
    const std::string other_lock = R"({"name":"a","lockfileVersion":3,"packages":{"node_modules/x":{}}})";
    EXPECT_EQ(node_digest({{"package.json", kExpress}, {"package-lock.json", lock}}),
              node_digest({{"package.json", kExpress}, {"package-lock.json", other_name}}));
    EXPECT_NE(node_digest({{"package.json", kExpress}, {"package-lock.json", lock}}),
              node_digest({{"package.json", kExpress}, {"package-lock.json", other_lock}}));
}

TEST(PlanSetup, KeepsTheOrderOfRequirementsWhereItMatters) {
    auto setup = plan_setup(python(), {{"requirements.txt", "--no-binary :all:\nsix\nattrs \\\n  >= 1\n"}}, {});
    ASSERT_TRUE(setup && setup->layer);
    EXPECT_EQ(setup->layer->files.at("requirements.txt"), "--no-binary :all:\nsix\nattrs \\\n>= 1\n");
}

TEST(PlanSetup, TakesOnlyHarmlessSettingsOfAProjectsNpmrc) {
    auto setup = plan_setup(
        node(),
        {{"package.json", kExpress},
         {".npmrc",
          "legacy-peer-deps = true\nregistry=https://elsewhere.example\ngit=/bin/evil\n; x\nscript-shell=/x\n"}},
        {"npm install"});
    ASSERT_TRUE(setup && setup->layer);
    EXPECT_EQ(setup->layer->files.at(".npmrc"), "legacy-peer-deps=true\n");
}

TEST(PlanSetup, FollowsIncludedRequirements) {
    EXPECT_THAT(manifest_includes("-r base.txt\nsix\n--constraint=limits.txt\n-c  more.txt # x\n-e .\n"),
                ElementsAre("base.txt", "limits.txt", "more.txt"));
    auto setup = plan_setup(
        python(), {{"requirements.txt", "-r base.txt"}, {"base.txt", "-r requirements.txt\nsix"}, {"other.txt", "x"}},
        {});
    ASSERT_TRUE(setup && setup->layer);
    EXPECT_EQ(setup->layer->files.size(), 2u);
}

TEST(RunsWheelsOnly, TrustsNothingThatMayBuildFromSource) {
    const auto trusted = [](const std::string& requirements) {
        return runs_wheels_only(*plan_setup(python(), {{"requirements.txt", requirements}}, {})->layer);
    };
    EXPECT_TRUE(trusted("flask[async]==3.0 ; python_version > '3.8'\nsix>=1.0,<2\n# https://x\n-r base.txt\n"));
    for (const char* text : {"x @ https://r.example/x.tar.gz", "https://r.example/x.tar.gz",
                             "six\n--no-binary :all:", "six --config-settings=a=b", "six \\\n --global-option=x",
                             "-i https://r.example/simple\nsix"})
        EXPECT_FALSE(trusted(text)) << text;
    EXPECT_FALSE(trusted(std::string("\xff\xfes\0", 4)));
}

TEST(PlanSetup, NamesFileAndLineOfAManifestThatCannotBeRead) {
    auto message = [](const Recipe& recipe, const char* file, const std::string& text) {
        auto setup = plan_setup(recipe, {{file, text}}, {});
        EXPECT_FALSE(setup) << text;
        return setup ? std::string() : setup.error().detail;
    };
    EXPECT_THAT(message(node(), "package.json", "{\n  \"dependencies\": {\n  ,}"), HasSubstr("package.json:3: "));
    EXPECT_THAT(message(node(), "package.json", "[]"), HasSubstr("package.json: it is not an object"));
    EXPECT_THAT(message(node(), "package.json", R"({"dependencies": []})"),
                HasSubstr("'dependencies' is not an object"));
    EXPECT_THAT(message(node(), "package.json", R"({"dependencies": {"x": 1}})"), HasSubstr("version of 'x'"));
    EXPECT_THAT(message(node(), "package.json", R"({"dependencies": {"x": "file:../x"}})"), HasSubstr("file:../x"));
    EXPECT_THAT(message(node(), "package.json", "{\"overrides\":" + std::string(200'000, '[')), HasSubstr("too deep"));
    EXPECT_THAT(message(python(), "requirements.txt", "six\n-e .\n"), HasSubstr("requirements.txt:2: -e ."));
    EXPECT_THAT(message(python(), "requirements.txt", "./wheels/x.whl"), HasSubstr("requirements.txt:1: "));
}
