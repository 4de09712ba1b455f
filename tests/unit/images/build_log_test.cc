#include "images/build_log.h"

#include <gtest/gtest.h>

#include "images/layer_contents.h"
#include "tests/unit/temp_dir.h"

using namespace assay;
using namespace assay::images;

TEST(BuildLog, KeepsAllInTheFileAndEachStepsEnd) {
    const TempDir dir;
    BuildLog log(dir / "build.log");
    log.note("running pip");
    log.begin_step();
    log.add("line 1\n");
    EXPECT_EQ(log.tail(), "line 1\n");
    EXPECT_EQ(read_file(dir / "build.log").value_or(""), "assay: running pip\nline 1\n");
}

// An installer that prints without an end takes neither memory nor disk, and its last words are those that are kept.
TEST(BuildLog, AFloodIsBoundedInMemoryAndOnDisk) {
    const TempDir dir;
    BuildLog log(dir / "build.log");
    const std::string chunk(64 * 1024, 'x');
    for (int i = 0; i < 400; ++i) log.add(chunk);
    log.add("the end");
    EXPECT_LE(log.tail().size(), 1u << 20);
    EXPECT_GE(log.tail().size(), 512u * 1024);
    EXPECT_TRUE(log.tail().ends_with("the end"));
    const std::string file = read_file(dir / "build.log").value_or("");
    EXPECT_LE(file.size(), (8u << 20) + 64);
    EXPECT_TRUE(file.ends_with("\n[the rest is left out]\n"));
}

TEST(BuildLog, WithoutAFileTheEndIsStillThere) {
    BuildLog log("/nowhere/build.log");
    log.add("no matching distribution");
    EXPECT_EQ(log.tail(), "no matching distribution");
}

TEST(LayerContents, NamesPackagesWithTheirVersions) {
    const TempDir dir;
    dir.write("lib/python3.11/dist-packages/flask-3.0.0.dist-info/METADATA", "");
    dir.write("lib/python3.11/site-packages/click-8.1.7.dist-info/METADATA", "");
    dir.write("lib/python3.11/dist-packages/flask/__init__.py", "");
    EXPECT_EQ(layer_contents(dir.path(), true), (std::vector<std::string>{"click 8.1.7", "flask 3.0.0"}));
    const TempDir node;
    node.write("node_modules/.package-lock.json", R"({"packages": {"node_modules/koa": {"version": "2.15.0"}}})");
    EXPECT_EQ(layer_contents(node.path(), false), std::vector<std::string>{"koa 2.15.0"});
    EXPECT_TRUE(layer_contents(dir / "nothing", true).empty());
}
