#include "base/new_file.h"

#include <gtest/gtest.h>

#include <fcntl.h>

#include <filesystem>

#include "tests/unit/temp_dir.h"

using namespace assay;
namespace fs = std::filesystem;

class NewFileTest : public ::testing::Test {
 protected:
    [[nodiscard]] std::size_t files() const {
        return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
    }
    TempDir dir;
    const std::string& folder = dir.path();
};

TEST_F(NewFileTest, AppearsWholeWhenItIsCommitted) {
    {
        auto file = NewFile::create(folder + "/a");
        ASSERT_TRUE(file);
        const std::string piece(100'000, 'x');
        for (int each = 0; each < 10; ++each) ASSERT_TRUE(file->write(piece));
        EXPECT_FALSE(fs::exists(folder + "/a"));
        ASSERT_TRUE(file->commit());
    }
    EXPECT_EQ(fs::file_size(folder + "/a"), 1'000'000u);
    EXPECT_EQ(files(), 1u);
}

TEST_F(NewFileTest, LeavesWhatWasThereAndNothingElseWhenItIsGivenUp) {
    ASSERT_TRUE(write_file_at(AT_FDCWD, folder + "/a", "old"));
    {
        auto file = NewFile::create(folder + "/a");
        ASSERT_TRUE(file);
        NewFile moved = std::move(*file);
        ASSERT_TRUE(moved.write(std::string(1'000'000, 'x')));
    }
    EXPECT_EQ(*read_file(folder + "/a"), "old");
    EXPECT_EQ(files(), 1u);
}

TEST_F(NewFileTest, AFolderThatIsNotThereIsAnErrorWithARemedy) {
    auto file = NewFile::create(folder + "/none/a");
    ASSERT_FALSE(file);
    EXPECT_NE(file.error().remedy, "");
}
