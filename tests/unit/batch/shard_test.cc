#include "harness/batch/shard.h"

#include <gtest/gtest.h>

#include <array>

using namespace assay::batch;

TEST(Shard, EveryIdIsInExactlyOneAndTheyAreOfLikeSize) {
    std::array<int, 4> sizes{};
    for (int each = 0; each < 4000; ++each) {
        const std::string id = "submission-" + std::to_string(each);
        int holders = 0;
        for (std::uint32_t index = 1; index <= 4; ++index) {
            if (!Shard{index, 4}.holds(id)) continue;
            ++holders;
            ++sizes.at(index - 1);
        }
        ASSERT_EQ(holders, 1) << id;
    }
    for (const int size : sizes) EXPECT_NEAR(size, 1000, 150);
}

TEST(Shard, DependsOnTheIdAloneAndNeverChanges) {
    // Folders of half a run must fit the other half that a later version makes. FNV-1a("a") is af63dc4c8601ec8c.
    EXPECT_TRUE((Shard{0xaf63dc4c8601ec8cULL % 7 + 1, 7}.holds("a")));
}

TEST(Shard, IsReadFromArrayJobs) {
    EXPECT_EQ(read_shard("2/3", {})->text(), "2/3");
    const auto slurm = read_shard(
        "auto", {{"SLURM_ARRAY_TASK_ID", "12"}, {"SLURM_ARRAY_TASK_COUNT", "4"}, {"SLURM_ARRAY_TASK_MIN", "10"}});
    ASSERT_TRUE(slurm);
    EXPECT_EQ(slurm->text(), "3/4");
    EXPECT_EQ(read_shard("auto", {{"JOB_COMPLETION_INDEX", "0"}, {"JOB_COMPLETIONS", "8"}})->text(), "1/8");
    EXPECT_EQ(read_shard("auto", {{"CI_NODE_INDEX", "8"}, {"CI_NODE_TOTAL", "8"}})->text(), "8/8");
}

TEST(Shard, WhatIsNoneIsAnErrorWithItsRemedy) {
    for (const char* text : {"", "3", "0/3", "4/3", "1/0", "a/b", "1/3x", "-1/3", "1/4294967295"}) {
        const auto shard = read_shard(text, {});
        ASSERT_FALSE(shard) << text;
        EXPECT_NE(shard.error().remedy, "") << text;
    }
    EXPECT_FALSE(read_shard("auto", {}));
    EXPECT_FALSE(read_shard(
        "auto", {{"SLURM_ARRAY_TASK_ID", "3"}, {"SLURM_ARRAY_TASK_COUNT", "4"}, {"SLURM_ARRAY_TASK_MIN", "10"}}));
}
