// Layers over one another, and archives that would like to write somewhere else.
#include "images/oci/unpack.h"

#include <gmock/gmock.h>
#include <sys/mman.h>

#include "base/fd.h"
#include "tests/unit/oci/fixture.h"

using namespace assay;
using namespace assay::images;
using namespace assay::images::oci;
using testing::HasSubstr;
namespace fs = std::filesystem;

namespace {

class UnpackTest : public testing::Test {
 protected:
    TreeUnpacker unpacker(UnpackLimits limits = {}) const {
        fs::create_directory(folder_.at("tree"));
        return {Fd(::open(folder_.at("tree").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)), limits};
    }
    static Result<void> add(TreeUnpacker& unpacker, const std::string& bytes) {
        Fd file(::memfd_create("layer", MFD_CLOEXEC));
        EXPECT_TRUE(write_all(file.get(), bytes));
        ::lseek(file.get(), 0, SEEK_SET);
        BlobStream stream(std::move(file), Bytes{64u << 20});
        return unpacker.add(stream);
    }
    static Result<void> add(TreeUnpacker& unpacker, const std::vector<Member>& members) {
        return add(unpacker, tar(members));
    }
    [[nodiscard]] std::string text(const std::string& path) const {
        return read_file(folder_.at("tree/" + path)).value_or("(none)");
    }
    [[nodiscard]] bool there(const std::string& path) const {
        struct stat info {};
        return ::lstat(folder_.at("tree/" + path).c_str(), &info) == 0;
    }
    Folder folder_;
};

}  // namespace

TEST_F(UnpackTest, PutsALaterLayerOverAnEarlierOne) {
    auto tree = unpacker();
    ASSERT_TRUE(add(tree, {folder("etc"), {"etc/a", "old"}, {"etc/b", "kept"}, folder("lib"), {"lib/x", "x"}}));
    ASSERT_TRUE(add(tree, {{"etc/a", "new"}, soft_link("lib", "usr/lib"), folder("usr/lib"), {"lib/y", "y"}}));
    EXPECT_EQ(text("etc/a"), "new");
    EXPECT_EQ(text("etc/b"), "kept");
    EXPECT_FALSE(there("usr/lib/x"));
    EXPECT_EQ(text("usr/lib/y"), "y");  // through the link, as in a container
}

TEST_F(UnpackTest, AWhiteoutRemovesWhatLowerLayersBroughtAndNothingElse) {
    auto tree = unpacker();
    ASSERT_TRUE(add(tree, {{"d/lower", "1"}, {"d/sub/lower", "1"}, {"gone", "1"}, {"all/a", "1"}, {"all/b", "1"}}));
    // The opaque mark comes last here: the order within an archive says nothing.
    ASSERT_TRUE(add(tree, {{"d/own", "2"},
                           {"d/sub/own", "2"},
                           {".wh.gone", ""},
                           {"d/.wh..wh..opq", ""},
                           {"all/.wh.a", ""},
                           {"all/c", "2"},
                           {"no/.wh.such", ""},
                           {".wh..wh.plnk", ""}}));
    EXPECT_FALSE(there("gone"));
    EXPECT_FALSE(there("d/lower"));
    EXPECT_FALSE(there("d/sub/lower"));
    EXPECT_EQ(text("d/own"), "2");
    EXPECT_EQ(text("d/sub/own"), "2");
    EXPECT_FALSE(there("all/a"));
    EXPECT_TRUE(there("all/b"));
    EXPECT_EQ(text("all/c"), "2");
    EXPECT_FALSE(there("no"));
    for (const auto& entry : fs::recursive_directory_iterator(folder_.at("tree")))
        EXPECT_THAT(entry.path().filename().string(), testing::Not(HasSubstr(".wh.")));
}

TEST_F(UnpackTest, NothingLeavesTheTree) {
    folder_.write("outside/victim", "untouched");
    const std::vector<std::vector<Member>> attacks{
        {{"../outside/victim", "x"}},
        {{"a/../../outside/victim", "x"}},
        {hard_link("x", "../outside/victim")},
        {{"a/.wh...", ""}},
        {{".wh..", ""}},
    };
    for (const auto& attack : attacks) {
        auto tree = unpacker();
        const auto added = add(tree, attack);
        ASSERT_FALSE(added) << attack.front().path;
    }
    // Links that lead out are kept as they are, and followed as if the tree were /.
    auto tree = unpacker();
    const std::string outside = folder_.at("outside");
    ASSERT_TRUE(add(tree, {soft_link("up", "../outside"), soft_link("root", outside), folder(outside.substr(1))}));
    EXPECT_FALSE(add(tree, {{"up/victim", "x"}}));
    ASSERT_TRUE(add(tree, {{"root/victim", "inside"}, {"/etc/absolute", "inside"}}));
    EXPECT_EQ(text(outside.substr(1) + "/victim"), "inside");
    EXPECT_EQ(text("etc/absolute"), "inside");
    ASSERT_TRUE(add(tree, {{"root/.wh.victim", ""}, {"up/.wh.victim", ""}}));
    EXPECT_EQ(read_file(folder_.at("outside/victim")).value_or(""), "untouched");
    EXPECT_FALSE(add(tree, {hard_link("x", "up/victim")}));
}

TEST_F(UnpackTest, DevicesSetUserBitsAndOwnersAreLeftOut) {
    auto tree = unpacker();
    ASSERT_TRUE(add(tree, {{"su", "x", AE_IFREG, 06755},
                           {"secret", "x", AE_IFREG, 0600},
                           {"dev/sda", "", AE_IFBLK, 0666},
                           {"pipe", "", AE_IFIFO, 0666},
                           {"closed", "", AE_IFDIR, 0000},
                           {"closed/in", "x"}}));
    EXPECT_EQ(tree.found().devices, 2u);
    EXPECT_EQ(tree.found().set_user, 1u);
    struct stat info {};
    ASSERT_EQ(::stat(folder_.at("tree/su").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0755u);
    EXPECT_EQ(info.st_uid, ::geteuid());
    ASSERT_EQ(::stat(folder_.at("tree/secret").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0644u);
    EXPECT_FALSE(there("dev/sda"));
    EXPECT_FALSE(there("pipe"));
    EXPECT_EQ(text("closed/in"), "x");
}

TEST_F(UnpackTest, HardLinksShareTheirFile) {
    auto tree = unpacker();
    ASSERT_TRUE(add(tree, {{"a", "one"}, hard_link("b", "a"), hard_link("b", "a")}));
    EXPECT_EQ(fs::hard_link_count(folder_.at("tree/a")), 2u);
    EXPECT_FALSE(add(tree, {hard_link("c", "missing")}));
    EXPECT_FALSE(add(tree, {folder("d"), hard_link("c", "d")}));
}

TEST_F(UnpackTest, AHardLinkOfALowerLayerKeepsItsContent) {
    auto tree = unpacker();
    ASSERT_TRUE(add(tree, {{"a", "lower"}, hard_link("b", "a"), hard_link("c", "/a"), hard_link("d", "./b")}));
    ASSERT_TRUE(add(tree, {{"a", "upper"}, {".wh.c", ""}, hard_link("e", "b")}));
    EXPECT_EQ(text("a"), "upper");
    EXPECT_EQ(text("b"), "lower");
    EXPECT_FALSE(there("c"));
    EXPECT_EQ(text("e"), "lower");
    EXPECT_EQ(fs::hard_link_count(folder_.at("tree/b")), 3u);
}

TEST_F(UnpackTest, KindsOfEntriesReplaceOneAnother) {
    auto tree = unpacker();
    ASSERT_TRUE(
        add(tree, {{"file", "1"}, {"tree/a", "1"}, {"tree/b/c", "1"}, soft_link("link", "tree"), {"back", "1"}}));
    ASSERT_TRUE(
        add(tree, {folder("file"), {"file/now/a/folder", "2"}, {"tree", "2"}, {"link", "2"}, {".wh.back", ""}}));
    EXPECT_EQ(text("file/now/a/folder"), "2");
    EXPECT_EQ(text("tree"), "2");
    EXPECT_EQ(text("link"), "2");
    ASSERT_TRUE(
        add(tree, {folder("tree"), {"tree/.wh..wh..opq", ""}, {"tree/d", "3"}, folder("back"), {"back/d", "3"}}));
    EXPECT_EQ(text("tree/d"), "3");
    EXPECT_EQ(text("back/d"), "3");
    // Gone and made anew in the same layer: only what this one brings is there.
    ASSERT_TRUE(add(tree, {{".wh.tree", ""}, folder("tree"), {"tree/e", "4"}}));
    EXPECT_FALSE(there("tree/d"));
    EXPECT_EQ(text("tree/e"), "4");
}

// eStargz and zstd:chunked are of many parts, some of which hold nothing of the layer.
TEST_F(UnpackTest, LayersOfSeveralCompressedParts) {
    const std::string whole = tar({{"a", std::string(5000, 'a')}, {"b", "b"}});
    const auto packed = [](const std::string& bytes, auto add_filter) {
        std::string out(1u << 20, '\0');
        std::size_t used = 0;
        archive* writer = archive_write_new();
        archive_write_set_format_raw(writer);
        add_filter(writer);
        archive_write_open_memory(writer, out.data(), out.size(), &used);
        archive_entry* entry = archive_entry_new();
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_write_header(writer, entry);
        archive_write_data(writer, bytes.data(), bytes.size());
        archive_entry_free(entry);
        archive_write_free(writer);
        return out.substr(0, used);
    };
    const std::string first = whole.substr(0, 3000), rest = whole.substr(3000);
    auto gzip = unpacker();
    ASSERT_TRUE(add(gzip, packed(first, archive_write_add_filter_gzip) + packed(rest, archive_write_add_filter_gzip) +
                              packed("", archive_write_add_filter_gzip)));
    EXPECT_EQ(text("b"), "b");
    fs::remove_all(folder_.at("tree"));
    const std::string skipped("\x50\x2a\x4d\x18\x04\x00\x00\x00toc!", 12);
    auto zstd = unpacker();
    ASSERT_TRUE(add(zstd, packed(first, archive_write_add_filter_zstd) + skipped +
                              packed(rest, archive_write_add_filter_zstd) + skipped));
    EXPECT_EQ(text("b"), "b");
}

TEST_F(UnpackTest, EveryLimitEndsIt) {
    UnpackLimits limits;
    limits.total = Bytes{1000};
    limits.entries = 5;
    limits.depth = 4;
    auto tree = unpacker(limits);
    auto added = add(tree, {{"big", std::string(1001, 'x')}});
    ASSERT_FALSE(added);
    EXPECT_THAT(added.error().to_string(), HasSubstr("larger than"));
    auto many = unpacker(limits);
    EXPECT_FALSE(add(many, {{"1", ""}, {"2", ""}, {"3", ""}, {"4", ""}, {"5", ""}, {"6", ""}}));
    auto implied = unpacker(limits);
    EXPECT_TRUE(add(implied, {{"w/x/y/z", ""}}));
    auto deep = unpacker(limits);
    EXPECT_FALSE(add(deep, {{"v/w/x/y/z", ""}}));
    auto named = unpacker(limits);
    EXPECT_FALSE(add(named, {{std::string(256, 'n'), ""}}));
}

TEST_F(UnpackTest, ADamagedArchiveIsAnError) {
    auto tree = unpacker();
    std::string packed = tar({{"file", std::string(100'000, 'x')}}, Packing::gzip);
    EXPECT_FALSE(add(tree, packed.substr(0, packed.size() / 2)));
    EXPECT_FALSE(add(tree, std::string(100'000, 'x')));
}
