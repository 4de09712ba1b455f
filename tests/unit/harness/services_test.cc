#include "harness/services.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace assay;
using namespace assay::harness;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

ServiceRecipes known() {
    ServiceRecipes all;
    for (const char* name : {"postgres", "redis"})
        all.emplace(name, std::make_shared<const images::Recipe>(*images::find_recipe(name)));
    return all;
}

batch::Task task(std::optional<verify::Database> database, std::vector<std::string> services = {}) {
    batch::Task task;
    task.constraints.database = database;
    task.services = std::move(services);
    return task;
}

std::vector<std::string> names(const ServiceList& list) {
    std::vector<std::string> names;
    for (const auto& recipe : list) names.push_back(recipe->name);
    return names;
}

}  // namespace

TEST(WantedServices, FollowTheTaskAndTheManifests) {
    const auto all = known();
    const images::Manifests driver{{"package.json", R"({"dependencies": {"pg": "8"}})"}};
    using verify::Database;
    EXPECT_THAT(names(*wanted_services(task(std::nullopt), {}, all)), ElementsAre());
    EXPECT_THAT(names(*wanted_services(task(Database::sqlite), {}, all)), ElementsAre());
    EXPECT_THAT(names(*wanted_services(task(Database::postgres), {}, all)), ElementsAre("postgres"));
    EXPECT_THAT(names(*wanted_services(task(std::nullopt), driver, all)), ElementsAre("postgres"));
    EXPECT_THAT(names(*wanted_services(task(Database::postgres, {"redis", "postgres"}), driver, all)),
                ElementsAre("postgres", "redis"));
}

TEST(WantedServices, AnUnknownOneIsAFaultThatNamesTheKnown) {
    const auto wanted = wanted_services(task(std::nullopt, {"oracle"}), {}, known());
    ASSERT_FALSE(wanted);
    EXPECT_THAT(wanted.error().reason, HasSubstr("\"oracle\" (known are: postgres, redis)"));
    EXPECT_FALSE(wanted.error().retryable);
}
