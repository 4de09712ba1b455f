#include "images/node_tree.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "images/tree.h"
#include "tests/unit/temp_dir.h"

using namespace assay;
using namespace assay::images;
namespace fs = std::filesystem;

namespace {

class NodeTree : public testing::Test {
 protected:
    static void write(const std::string& file, const std::string& text) {
        fs::create_directories(fs::path(file).parent_path());
        ASSERT_TRUE(write_file_at(AT_FDCWD, file, text));
    }
    // A tree with package `native`, at `folder`, whose notes have `integrity`.
    static void write_tree(const std::string& tree, const std::string& folder, const std::string& integrity) {
        write(tree + "/node_modules/.package-lock.json", R"({"packages": {")" + folder +
                                                             R"(": {"version": "1.2.3", "integrity": ")" + integrity +
                                                             R"(", "hasInstallScript": true, "name": "native"}}})");
        write(tree + "/" + folder + "/index.js", "source");
    }
    // A layer with `native` built.
    Layer built(Store& store, const std::string& integrity, bool strangers = false) const {
        auto claimed = store.claim(sha256(integrity + (strangers ? "x" : "")));
        auto& building = std::get<Building>(*claimed);
        const std::string tree = building.path() + "/tree";
        write_tree(tree, "node_modules/native", integrity);
        write(tree + "/node_modules/native/build/native.node", "compiled");
        fs::permissions(tree + "/node_modules/native/build/native.node", fs::perms::owner_read);
        fs::create_symlink("/etc/passwd", tree + "/node_modules/native/build/link");
        if (strangers) write(tree + "/node_modules/.generated/client.js", "x");
        return *std::move(building).commit({});
    }
    TempDir dir_;
    const std::string& path_ = dir_.path();
};

}  // namespace

TEST_F(NodeTree, ReadsNotesAsPlainData) {
    write(path_ + "/node_modules/.package-lock.json",
          R"({"packages": {"": {}, "node_modules/a": {"version": "1.0.0", "optional": true},
              "node_modules/a/node_modules/@s/b": {"version": "2.0.0", "integrity": "sha512-x", "hasInstallScript": true},
              "node_modules/alias": {"name": "real", "version": 5, "hasInstallScript": "yes"},
              "node_modules/../../etc": {"version": "1"}, "elsewhere": {}, "node_modules/c": 7}})");
    const auto packages = node_packages(path_);
    ASSERT_EQ(packages.size(), 3u);
    EXPECT_EQ(packages[0].name, "a");
    EXPECT_TRUE(packages[0].optional);
    EXPECT_EQ(packages[1].name, "@s/b");
    EXPECT_TRUE(packages[1].scripts);
    EXPECT_EQ(packages[2].name, "real");
    EXPECT_EQ(packages[2].version, "");
    EXPECT_FALSE(packages[2].scripts);
    EXPECT_TRUE(node_packages(path_ + "/none").empty());
}

TEST_F(NodeTree, KnowsALayerOfOnePackage) {
    EXPECT_TRUE(is_single_package(single_package("@s/b", "1.0.0")));
    auto content = single_package("a", "1.0.0");
    content.files[".npmrc"] = "force=true\n";
    EXPECT_FALSE(is_single_package(content));
    content = single_package("a", "1.0.0");
    content.files["package.json"] = R"({"dependencies": {"a": "1", "b": "1"}})";
    EXPECT_FALSE(is_single_package(content));
    // The same key as when a submission asks for just that.
    auto setup =
        plan_setup(*find_recipe("node"), {{"package.json", R"({"name":"x","dependencies":{"a":"1.0.0"}})"}}, {});
    EXPECT_EQ(setup->layer->digest(), single_package("a", "1.0.0").digest());
}

TEST_F(NodeTree, AdoptsABuiltPackageAndKeepsWhatIsNestedInIt) {
    auto store = Store::open({path_ + "/store", {}, Bytes{1}});
    const std::string tree = path_ + "/tree", folder = "node_modules/outer/node_modules/native";
    write_tree(tree, folder, "sha512-same");
    write(tree + "/" + folder + "/stale.js", "x");
    write(tree + "/" + folder + "/node_modules/inner/index.js", "inner");
    const auto package = node_packages(tree).at(0);
    auto adopted = adopt_package(package, built(*store, "sha512-same"), tree);
    ASSERT_TRUE(adopted) << adopted.error().to_string();
    EXPECT_TRUE(*adopted);
    EXPECT_EQ(read_beneath(tree, folder + "/build/native.node", 100).value_or(""), "compiled");
    EXPECT_EQ(fs::status(tree + "/" + folder + "/build/native.node").permissions(), fs::perms{0444});
    EXPECT_TRUE(fs::is_symlink(tree + "/" + folder + "/build/link"));
    EXPECT_FALSE(fs::exists(tree + "/" + folder + "/stale.js"));
    EXPECT_TRUE(fs::exists(tree + "/" + folder + "/node_modules/inner/index.js"));
}

TEST_F(NodeTree, AdoptsNothingThatIsNotTheSameOrWritesElsewhere) {
    auto store = Store::open({path_ + "/store", {}, Bytes{1}});
    const std::string tree = path_ + "/tree";
    write_tree(tree, "node_modules/native", "sha512-same");
    const auto package = node_packages(tree).at(0);
    EXPECT_FALSE(*adopt_package(package, built(*store, "sha512-other"), tree));
    EXPECT_FALSE(*adopt_package(package, built(*store, "sha512-same", true), tree));
    EXPECT_FALSE(fs::exists(tree + "/node_modules/native/build"));
}
