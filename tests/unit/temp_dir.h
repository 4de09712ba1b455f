// A folder for one test, with a short way to write files into it.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "base/tree.h"

namespace assay {

// Goes with all that is in it, whatever its modes.
class TempDir {
 public:
    TempDir() {
        char name[] = "/tmp/assay-test-XXXXXX";
        if (const char* made = ::mkdtemp(name)) path_ = made;
        EXPECT_FALSE(path_.empty()) << "no folder in /tmp";
    }
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;
    ~TempDir() {
        if (path_.empty()) return;
        const auto removed = remove_tree_at(AT_FDCWD, path_);
        EXPECT_TRUE(removed) << path_;
    }

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }

    // Writes a file, with the folders on its way; gives its path.
    std::string write(std::string_view name, std::string_view bytes) const {
        const std::filesystem::path file = *this / name;
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file, std::ios::binary) << bytes;
        return file.string();
    }

 private:
    std::string path_;
};

}  // namespace assay
