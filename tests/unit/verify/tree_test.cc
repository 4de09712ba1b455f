#include "harness/verify/tree.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "base/fd.h"
#include "tests/unit/temp_dir.h"

using namespace assay;
using namespace assay::verify;

namespace fs = std::filesystem;

namespace {

class Tree : public testing::Test {
 protected:
    void write(const std::string& path, std::string_view bytes) { dir.write(path, bytes); }
    Result<AddedSource> read(const TreeLimits& limits = {}) {
        Fd folder(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        return added_lines_of_tree(folder.get(), limits);
    }

    TempDir dir;
    const fs::path root = dir.path();
};

}  // namespace

TEST_F(Tree, ListsFilesByPathWithTheirLines) {
    write("a/b.py", "1\n2");
    write("a.py", "x\r\n\n");
    write("empty", "");
    write("logo.png", std::string("\x89PNG\0\x01", 6));
    const auto source = read();
    ASSERT_TRUE(source) << source.error().to_string();
    ASSERT_EQ(source->files.size(), 4u);
    EXPECT_EQ(source->files[0].path, "a.py") << "'.' sorts before '/', as for git";
    EXPECT_EQ(source->files[0].lines[0].text, "x\r");
    EXPECT_EQ(source->files[0].lines.size(), 2u);
    EXPECT_EQ(source->files[1].path, "a/b.py");
    EXPECT_EQ(source->files[1].lines[1].number, 2u);
    EXPECT_EQ(source->files[2].path, "empty");
    EXPECT_TRUE(source->files[2].lines.empty());
    EXPECT_EQ(source->files[3].path, "logo.png");
    EXPECT_TRUE(source->files[3].lines.empty()) << "binary";
}

TEST_F(Tree, LeavesOutWhatTheStudysDiffsDo) {
    for (const char* path : {".git/config", "node_modules/x/i.js", "web/node_modules/x/i.js", "a/__pycache__/a.pyc",
                             ".venv/x", "venv/x", "dist/x.js", "build/x.js", ".mypy_cache/x", "p.egg-info/x", "a/x.pyc",
                             "a/x.so", "a/app.db", "app.sqlite", "app.sqlite3", "task.json"})
        write(path, "import psycopg2\n");
    for (const char* path : {"src/dist/x.js", "src/build/x.js", "src/task.json", "a/venv/x", ".env", "database"})
        write(path, "x\n");
    const auto source = read();
    ASSERT_TRUE(source);
    std::vector<std::string> paths;
    for (const auto& file : source->files) paths.push_back(file.path);
    EXPECT_EQ(paths, (std::vector<std::string>{".env", "a/venv/x", "database", "src/build/x.js", "src/dist/x.js",
                                               "src/task.json"}));
}

TEST_F(Tree, NeitherFollowsLinksNorOpensSpecialFiles) {
    write("real", "x\n");
    fs::create_symlink("/etc/passwd", root / "link");
    fs::create_directory_symlink("/etc", root / "folder");
    ASSERT_EQ(::mkfifo((root / "pipe").c_str(), 0600), 0);
    const auto source = read();
    ASSERT_TRUE(source);
    ASSERT_EQ(source->files.size(), 1u);
    EXPECT_EQ(source->files[0].path, "real");
}

TEST_F(Tree, KeepsItsLimits) {
    write("a", "12345");
    write("b", "12345");
    TreeLimits limits;
    limits.bytes = {9};
    EXPECT_EQ(read(limits).error().to_string(), "read source: b: more than 9 B of text");
    limits = {};
    limits.files = 1;
    EXPECT_FALSE(read(limits));
    limits = {};
    limits.depth = 2;
    write("1/2/3", "x");
    EXPECT_TRUE(read(limits));
    write("1/2/3x/4", "x");
    EXPECT_EQ(read(limits).error().to_string(), "read source: 1/2/3x/: more than 2 nested folders");
}
