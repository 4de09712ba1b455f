// Container images made in the test: layers as tar archives, an OCI layout and a `docker save` folder around them.
#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "images/oci/format.h"
#include "images/oci/unpack.h"
#include "images/store.h"
#include "images/tree.h"

namespace assay::images::oci {

struct Member {
    std::string path;
    std::string content{};  // of a file; where a link leads
    unsigned type = AE_IFREG;
    unsigned mode = 0644;
    bool hard_link = false;
};
inline Member folder(std::string path) { return {std::move(path), {}, AE_IFDIR, 0755}; }
inline Member soft_link(std::string path, std::string to) { return {std::move(path), std::move(to), AE_IFLNK, 0777}; }
inline Member hard_link(std::string path, std::string to) {
    return {std::move(path), std::move(to), AE_IFREG, 0644, true};
}

enum class Packing { none, gzip, zstd };

inline std::string tar(const std::vector<Member>& members, Packing packing = Packing::none) {
    std::string bytes(8u << 20, '\0');
    std::size_t used = 0;
    archive* writer = archive_write_new();
    archive_write_set_format_pax_restricted(writer);
    if (packing == Packing::gzip) archive_write_add_filter_gzip(writer);
    if (packing == Packing::zstd) archive_write_add_filter_zstd(writer);
    archive_write_open_memory(writer, bytes.data(), bytes.size(), &used);
    for (const Member& member : members) {
        archive_entry* entry = archive_entry_new();
        archive_entry_set_pathname(entry, member.path.c_str());
        archive_entry_set_filetype(entry, member.type);
        archive_entry_set_perm(entry, static_cast<mode_t>(member.mode));
        if (member.hard_link)
            archive_entry_set_hardlink(entry, member.content.c_str());
        else if (member.type == AE_IFLNK)
            archive_entry_set_symlink(entry, member.content.c_str());
        else if (member.type == AE_IFREG)
            archive_entry_set_size(entry, static_cast<la_int64_t>(member.content.size()));
        archive_write_header(writer, entry);
        if (member.type == AE_IFREG && !member.hard_link)
            archive_write_data(writer, member.content.data(), member.content.size());
        archive_entry_free(entry);
    }
    archive_write_close(writer);
    archive_write_free(writer);
    bytes.resize(used);
    return bytes;
}

inline std::string digest_of(const std::string& bytes) { return "sha256:" + sha256(bytes); }

inline std::string this_architecture() {
    utsname machine{};
    ::uname(&machine);
    return go_architecture(machine.machine);
}

struct Folder {
    std::string path = [] {
        char name[] = "/tmp/assay-oci-test-XXXXXX";
        return std::string(::mkdtemp(name));
    }();
    ~Folder() { (void)remove_tree(path); }
    [[nodiscard]] std::string at(const std::string& name) const { return path + "/" + name; }
    void write(const std::string& name, const std::string& bytes) const {
        std::filesystem::create_directories(std::filesystem::path(at(name)).parent_path());
        ASSERT_TRUE(write_file_at(AT_FDCWD, at(name), bytes));
    }
};

// An OCI image layout in `folder`, of layers as bytes and their uncompressed forms.
struct Layout {
    std::vector<std::string> layers;    // as they are stored
    std::vector<std::string> diff_ids;  // of what they hold
    std::string architecture = this_architecture();
    std::vector<std::string> env{"PATH=/usr/local/bin:/usr/bin:/bin", "COLOUR=blue", "HOME=/root"};
    std::string reference = "registry.test/library/Tiny:1.0";
    std::string layer_type = "application/vnd.oci.image.layer.v1.tar";

    void add(const std::vector<Member>& members, Packing packing = Packing::none) {
        layers.push_back(tar(members, packing));
        diff_ids.push_back(digest_of(tar(members)));
    }
    [[nodiscard]] std::string config() const {
        return nlohmann::json{{"os", "linux"},
                              {"architecture", architecture},
                              {"config", {{"Env", env}, {"WorkingDir", "/srv"}, {"User", "app"}}},
                              {"rootfs", {{"type", "layers"}, {"diff_ids", diff_ids}}}}
            .dump();
    }
    [[nodiscard]] static nlohmann::json descriptor(const std::string& type, const std::string& bytes) {
        return {{"mediaType", type}, {"digest", digest_of(bytes)}, {"size", bytes.size()}};
    }
    // Writes blobs and gives the manifest's descriptor.
    [[nodiscard]] nlohmann::json write_manifest(const Folder& folder) const {
        const auto blob = [&](const std::string& bytes) { folder.write("blobs/sha256/" + sha256(bytes), bytes); };
        nlohmann::json manifest{{"schemaVersion", 2}, {"layers", nlohmann::json::array()}};
        manifest["config"] = descriptor("application/vnd.oci.image.config.v1+json", config());
        for (const std::string& layer : layers) {
            manifest["layers"].push_back(descriptor(layer_type, layer));
            blob(layer);
        }
        blob(config());
        blob(manifest.dump());
        auto entry = descriptor("application/vnd.oci.image.manifest.v1+json", manifest.dump());
        entry["platform"] = {{"os", "linux"}, {"architecture", architecture}};
        entry["annotations"] = {{"org.opencontainers.image.ref.name", reference}};
        return entry;
    }
    void write(const Folder& folder) const { write_index(folder, {write_manifest(folder)}); }
    static void write_index(const Folder& folder, const std::vector<nlohmann::json>& entries) {
        folder.write("oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
        folder.write("index.json", nlohmann::json{{"schemaVersion", 2}, {"manifests", entries}}.dump());
    }
};

}  // namespace assay::images::oci
