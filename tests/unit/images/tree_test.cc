#include "images/tree.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/fd.h"
#include "tests/unit/temp_dir.h"

using namespace assay;
using namespace assay::images;

TEST(MeasureTree, TakesWhatItCannotSeeForEndless) {
    const TempDir dir, closed;
    const std::string& tree = dir.path();
    Fd at(::open(tree.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    for (int depth = 0; depth < 200; ++depth) {
        ASSERT_EQ(::mkdirat(at.get(), "deep", 0700), 0);
        at = Fd(::openat(at.get(), "deep", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    }
    EXPECT_EQ(measure_tree(tree).entries, UINT64_MAX);
    ASSERT_TRUE(remove_tree(tree));
    if (::geteuid() == 0) return;  // root sees everything
    std::filesystem::create_directory(closed / "inner");
    ::chmod((closed / "inner").c_str(), 0);
    EXPECT_EQ(measure_tree(closed.path()).entries, UINT64_MAX);
    ASSERT_TRUE(remove_tree(closed.path()));
}

TEST(ReadBeneath, FollowsNoSymlinkAndOpensNoPipe) {
    const TempDir dir, beside;
    const std::string &tree = dir.path(), &outside = beside.path();
    ASSERT_TRUE(replace_file(outside + "/secret", "secret"));
    std::filesystem::create_directories(tree + "/a");
    ASSERT_TRUE(replace_file(tree + "/a/file", "text"));
    std::filesystem::create_symlink(outside + "/secret", tree + "/a/link");
    std::filesystem::create_directory_symlink(outside, tree + "/b");
    ASSERT_EQ(::mkfifo((tree + "/pipe").c_str(), 0600), 0);
    EXPECT_EQ(read_beneath(tree, "a/file", 100).value_or(""), "text");
    EXPECT_FALSE(read_beneath(tree, "a/file", 3));
    for (const char* path : {"a/link", "b/secret", "../secret", "a/../../x", "pipe", "a", "none"})
        EXPECT_FALSE(read_beneath(tree, path, 100)) << path;
    EXPECT_EQ(list_beneath(tree, "a"), (std::vector<std::string>{"file", "link"}));
    EXPECT_TRUE(list_beneath(tree, "b").empty());
}

TEST(MeasureTree, CountsBlocksAndStopsAtItsBound) {
    const TempDir dir;
    const std::string& tree = dir.path();
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(replace_file(tree + "/" + std::to_string(i), std::string(100'000, 'x')));
    const TreeSize size = measure_tree(tree);
    EXPECT_EQ(size.entries, 10u);
    EXPECT_GE(size.allocated.count, 1'000'000u);
    EXPECT_LE(measure_tree(tree, Bytes{150'000}).entries, 3u);
    EXPECT_EQ(measure_tree(tree, {}, 4).entries, 5u);
    EXPECT_EQ(measure_tree(tree + "/none").entries, 0u);
}
