// Services prepared for real: by the sandbox's user, once, whatever else is missing.
#include <gmock/gmock.h>

#include <sys/stat.h>

#include <thread>

#include "tests/images/fixture.h"

using namespace assay;
using namespace assay::images;
using testing::Contains;
using testing::HasSubstr;
using Reason = LayerFailure::Reason;

TEST_F(RealBuild, PostgresIsPreparedOnceAndWithoutANetwork) {
    auto offline = options();
    offline.offline = true;
    auto store = open(offline);
    const Recipe postgres = *find_recipe("postgres");
    std::vector<std::string> paths(2);
    std::vector<std::thread> both;
    for (std::string& path : paths)
        both.emplace_back([&] {
            auto made = store.ensure_service(postgres);
            ASSERT_TRUE(made) << log_of(made.error());
            path = made->path();
        });
    for (std::thread& each : both) each.join();
    EXPECT_EQ(paths[0], paths[1]);
    auto made = store.ensure_service(postgres);
    ASSERT_TRUE(made) << log_of(made.error());
    EXPECT_EQ(made->path(), paths[0]);
    EXPECT_THAT(made->info().contents, Contains(HasSubstr("PostgreSQL")));
    const std::string data = made->path() + "/tree/data/";
    EXPECT_TRUE(std::filesystem::exists(data + "PG_VERSION"));
    EXPECT_FALSE(std::filesystem::exists(data + "postmaster.pid")) << "it was not shut down";
    struct stat info {};
    ASSERT_EQ(::stat(data.c_str(), &info), 0);
    EXPECT_NE(info.st_uid, 0u) << "PostgreSQL refuses what belongs to root";
    EXPECT_EQ(info.st_mode & 0777u, 0700u);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(path_ + "/layers"), {}), 1);
}

TEST_F(RealBuild, AMissingServiceIsAFaultThatNamesTheDebianPackage) {
    auto store = open();
    Recipe postgres = *find_recipe("postgres");
    for (Tool& tool : postgres.tools)
        if (tool.package == "postgresql-15") tool.path = "/no-such-folder" + tool.path;
    const auto made = store.ensure_service(postgres);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().reason, Reason::tool_missing);
    EXPECT_FALSE(made.error().of_submission());
    EXPECT_THAT(made.error().to_string(), HasSubstr("apt-get install postgresql-15"));
}

TEST_F(RealBuild, APreparationThatFailsLeavesItsLogAndNothingElse) {
    auto store = open();
    Recipe redis = *find_recipe("redis");
    redis.tools.clear();
    redis.probes.clear();
    redis.service->prepare = "id -u; touch half; echo 'no such thing'; exit 3";
    const auto made = store.ensure_service(redis);
    ASSERT_FALSE(made);
    EXPECT_FALSE(made.error().of_submission());
    EXPECT_THAT(made.error().what, HasSubstr("exited with status 3: no such thing"));
    EXPECT_THAT(made.error().last_lines, Contains("1000"));
    EXPECT_TRUE(std::filesystem::exists(made.error().log));
    EXPECT_TRUE(std::filesystem::is_empty(path_ + "/building"));
    EXPECT_TRUE(std::filesystem::is_empty(path_ + "/layers"));
    redis.service->prepare = "touch whole";
    EXPECT_TRUE(store.ensure_service(redis)) << "a fault is tried again";
}
