#include "base/tree.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/temp_dir.h"

using namespace assay;
namespace fs = std::filesystem;

class RemoveTree : public ::testing::Test {
 protected:
    TempDir dir;
    const std::string& root = dir.path();
    const Fd at{::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
};

TEST_F(RemoveTree, RemovesReadOnlyFoldersAndLeavesWhatLinksPointAt) {
    fs::create_directories(root + "/victim");
    std::ofstream(root + "/victim/kept") << "x";
    fs::create_directories(root + "/tree/a/b");
    std::ofstream(root + "/tree/a/b/file") << "x";
    fs::create_directory_symlink(root + "/victim", root + "/tree/link");
    fs::permissions(root + "/tree/a/b", fs::perms::owner_read);
    auto removed = remove_tree_at(at.get(), "tree");
    ASSERT_TRUE(removed) << removed.error().to_string();
    EXPECT_FALSE(fs::exists(root + "/tree"));
    EXPECT_TRUE(fs::exists(root + "/victim/kept"));
}

TEST_F(RemoveTree, IsNotStoppedByDepth) {
    Fd inner = std::move(*make_directory_at(at.get(), "tree"));
    for (int depth = 0; depth < 1500; ++depth) {  // deeper than descriptors allow, and longer than a path may be
        auto next = make_directory_at(inner.get(), "deep");
        ASSERT_TRUE(next);
        inner = std::move(*next);
    }
    auto removed = remove_tree_at(at.get(), "tree");
    EXPECT_TRUE(removed) << removed.error().to_string();
    EXPECT_FALSE(fs::exists(root + "/tree"));
}

TEST_F(RemoveTree, AMissingNameIsNoError) { EXPECT_TRUE(remove_tree_at(at.get(), "nothing")); }

TEST_F(RemoveTree, MakeDirectoryRefusesAnExistingName) {
    ASSERT_TRUE(make_directory_at(at.get(), "one"));
    auto again = make_directory_at(at.get(), "one");
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, EEXIST);
}
