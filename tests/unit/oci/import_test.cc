// Whole images from files into the store.
#include "images/oci/import.h"

#include <gmock/gmock.h>

#include <thread>

#include "base/fd.h"
#include "images/catalog.h"
#include "images/debootstrap/make.h"
#include "images/image_tree.h"
#include "images/names.h"
#include "tests/unit/oci/import_fixture.h"

using namespace assay;
using namespace assay::images;
using namespace assay::images::oci;
using testing::HasSubstr;
namespace fs = std::filesystem;

TEST_F(ImportTest, ALayoutBecomesATreeWithTheHousesFiles) {
    tiny().write(source_);
    const auto imported = import(source_.path);
    ASSERT_TRUE(imported) << imported.error().to_string();
    EXPECT_EQ(imported->name, "tiny-1.0");
    EXPECT_EQ(imported->digest, digest_of(tiny().config()));
    const std::string tree = imported->layer.path() + "/tree";
    EXPECT_EQ(read_file(tree + "/srv/data").value_or(""), "data");
    EXPECT_FALSE(fs::exists(tree + "/old"));
    EXPECT_THAT(read_file(tree + "/etc/passwd").value_or(""), HasSubstr("user:x:1000"));
    EXPECT_TRUE(fs::is_directory(tree + "/opt/assay/layer"));

    auto store = open();
    const auto image = find_image("tiny-1.0", store);
    ASSERT_TRUE(image) << image.error().to_string();
    const std::map<std::string, std::string> env(image->env.begin(), image->env.end());
    EXPECT_EQ(env.at("COLOUR"), "blue");
    EXPECT_EQ(env.at("HOME"), "/home/user");  // the sandbox's own
    EXPECT_EQ(env.at("PATH"), "/opt/assay/layer/bin:/usr/local/bin:/usr/bin:/bin");
    const auto plan = root_plan(*image);
    ASSERT_TRUE(plan);
    for (const auto& step : plan->steps)
        EXPECT_TRUE(step.source.empty() || step.source.starts_with(store_.path)) << step.source;
}

TEST_F(ImportTest, ArchivesAndDockerSaveGiveTheSameImage) {
    tiny().write(source_);
    const auto first = import(source_.path, "one");
    ASSERT_TRUE(first) << first.error().to_string();
    Folder files;
    files.write("layout.tar", archive_of(source_));
    files.write("layout.tar.gz", archive_of(source_, Packing::gzip));

    // As docker save wrote it before it wrote layouts: layers not compressed, a link for one that it has already.
    Folder saved;
    const Layout image = tiny();
    saved.write(sha256(image.config()) + ".json", image.config());
    const std::vector<Member> lower{
        folder("bin"), {"bin/sh", "tiny", AE_IFREG, 0755}, {"etc/passwd", "root"}, {"old", "x"}};
    saved.write("aa/layer.tar", tar(lower));
    saved.write("bb/real.tar", tar({{".wh.old", ""}, {"srv/data", "data"}}));
    fs::create_symlink("../bb/real.tar", saved.at("bb/layer.tar"));
    saved.write("manifest.json", nlohmann::json::array({{{"Config", sha256(image.config()) + ".json"},
                                                         {"RepoTags", {"tiny:2"}},
                                                         {"Layers", {"aa/layer.tar", "bb/layer.tar"}}}})
                                     .dump());
    files.write("saved.tar", archive_of(saved));
    for (const char* file : {"layout.tar", "layout.tar.gz", "saved.tar"}) {
        const auto again = import(files.at(file), "two");
        ASSERT_TRUE(again) << file << ": " << again.error().to_string();
        EXPECT_TRUE(again->known);
        EXPECT_EQ(again->layer.info().key, first->layer.info().key);
    }
    // Made of the saved one, not only found.
    Folder another;
    auto store = Store::open({another.path, {}, {}});
    ASSERT_TRUE(store);
    ImportOrder order;
    order.from = files.at("saved.tar");
    const auto fresh = import_image(*store, order);
    ASSERT_TRUE(fresh) << fresh.error().to_string();
    EXPECT_FALSE(fresh->known);
    EXPECT_EQ(fresh->name, "tiny-2");
    EXPECT_EQ(read_file(fresh->layer.path() + "/tree/srv/data").value_or(""), "data");
    EXPECT_FALSE(fs::exists(fresh->layer.path() + "/tree/old"));
}

TEST_F(ImportTest, AnIndexOfManyMachinesGivesThisOnes) {
    Layout other = tiny("other");
    other.architecture = "s390x";
    auto attestation = tiny("attestation").write_manifest(source_);
    attestation["platform"] = {{"os", "unknown"}, {"architecture", "unknown"}};
    Folder nested;
    const nlohmann::json inner{
        {"schemaVersion", 2},
        {"manifests", {other.write_manifest(source_), attestation, tiny().write_manifest(source_)}}};
    source_.write("blobs/sha256/" + sha256(inner.dump()), inner.dump());
    auto entry = Layout::descriptor("application/vnd.oci.image.index.v1+json", inner.dump());
    entry["annotations"] = {{"io.containerd.image.name", "docker.test/library/many:3"}};
    Layout::write_index(source_, {entry});
    const auto imported = import(source_.path);
    ASSERT_TRUE(imported) << imported.error().to_string();
    EXPECT_EQ(imported->digest, digest_of(tiny().config()));
    EXPECT_EQ(imported->name, "many-3");

    Folder foreign;
    other.write(foreign);
    const auto refused = import(foreign.path);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().to_string(), HasSubstr("s390x"));
}

TEST_F(ImportTest, LayersAreReadWhateverTheirKindIsCalled) {
    for (const char* type : {"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
                             "application/vnd.docker.image.rootfs.diff.tar.gzip",
                             "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"}) {
        Layout layout = tiny(type);
        layout.layer_type = type;
        Folder folder;
        layout.write(folder);
        const auto imported = import(folder.path);
        EXPECT_TRUE(imported) << imported.error().to_string();
    }
    Layout layout = tiny();
    layout.layer_type = "application/vnd.test.squashfs";
    layout.write(source_);
    const auto refused = import(source_.path);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().to_string(), HasSubstr("vnd.test.squashfs"));
}

TEST_F(ImportTest, SeveralImagesNeedAReference) {
    Layout second = tiny("second");
    second.reference = "registry.test/second:1";
    Layout::write_index(source_, {tiny().write_manifest(source_), second.write_manifest(source_)});
    const auto refused = import(source_.path);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().to_string(), HasSubstr("--ref"));
    EXPECT_THAT(refused.error().to_string(), HasSubstr("second:1"));
    const auto chosen = import(source_.path, "", "second:1");
    ASSERT_TRUE(chosen) << chosen.error().to_string();
    EXPECT_EQ(chosen->digest, digest_of(second.config()));
}

TEST_F(ImportTest, EveryDigestIsChecked) {
    const auto spoil = [&](const std::string& name, const auto& change) {
        Folder source;
        const Layout image = tiny();
        image.write(source);
        change(source, image);
        const auto imported = import(source.path, "spoiled");
        EXPECT_FALSE(imported) << name;
        expect_empty();
    };
    spoil("a layer", [](const Folder& source, const Layout& image) {
        const std::string other = tar({{"bin/sh", "evil"}}, Packing::gzip);
        source.write("blobs/sha256/" + sha256(image.layers[0]), other);
    });
    spoil("bytes after a layer", [](const Folder& source, const Layout& image) {
        source.write("blobs/sha256/" + sha256(image.layers[0]), image.layers[0] + std::string(10, '\0'));
    });
    spoil("the configuration", [](const Folder& source, const Layout& image) {
        source.write("blobs/sha256/" + sha256(image.config()), image.config() + " ");
    });
    spoil("a diff_id", [](const Folder& source, const Layout& image) {
        Layout lying = image;
        lying.diff_ids[1] = digest_of("something else");
        lying.write(source);
    });
    spoil("a layer that the configuration does not know", [](const Folder& source, const Layout& image) {
        Layout longer = image;
        longer.layers.push_back(tar({{"more", "x"}}));
        longer.write(source);
    });
    spoil("a missing layer", [](const Folder& source, const Layout& image) {
        fs::remove(source.at("blobs/sha256/" + sha256(image.layers[1])));
    });
    spoil("a blob outside", [](const Folder& source, const Layout& image) {
        const std::string blob = source.at("blobs/sha256/" + sha256(image.layers[0]));
        fs::remove(blob);
        fs::create_symlink("/etc/passwd", blob);
    });
}

TEST_F(ImportTest, AnImageThatHasANameStaysWhileLayersGo) {
    tiny().write(source_);
    { ASSERT_TRUE(import(source_.path, "kept")); }
    auto store = open();
    auto done = store.collect(Bytes{});
    ASSERT_TRUE(done);
    EXPECT_EQ(done->named, 1u);
    EXPECT_EQ(store.list().size(), 1u);
    ASSERT_TRUE(forget_image(store_.path, "kept"));
    EXPECT_FALSE(forget_image(store_.path, "kept"));
    ASSERT_TRUE(store.collect(Bytes{}));
    expect_empty();
    EXPECT_FALSE(find_image("kept", store));
}

TEST_F(ImportTest, ProcessesThatImportAtOnceMakeItOnce) {
    tiny().write(source_);
    std::vector<std::jthread> threads;
    std::atomic<int> made{0}, known{0};
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            const auto imported = import(source_.path, "same");
            ASSERT_TRUE(imported) << imported.error().to_string();
            ++(imported->known ? known : made);
        });
    threads.clear();
    EXPECT_EQ(made, 1);
    EXPECT_EQ(known, 3);
    EXPECT_TRUE(fs::is_empty(store_.at("building")));
}

TEST_F(ImportTest, RefusesWhatTheStoreCannotHold) {
    tiny().write(source_);
    auto store = open(Bytes{4096});
    ImportOrder order;
    order.from = source_.path;
    const auto refused = import_image(store, order);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().to_string(), HasSubstr("assay image rm"));
    expect_empty();
    order.name = "python";
    order.taken = {"python"};
    EXPECT_FALSE(import_image(store, order));
    order.name = "../escape";
    EXPECT_FALSE(import_image(store, order));
}

TEST_F(ImportTest, AnImageWithoutPipSaysSo) {
    tiny().write(source_);
    ASSERT_TRUE(import(source_.path, "bare"));
    auto store = open();
    const auto image = find_image("bare", store);
    ASSERT_TRUE(image);
    const auto missing = check_layer_tools(*image, LayerKind::python_user);
    ASSERT_FALSE(missing);
    EXPECT_THAT(missing.error().to_string(), HasSubstr("it has no python3, no pip"));
    EXPECT_THAT(check_layer_tools(*image, LayerKind::node_modules).error().to_string(), HasSubstr("no npm"));
}

TEST(SourcesFor, TakesTheSuiteWithItsUpdatesAndNothingElse) {
    const auto lines =
        sources_for("bookworm",
                    "http://mirror/debian/ bookworm main\nhttp://mirror/debian/ bookworm main\n"
                    "http://mirror/security/ bookworm-security main\nhttps://other/apt bookworm-backports main\n"
                    "https://other/node nodistro main\n");
    EXPECT_THAT(lines, testing::ElementsAre("deb http://mirror/debian/ bookworm main",
                                            "deb http://mirror/security/ bookworm-security main"));
}
