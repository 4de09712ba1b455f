#include "images/tree.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "base/fd.h"

using namespace assay;
using namespace assay::images;

namespace {
std::string make_folder() {
    char name[] = "/tmp/assay-tree-test-XXXXXX";
    return ::mkdtemp(name);
}
}  // namespace

TEST(RemoveTree, FollowsNoSymlink) {
    const std::string outside = make_folder(), tree = make_folder();
    ASSERT_TRUE(replace_file(outside + "/kept", "x"));
    std::filesystem::create_directory(tree + "/inner");
    std::filesystem::create_directory_symlink(outside, tree + "/inner/link");
    std::filesystem::create_directory_symlink(outside, tree + "/link");
    ASSERT_TRUE(remove_tree(tree));
    EXPECT_FALSE(std::filesystem::exists(tree));
    EXPECT_TRUE(std::filesystem::exists(outside + "/kept"));
    ASSERT_TRUE(remove_tree(outside));
    EXPECT_TRUE(remove_tree(outside));  // a missing tree is removed already
}

TEST(RemoveTree, RemovesBelowDirectoriesWithoutPermissions) {
    const std::string tree = make_folder();
    std::filesystem::create_directories(tree + "/a/b/c");
    ASSERT_TRUE(replace_file(tree + "/a/b/file", "x"));
    ::chmod((tree + "/a/b").c_str(), 0);
    ::chmod((tree + "/a").c_str(), 0500);
    EXPECT_TRUE(remove_tree(tree));
    EXPECT_FALSE(std::filesystem::exists(tree));
}

TEST(RemoveTree, IsNotStoppedByDepth) {
    const std::string tree = make_folder();
    Fd at(::open(tree.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    for (int depth = 0; depth < 1500; ++depth) {  // deeper than descriptors allow, and longer than a path may be
        ASSERT_EQ(::mkdirat(at.get(), "deep", 0700), 0);
        at = Fd(::openat(at.get(), "deep", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    }
    EXPECT_EQ(measure_tree(tree).entries, UINT64_MAX);
    auto removed = remove_tree(tree);
    EXPECT_TRUE(removed) << removed.error().to_string();
    EXPECT_FALSE(std::filesystem::exists(tree));
}

TEST(MeasureTree, CountsBlocksAndStopsAtItsBound) {
    const std::string tree = make_folder();
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(replace_file(tree + "/" + std::to_string(i), std::string(100'000, 'x')));
    const TreeSize size = measure_tree(tree);
    EXPECT_EQ(size.entries, 10u);
    EXPECT_GE(size.allocated.count, 1'000'000u);
    EXPECT_LE(measure_tree(tree, Bytes{150'000}).entries, 3u);
    EXPECT_EQ(measure_tree(tree, {}, 4).entries, 5u);
    EXPECT_EQ(measure_tree(tree + "/none").entries, 0u);
    ASSERT_TRUE(remove_tree(tree));
}
