#include "base/fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/unit/temp_dir.h"

using namespace assay;

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
    ASSERT_TRUE(write_file_at(AT_FDCWD, dir / "a", "0123456789"));
    EXPECT_EQ(*read_file(dir / "a", 10), "0123456789");
    auto read = read_file(dir / "a", 9);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, EFBIG);
}

TEST(ReplaceFile, LeavesNothingBesideTheTarget) {
    TempDir dir;
    ASSERT_TRUE(replace_file(dir / "a", "one"));
    ASSERT_TRUE(replace_file(dir / "a", "two"));
    EXPECT_EQ(*read_file(dir / "a"), "two");
    EXPECT_FALSE(replace_file(dir / "missing/a", "x"));
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir.path()), {}), 1);
}
