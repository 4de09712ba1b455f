// Archives in the shapes that tools write, made here after their documentation and sources.
#include <gmock/gmock.h>

#include "images/catalog.h"
#include "images/image_tree.h"
#include "tests/unit/oci/import_fixture.h"

using namespace assay;
using namespace assay::images;
using namespace assay::images::oci;
using testing::HasSubstr;
namespace fs = std::filesystem;
using nlohmann::json;

namespace {

class ArchivesTest : public ImportTest {
 protected:
    // As a tar, which is how tools write it; its folder stays readable.
    Result<Imported> import_tar(const std::string& name = {}, const std::string& ref = {}) const {
        Folder files;
        files.write("image.tar", archive_of(source_));
        return import(files.at("image.tar"), name, ref);
    }
    void expect_tiny(const Result<Imported>& imported, const std::string& content = "tiny") const {
        ASSERT_TRUE(imported) << imported.error().to_string();
        EXPECT_EQ(imported->digest, digest_of(plain(content).config()));
        const std::string tree = imported->layer.path() + "/tree";
        EXPECT_EQ(read_file(tree + "/bin/sh").value_or(""), content);
        EXPECT_EQ(read_file(tree + "/srv/data").value_or(""), "data");
        EXPECT_FALSE(fs::exists(tree + "/old"));
    }
    void expect_refused(const Result<Imported>& imported, const std::string& what, const std::string& remedy) const {
        ASSERT_FALSE(imported);
        EXPECT_THAT(imported.error().to_string(), HasSubstr(what));
        EXPECT_THAT(imported.error().remedy, HasSubstr(remedy)) << imported.error().to_string();
        expect_empty();
    }
    // As Docker's own store keeps it: layers not compressed.
    static Layout plain(const std::string& content = "tiny") {
        Layout layout;
        layout.add({folder("bin"), {"bin/sh", content, AE_IFREG, 0755}, {"etc/passwd", "root"}, {"old", "x"}});
        layout.add({{".wh.old", ""}, {"srv/data", "data"}});
        return layout;
    }
    void blob(const std::string& bytes) const { source_.write("blobs/sha256/" + sha256(bytes), bytes); }
    static json saved(const std::string& config, const std::vector<std::string>& layers, const json& tags) {
        return {{"Config", config}, {"RepoTags", tags}, {"Layers", layers}};
    }
    static std::string blob_of(const std::string& bytes) { return "blobs/sha256/" + sha256(bytes); }
    static json saved_blobs(const Layout& image, const json& tags) {
        return saved(blob_of(image.config()), {blob_of(image.layers[0]), blob_of(image.layers[1])}, tags);
    }
    static json named(json entry, const std::string& name) {
        entry["annotations"] = {{"io.containerd.image.name", "docker.io/library/" + name},
                                {"org.opencontainers.image.ref.name", name.substr(name.find(':') + 1)}};
        return entry;
    }
    void write_manifest_json(const json& images) const {
        source_.write("manifest.json", images.dump());
        source_.write("repositories", R"({"tiny":{"1":"feed"}})");
    }
};

}  // namespace

// Docker 1.10 to 24: a folder a layer, with the documents of the format before; a layer that two images share is a
// link.
TEST_F(ArchivesTest, OldDockerSaveWithSharedLayers) {
    const Layout first = plain(), second = plain("other");
    for (const auto& [id, bytes] :
         {std::pair{"aa", first.layers[0]}, {"bb", first.layers[1]}, {"cc", second.layers[0]}}) {
        source_.write(std::string(id) + "/VERSION", "1.0");
        source_.write(std::string(id) + "/json", R"({"id":")" + std::string(id) + "\"}");
        source_.write(std::string(id) + "/layer.tar", bytes);
    }
    source_.write("dd/json", R"({"id":"dd","parent":"cc"})");
    fs::create_symlink("../bb/layer.tar", source_.at("dd/layer.tar"));
    json images = json::array();
    images.push_back(saved(sha256(first.config()) + ".json", {"aa/layer.tar", "bb/layer.tar"},
                           {"tiny:1", "tiny:latest", "registry.test:5000/team/tiny:1"}));
    images.push_back(saved(sha256(second.config()) + ".json", {"cc/layer.tar", "dd/layer.tar"}, nullptr));
    for (const Layout* image : {&first, &second}) source_.write(sha256(image->config()) + ".json", image->config());
    write_manifest_json(images);

    const auto several = import_tar();
    ASSERT_FALSE(several);
    EXPECT_THAT(several.error().to_string(), HasSubstr("registry.test:5000/team/tiny:1"));
    EXPECT_THAT(several.error().to_string(), HasSubstr(sha256(second.config())));
    EXPECT_THAT(several.error().remedy, HasSubstr("--ref"));
    for (const char* ref : {"tiny:1", "tiny:latest", "tiny", "team/tiny:1", "registry.test:5000/team/tiny:1"})
        expect_tiny(import_tar("first", ref));
    expect_tiny(import_tar("second", digest_of(second.config())), "other");
    expect_tiny(import_tar("second", sha256(second.config()).substr(0, 12)), "other");  // as docker shows an id
    const auto none = import_tar("", "tiny:2");
    ASSERT_FALSE(none);
    EXPECT_THAT(none.error().to_string(), HasSubstr("there is none called 'tiny:2'; there are: "));
}

TEST_F(ArchivesTest, DockerFromTwentyFiveOn) {
    const Layout image = plain();
    auto entry = image.write_manifest(source_);
    Layout::write_index(source_, {named(entry, "tiny:1"), named(entry, "tiny:2")});
    write_manifest_json(json::array({saved_blobs(image, {"tiny:1", "tiny:2"})}));
    auto imported = import_tar();
    expect_tiny(imported);
    EXPECT_EQ(imported->name, "tiny-1");
    expect_tiny(import_tar("two", "tiny:2"));
    fs::remove(source_.at("manifest.json"));  // the layout alone says the same
    expect_tiny(import_tar("three", "tiny:2"));
    expect_tiny(import_tar("four", "docker.io/library/tiny:1"));
    expect_tiny(import_tar("five", "2"));  // the tag, as the layout's own annotation has it
}

// 25.0: a manifest without layers, or with them in another order, or an index without an image that was saved by id.
TEST_F(ArchivesTest, TheLayoutsThatDockerTwentyFiveGotWrong) {
    const Layout image = plain();
    for (const char* mistake : {"no layers", "another order", "no entry"}) {
        Folder store;
        (void)image.write_manifest(source_);
        json manifest{{"schemaVersion", 2}, {"layers", json::array()}};
        manifest["config"] = Layout::descriptor("application/vnd.oci.image.config.v1+json", image.config());
        if (mistake == std::string("another order"))
            for (const std::size_t i : {1u, 0u})
                manifest["layers"].push_back(Layout::descriptor(image.layer_type, image.layers[i]));
        blob(manifest.dump());
        auto entry = Layout::descriptor("application/vnd.oci.image.manifest.v1+json", manifest.dump());
        json index{{"schemaVersion", 2}, {"manifests", {named(entry, "tiny:1")}}};
        if (mistake == std::string("no entry")) index["manifests"] = nullptr;
        source_.write("index.json", index.dump());
        write_manifest_json(json::array({saved_blobs(image, {"tiny:1"})}));
        ImportOrder order;
        order.from = source_.path;
        auto opened = Store::open({store.path, {}, {}});
        ASSERT_TRUE(opened);
        const auto imported = import_image(*opened, order);
        SCOPED_TRACE(mistake);
        expect_tiny(imported);
    }
}

// The containerd store of Docker: an index that names all machines, and the blobs of those that were pulled.
TEST_F(ArchivesTest, AnIndexOfMachinesWhoseBlobsAreNotThere) {
    Layout foreign = plain("foreign");
    foreign.architecture = "s390x";
    Folder elsewhere;
    const auto index = [&](const std::vector<json>& entries) {
        const json inner{{"schemaVersion", 2}, {"manifests", entries}};
        blob(inner.dump());
        auto entry = Layout::descriptor("application/vnd.docker.distribution.manifest.list.v2+json", inner.dump());
        Layout::write_index(source_, {named(entry, "many:1")});
    };
    index({foreign.write_manifest(elsewhere), plain().write_manifest(source_)});
    expect_tiny(import_tar("many"));

    for (const char* gone : {"blobs", "index.json"}) fs::remove_all(source_.at(gone));
    index({foreign.write_manifest(source_), plain("pulled elsewhere").write_manifest(elsewhere)});
    const auto refused = import_tar("none");
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().to_string(), HasSubstr("incomplete"));
    EXPECT_THAT(refused.error().remedy, HasSubstr("--platform linux/" + this_architecture()));
}

// Podman's docker-archive and skopeo's: layers by digest in the top folder, links to them for older readers.
TEST_F(ArchivesTest, PodmanAndSkopeoDockerArchives) {
    const Layout image = plain();
    std::vector<std::string> layers;
    for (const std::string& bytes : image.layers) {
        layers.push_back(sha256(bytes) + ".tar");
        const std::string legacy = sha256("legacy " + bytes);
        source_.write(legacy + "/VERSION", "1.0");
        source_.write(legacy + "/json", "{}");
        fs::create_symlink("../" + layers.back(), source_.at(legacy + "/layer.tar"));
        source_.write(layers.back(), bytes);
    }
    source_.write(sha256(image.config()) + ".json", image.config());
    write_manifest_json(json::array(
        {saved(sha256(image.config()) + ".json", layers, {"localhost/tiny:latest", "docker.io/library/tiny:3"})}));
    const auto imported = import_tar();
    expect_tiny(imported);
    EXPECT_EQ(imported->name, "tiny");
    expect_tiny(import_tar("three", "tiny:3"));
    expect_tiny(import_tar("four", "localhost/tiny"));
}

TEST_F(ArchivesTest, PodmanOciArchivesAndSkopeoLayouts) {
    Layout image = tiny();
    image.layer_type = "application/vnd.oci.image.layer.v1.tar+gzip";  // whatever it says, the bytes are looked at
    auto entry = image.write_manifest(source_);
    entry.erase("platform");  // only its configuration says what it is for
    entry["annotations"] = {{"org.opencontainers.image.ref.name", "localhost/tiny:latest"}};
    Layout::write_index(source_, {entry});
    const auto imported = import_tar();
    ASSERT_TRUE(imported) << imported.error().to_string();
    EXPECT_EQ(imported->name, "tiny");
    // A tag alone is no name.
    entry["annotations"] = {{"org.opencontainers.image.ref.name", "latest"}};
    Layout::write_index(source_, {entry});
    const auto nameless = import_tar();
    ASSERT_FALSE(nameless);
    EXPECT_THAT(nameless.error().remedy, HasSubstr("--name"));
    EXPECT_TRUE(import_tar("tiny2", "latest"));
    // Nor is none; images without one are told apart by their digests.
    entry.erase("annotations");
    Layout other = tiny("other");
    auto second = other.write_manifest(source_);
    second.erase("annotations");
    Layout::write_index(source_, {entry, second});
    const auto several = import_tar("x");
    ASSERT_FALSE(several);
    EXPECT_THAT(several.error().to_string(), HasSubstr(second["digest"].get<std::string>()));
    const auto chosen = import_tar("x", second["digest"].get<std::string>());
    ASSERT_TRUE(chosen) << chosen.error().to_string();
    EXPECT_EQ(chosen->digest, digest_of(other.config()));
}

// BuildKit's type=oci: an index of an index, attestations in it, zstd layers; generations of a processor.
TEST_F(ArchivesTest, BuildKitLayouts) {
    Layout image;
    image.layer_type = "application/vnd.oci.image.layer.v1.tar+zstd";
    image.add({folder("bin"), {"bin/sh", "tiny", AE_IFREG, 0755}, {"etc/passwd", "root"}, {"old", "x"}}, Packing::zstd);
    image.add({{".wh.old", ""}, {"srv/data", "data"}}, Packing::zstd);
    auto ours = image.write_manifest(source_);
    ours.erase("annotations");
    Layout newer = tiny("for newer processors");
    auto generation = newer.write_manifest(source_);
    generation["platform"]["variant"] = "v3";
    const std::string statement = R"({"schemaVersion":2,"config":{},"layers":[]})";
    blob(statement);
    auto attestation = Layout::descriptor("application/vnd.oci.image.manifest.v1+json", statement);
    attestation["platform"] = {{"os", "unknown"}, {"architecture", "unknown"}};
    attestation["annotations"] = {{"vnd.docker.reference.type", "attestation-manifest"},
                                  {"vnd.docker.reference.digest", ours["digest"]}};
    const json inner{{"schemaVersion", 2},
                     {"mediaType", "application/vnd.oci.image.index.v1+json"},
                     {"manifests", {generation, ours, attestation}}};
    blob(inner.dump());
    auto entry = named(Layout::descriptor("application/vnd.oci.image.index.v1+json", inner.dump()), "built:latest");
    entry["annotations"]["org.opencontainers.image.created"] = "2026-01-01T00:00:00Z";
    Layout::write_index(source_, {entry});
    const auto imported = import_tar();
    expect_tiny(imported);
    EXPECT_EQ(imported->name, "built");
    EXPECT_TRUE(import_tar("by-name", "built"));
    // type=docker has a manifest.json beside it.
    write_manifest_json(json::array({saved_blobs(image, {"built:latest"})}));
    expect_tiny(import_tar("docker", "built:latest"));
}

// Builders without a daemon: Jib's configuration has a name of its own, crane's and Kaniko's names have a colon.
TEST_F(ArchivesTest, ArchivesOfBuildersWithoutADaemon) {
    const Layout image = tiny();
    std::vector<std::string> layers;
    for (const std::string& bytes : image.layers) {
        layers.push_back(sha256(bytes) + ".tar.gz");
        source_.write(layers.back(), bytes);
    }
    source_.write("config.json", image.config());
    source_.write(digest_of(image.config()), image.config());
    for (const std::string& config : {std::string("config.json"), digest_of(image.config())}) {
        source_.write("manifest.json", json::array({saved(config, layers, {"tiny:1"})}).dump());
        const auto imported = import_tar();
        ASSERT_TRUE(imported) << imported.error().to_string();
        EXPECT_EQ(imported->digest, digest_of(image.config()));
    }
    source_.write(digest_of(image.config()), image.config() + " ");
    EXPECT_FALSE(import_tar());
}

TEST_F(ArchivesTest, WhatIsNoImageIsRefusedWithARemedy) {
    // docker export: a root file system.
    source_.write("usr/lib/python3/dist-packages/pip/_internal/utils/deep/er/file", "x");
    expect_refused(import_tar(), "deeper", "docker export");
    fs::remove_all(source_.at("usr"));
    source_.write("bin/sh", "x");
    expect_refused(import_tar(), "neither", "docker export");
    // Docker before 1.10.
    source_.write("repositories", R"({"tiny":{"1":"aa"}})");
    source_.write("aa/layer.tar", "x");
    expect_refused(import_tar(), "before 1.10", "docker save it again");
    // skopeo's dir:.
    source_.write("version", "Directory Transport Version: 1.1\n");
    source_.write("manifest.json", R"({"schemaVersion":2})");
    expect_refused(import(source_.path), "dir:", "skopeo copy");
    // Packed by hand, or cut off.
    Folder files;
    files.write("image.tar.xz", std::string("\xfd"
                                            "7zXZ\0",
                                            6) +
                                    std::string(1000, 'x'));
    expect_refused(import(files.at("image.tar.xz")), "packed otherwise", "xz -dc");
    files.write("image.tar.bz2", "BZh91AY" + std::string(1000, 'x'));
    expect_refused(import(files.at("image.tar.bz2")), "packed otherwise", "bzip2 -dc");
    tiny().write(source_);
    const std::string whole = archive_of(source_, Packing::gzip);
    files.write("half.tar.gz", whole.substr(0, whole.size() / 2));
    expect_refused(import(files.at("half.tar.gz")), "cannot be read", "whole");
}

TEST_F(ArchivesTest, AnImageForAnotherMachineSaysWhatToDo) {
    Layout foreign = plain();
    foreign.architecture = "s390x";
    (void)foreign.write_manifest(source_);
    write_manifest_json(json::array({saved_blobs(foreign, {"tiny:1"})}));
    expect_refused(import_tar(), "linux/s390x", "--platform linux/" + this_architecture());
}

// What a configuration says: kept where it counts, or only recorded.
TEST_F(ArchivesTest, TheConfigurationOfAnImage) {
    const Layout image = plain();
    json config = json::parse(image.config());
    config["config"] = {{"Env", {"PATH=/opt/bin", "EMPTY=", "EQUALS=a=b"}},
                        {"WorkingDir", "/srv/no/such"},
                        {"User", "1001:1001"},
                        {"Entrypoint", {"/entry.sh"}},
                        {"Cmd", nullptr},
                        {"ExposedPorts", {{"80/tcp", json::object()}}},
                        {"Volumes", nullptr}};
    for (const std::string& layer : image.layers) blob(layer);
    const auto import_with = [&](const json& changed, const std::string& name) {
        blob(changed.dump());
        write_manifest_json(json::array(
            {saved(blob_of(changed.dump()), {blob_of(image.layers[0]), blob_of(image.layers[1])}, {"tiny:1"})}));
        return import_tar(name);
    };
    const auto imported = import_with(config, "configured");
    ASSERT_TRUE(imported) << imported.error().to_string();
    const auto about = read_about(imported->layer.path());
    ASSERT_TRUE(about);
    EXPECT_EQ(about->user, "1001:1001");
    EXPECT_EQ(about->working_dir, "/srv/no/such");
    auto store = open();
    const auto found = find_image("configured", store);
    ASSERT_TRUE(found) << found.error().to_string();
    const std::map<std::string, std::string> env(found->env.begin(), found->env.end());
    EXPECT_EQ(env.at("EMPTY"), "");
    EXPECT_EQ(env.at("EQUALS"), "a=b");
    EXPECT_THAT(env.at("PATH"), HasSubstr("/opt/bin"));

    config["config"] = nullptr;  // as of an image that was made from nothing
    EXPECT_TRUE(import_with(config, "bare"));
}
