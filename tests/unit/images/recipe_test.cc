#include "images/recipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <filesystem>
#include <map>

#include "base/fd.h"
#include "tests/unit/temp_dir.h"

using namespace assay;
using namespace assay::images;
using testing::HasSubstr;

namespace {

struct Folder {
    TempDir dir;
    const std::string& path = dir.path();
    void add(const std::string& name, const std::string& text) const {
        std::filesystem::create_directories(path + "/" + name);
        ASSERT_TRUE(replace_file(path + "/" + name + "/recipe.toml", text));
    }
};

constexpr const char* kMinimal = "name = \"own\"\nsummary = \"mine\"\nrevision = 3\n";

Result<Recipe> parse(const std::string& text) {
    return parse_recipe(text, "own/recipe.toml",
                        [](std::string_view) -> Result<Recipe> { return fail("find", "none"); });
}

}  // namespace

TEST(FindRecipe, KnowsTheBuiltInImagesCompletely) {
    EXPECT_THAT(recipe_names(), testing::ElementsAre("bookworm", "host", "node", "postgres", "python", "redis"));
    for (const auto& name : recipe_names()) {
        auto recipe = find_recipe(name);
        ASSERT_TRUE(recipe) << recipe.error().to_string();
        EXPECT_EQ(recipe->name, name);
        EXPECT_FALSE(recipe->tools.empty());
    }
}

TEST(FindRecipe, PutsWhatItAddsAfterItsBase) {
    auto host = find_recipe("host"), python = find_recipe("python");
    ASSERT_TRUE(host && python);
    ASSERT_GT(python->root.size(), host->root.size());
    for (std::size_t i = 0; i < host->root.size(); ++i) EXPECT_EQ(python->root[i].path, host->root[i].path);
    EXPECT_EQ(python->layer, LayerKind::python_prefix);
    EXPECT_EQ(host->layer, LayerKind::none);
}

TEST(FindRecipe, PrefersTheOperatorsFolder) {
    Folder folder;
    folder.add("python", "name = \"python\"\nsummary = \"another\"\nrevision = 9\nbase = \"host\"\n");
    folder.add("own", kMinimal);
    EXPECT_EQ(find_recipe("python", folder.path)->revision, 9u);
    EXPECT_EQ(find_recipe("own", folder.path)->summary, "mine");
    EXPECT_THAT(recipe_names(folder.path),
                testing::ElementsAre("bookworm", "host", "node", "own", "postgres", "python", "redis"));
}

TEST(FindRecipe, NamesTheKnownImagesWhenThereIsNone) {
    auto recipe = find_recipe("perl");
    ASSERT_FALSE(recipe);
    EXPECT_THAT(recipe.error().remedy, HasSubstr("host, node, postgres, python, redis"));
    EXPECT_FALSE(find_recipe("../host"));
}

TEST(FindRecipe, EndsACircleOfBases) {
    Folder folder;
    folder.add("a", "name = \"a\"\nsummary = \"a\"\nrevision = 1\nbase = \"b\"\n");
    folder.add("b", "name = \"b\"\nsummary = \"b\"\nrevision = 1\nbase = \"a\"\n");
    auto recipe = find_recipe("a", folder.path);
    ASSERT_FALSE(recipe);
    EXPECT_THAT(recipe.error().detail, HasSubstr("circle"));
}

TEST(ParseRecipe, NamesFileAndLineOfEveryMistake) {
    const std::map<std::string, std::string> mistakes{
        {"revision = \n", "own/recipe.toml:4: "},
        {"colour = \"red\"\n", "own/recipe.toml:4: 'colour' is not known"},
        {"[[tool]]\npath = \"/usr/bin/x\"\n", "own/recipe.toml:4: 'package' is missing"},
        {"[[tool]]\npath = \"bin/x\"\npackage = \"x\"\n", "own/recipe.toml:5: 'path' must be an absolute"},
        {"[[root]]\nbind = \"/usr/../etc\"\n", "own/recipe.toml:5: 'bind' must be an absolute, plain path"},
        {"[[root]]\nbind = \"/usr\"\ncontent = \"x\"\n", "own/recipe.toml:6: 'content' is not known"},
        {"[[root]]\n", "own/recipe.toml:4: a [[root]] entry needs one of"},
        {"[[probe]]\nname = \"x\"\ncommand = [\"ls\"]\n", "own/recipe.toml:4: 'command' must start with an absolute"},
        {"[env]\nPORT = 1\n", "own/recipe.toml:5: values of [env] are texts"},
        {"[layer]\nkind = \"gems\"\nmanifests = [\"Gemfile\"]\n", "own/recipe.toml:5: no layer kind 'gems'"},
    };
    for (const auto& [text, message] : mistakes) {
        auto recipe = parse(kMinimal + text);
        ASSERT_FALSE(recipe) << text;
        EXPECT_THAT(recipe.error().detail, HasSubstr(message));
    }
    EXPECT_THAT(parse("summary = \"x\"\nrevision = 1\n").error().detail, HasSubstr("'name' is missing"));
    EXPECT_THAT(parse("name = \"x\"\nsummary = \"x\"\nrevision = 0\n").error().detail, HasSubstr("recipe.toml:3"));
}

TEST(CheckTools, NamesTheDebianPackageThatBringsWhatIsMissing) {
    auto recipe = parse(std::string(kMinimal) +
                        "[[tool]]\npath = \"/usr/bin/no-such-tool\"\npackage = \"tool-of-mine\"\n"
                        "[[tool]]\npath = \"/no-such-compiler\"\npackage = \"compiler\"\nbuild = true\n"
                        "[[tool]]\npath = \"/bin/sh\"\npackage = \"dash\"\n");
    ASSERT_TRUE(recipe);
    EXPECT_EQ(missing_tools(*recipe, false).size(), 1u);
    auto checked = check_tools(*recipe, true);
    ASSERT_FALSE(checked);
    EXPECT_THAT(checked.error().remedy, HasSubstr("apt-get install compiler tool-of-mine"));
    EXPECT_THAT(checked.error().detail, Not(HasSubstr("/bin/sh")));
}

TEST(ServerEnv, GivesADatabaseOnlyWhenThereIsOne) {
    auto python = find_recipe("python");
    ASSERT_TRUE(python);
    auto named = [](const auto& env) { return std::map<std::string, std::string>(env.begin(), env.end()); };
    auto without = named(server_env(*python, 8080));
    EXPECT_EQ(without["PORT"], "8080");
    EXPECT_EQ(without["TZ"], "UTC");
    EXPECT_EQ(without["PYTHONHASHSEED"], "0");
    EXPECT_FALSE(without.contains("DATABASE_URL"));
    const auto postgres = find_recipe("postgres");
    ASSERT_TRUE(postgres) << postgres.error().to_string();
    const std::array beside{&*postgres};
    auto with = named(server_env(*python, 8080, beside));
    EXPECT_EQ(with["DATABASE_URL"], "postgresql://user:password@postgres:5432/conduit");
    EXPECT_EQ(with["PGDATABASE"], "conduit");
}

TEST(RootPlan, KeepsTheSymlinksOfMergedUsr) {
    auto plan = root_plan(*find_recipe("host"));
    ASSERT_TRUE(plan) << plan.error().to_string();
    struct stat info {};
    ASSERT_EQ(::lstat("/bin", &info), 0);
    using Kind = sandbox::RootStep::Kind;
    for (const auto& step : plan->steps) {
        if (step.target != "/bin") continue;
        EXPECT_EQ(step.kind, S_ISLNK(info.st_mode) ? Kind::symlink : Kind::bind_ro);
    }
}

TEST(RootPlan, RefusesAMissingPathUnlessItIsOptional) {
    auto recipe = parse(std::string(kMinimal) + "[[root]]\nbind = \"/no-such-path\"\noptional = true\n");
    ASSERT_TRUE(recipe);
    EXPECT_TRUE(root_plan(*recipe)->steps.empty());
    recipe->root.front().optional = false;
    auto plan = root_plan(*recipe);
    ASSERT_FALSE(plan);
    EXPECT_EQ(plan.error().detail, "/no-such-path");
}

TEST(ParseRecipe, ReadsWhichInterpreterIsKeptWarmWithWhichModules) {
    auto recipe = parse(std::string(kMinimal) + "[warm]\ninterpreter = \"/usr/bin/x\"\nmodules = [\"a\", \"b.c\"]\n");
    ASSERT_TRUE(recipe) << recipe.error().to_string();
    ASSERT_TRUE(recipe->warm);
    EXPECT_EQ(recipe->warm->interpreter, "/usr/bin/x");
    EXPECT_THAT(recipe->warm->modules, testing::ElementsAre("a", "b.c"));
    EXPECT_FALSE(parse(kMinimal)->warm.has_value());
    for (const char* wrong :
         {"warm = 1\n", "[warm]\nmodules = [\"a\"]\n", "[warm]\ninterpreter = \"x\"\nmodules = [\"a\"]\n",
          "[warm]\ninterpreter = \"/x\"\nmodules = []\n",
          "[warm]\ninterpreter = \"/x\"\nmodules = [\"a\"]\nmore = 1\n"}) {
        const auto refused = parse(std::string(kMinimal) + wrong);
        ASSERT_FALSE(refused) << wrong;
        EXPECT_THAT(refused.error().to_string(), HasSubstr("own/recipe.toml:")) << wrong;
    }
}
