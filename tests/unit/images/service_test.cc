#include "images/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "images/recipe.h"
#include "images/service_template.h"

using namespace assay;
using namespace assay::images;
using testing::HasSubstr;

namespace {

constexpr const char* kService = R"(name = "own"
summary = "mine"
revision = 1
[service]
port = 7000
prepare = "true"
command = ["/usr/bin/own"]
ready = "ready"
hello = "hi"
answer = "ho"
disk = "8M"
)";

Result<Recipe> parse(const std::string& text) {
    return parse_recipe(text, "own/recipe.toml",
                        [](std::string_view) -> Result<Recipe> { return fail("find", "none"); });
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
    const auto at = text.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    return text.replace(at, what.size(), with);
}

}  // namespace

TEST(ReadService, KnowsTheBuiltInOnes) {
    const auto postgres = find_recipe("postgres"), redis = find_recipe("redis"), python = find_recipe("python");
    ASSERT_TRUE(postgres && redis && python);
    ASSERT_TRUE(postgres->service && redis->service);
    EXPECT_FALSE(python->service);
    EXPECT_EQ(postgres->service->port, 5432);
    EXPECT_EQ(postgres->service->memory, 512_MiB);
    EXPECT_EQ(postgres->tools.back().package, "postgresql-15");
    EXPECT_EQ(postgres->service->hello, "");  // its own word is enough
    EXPECT_EQ(redis->service->hello, "PING\r\n");
}

TEST(ReadService, AQuestionNeedsAnAnswerAndNeitherIsNeeded) {
    const std::string alone = replaced(replaced(kService, "hello = \"hi\"\n", ""), "answer = \"ho\"\n", "");
    const auto read = parse(alone);
    ASSERT_TRUE(read) << read.error().to_string();
    EXPECT_EQ(read->service->hello, "");
    const auto refused = parse(replaced(kService, "answer = \"ho\"\n", ""));
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().to_string(), HasSubstr("'answer' is missing"));
}

TEST(ReadService, NamesFileAndLineOfEveryMistake) {
    ASSERT_TRUE(parse(kService)) << parse(kService).error().to_string();
    const std::pair<const char*, std::pair<const char*, const char*>> mistakes[] = {
        {"own/recipe.toml:5: 'port' must be a number from 1 to 65535", {"port = 7000", "port = 70000"}},
        {"'port' is missing", {"port = 7000\n", ""}},
        {"'command' must start with an absolute path", {"/usr/bin/own", "own"}},
        {"'ready' is missing", {"ready = \"ready\"\n", ""}},
        {"'disk' is missing", {"disk = \"8M\"\n", ""}},
        {"own/recipe.toml:11: 'disk'", {"8M", "many"}},
        {"'prot' is not known here", {"port =", "prot ="}},
    };
    for (const auto& [message, change] : mistakes) {
        const auto recipe = parse(replaced(kService, change.first, change.second));
        ASSERT_FALSE(recipe) << message;
        EXPECT_THAT(recipe.error().detail, HasSubstr(message));
    }
}

TEST(NamesDriver, ReadsRequirementsAsPipComparesNames) {
    const Service postgres = *find_recipe("postgres")->service;
    auto names = [&](const std::string& text) { return names_driver(postgres, {{"requirements.txt", text}}); };
    EXPECT_TRUE(names("Flask==3.1.3\npsycopg2-binary==2.9.13\n"));
    EXPECT_TRUE(names("  Psycopg2_Binary>=2 ; python_version > '3'"));
    EXPECT_TRUE(names("psycopg[binary]"));
    EXPECT_TRUE(names("asyncpg"));
    EXPECT_FALSE(names("# psycopg2\nFlask\npsycopg2-yugabytedb\n-r psycopg2\n"));
    EXPECT_FALSE(names(""));
}

TEST(NamesDriver, ReadsTheDependenciesOfAPackage) {
    const Service postgres = *find_recipe("postgres")->service;
    auto names = [&](const std::string& text) { return names_driver(postgres, {{"package.json", text}}); };
    EXPECT_TRUE(names(R"({"dependencies": {"express": "5", "pg": "^8"}})"));
    EXPECT_TRUE(names(R"({"optionalDependencies": {"pg-promise": "11"}})"));
    EXPECT_FALSE(names(R"({"name": "pg", "dependencies": {"pg-types": "4"}, "scripts": {"pg": "x"}})"));
    EXPECT_FALSE(names("not JSON: pg"));
    EXPECT_FALSE(names(R"({"dependencies": ["pg"]})"));
    EXPECT_FALSE(names_driver(postgres, {{"package-lock.json", R"({"dependencies": {"pg": "8"}})"}}));
}

TEST(ServiceKey, ChangesWithTheVersionAndWithWhatIsPrepared) {
    Recipe recipe = *parse(kService);
    const std::map<std::string, std::string> now{{"own", "1.0"}};
    const std::string key = service_key(recipe, now, "x86_64");
    EXPECT_EQ(key, service_key(recipe, now, "x86_64"));
    EXPECT_NE(key, service_key(recipe, {{"own", "1.1"}}, "x86_64"));
    EXPECT_NE(key, service_key(recipe, now, "aarch64"));
    recipe.service->command.push_back("--fast");  // decides how it runs, not what was prepared
    EXPECT_EQ(key, service_key(recipe, now, "x86_64"));
    recipe.service->prepare = "false";
    EXPECT_NE(key, service_key(recipe, now, "x86_64"));
}
