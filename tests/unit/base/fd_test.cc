#include "base/fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

using namespace assay;

namespace {
struct TempDir {
    std::string path = [] {
        char name[] = "/tmp/assay-fd-test-XXXXXX";
        return std::string(::mkdtemp(name));
    }();
    ~TempDir() { std::filesystem::remove_all(path); }
};
}  // namespace

TEST(Fd, ClosesWhatItOwnsExactlyOnce) {
    auto pipe = make_pipe();
    ASSERT_TRUE(pipe);
    int raw = pipe->read.get();
    Fd moved = std::move(pipe->read);
    EXPECT_FALSE(pipe->read);
    EXPECT_EQ(::fcntl(raw, F_GETFD), FD_CLOEXEC);
    moved.reset();
    EXPECT_EQ(::fcntl(raw, F_GETFD), -1);
}

TEST(ReadFile, RefusesMoreThanTheLimitInsteadOfTruncating) {
    TempDir dir;
    ASSERT_TRUE(write_file_at(AT_FDCWD, dir.path + "/a", "0123456789"));
    EXPECT_EQ(*read_file(dir.path + "/a", 10), "0123456789");
    auto read = read_file(dir.path + "/a", 9);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, EFBIG);
}

TEST(ReplaceFile, LeavesNothingBesideTheTarget) {
    TempDir dir;
    ASSERT_TRUE(replace_file(dir.path + "/a", "one"));
    ASSERT_TRUE(replace_file(dir.path + "/a", "two"));
    EXPECT_EQ(*read_file(dir.path + "/a"), "two");
    EXPECT_FALSE(replace_file(dir.path + "/missing/a", "x"));
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir.path), {}), 1);
}
