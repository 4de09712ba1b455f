// The documents of a container image: index, manifest and configuration of the OCI image specification 1.1 and of
// Docker's schema 2, and the manifest.json of `docker save`. Pure functions over untrusted bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace assay::images::oci {

// A blob by its content.
struct Descriptor {
    std::string digest;  // "sha256:" and 64 hexadecimal digits; nothing else is accepted
    std::uint64_t size = 0;
    std::string media_type;
};

struct IndexEntry {
    Descriptor descriptor;
    bool index = false;        // of further manifests
    std::string os;            // empty: not said
    std::string architecture;  // in Go's words: "amd64"; empty: not said
    std::string variant;       // of the architecture: "v3"; empty: any machine of it can run it
    std::string reference;     // name that the index gives it, with its registry where it says so; may be empty
    std::string tag;           // the other name that it may have, often only a tag
};

struct Manifest {
    Descriptor config;
    std::vector<Descriptor> layers;  // the lowest first
};

struct Config {
    std::string os;
    std::string architecture;
    std::vector<std::pair<std::string, std::string>> env;
    std::string working_dir;
    std::string user;
    std::vector<std::string> diff_ids;  // of the uncompressed layers, the lowest first
};

// One image of `docker save`, whose files are named by path, not by digest.
struct SavedImage {
    std::string config;
    std::vector<std::string> layers;
    std::vector<std::string> tags;
};

inline constexpr std::size_t kLayersLimit = 512;
inline constexpr std::uint64_t kDocumentLimit = 8u << 20;  // bytes of one document

// For messages: at most `limit` bytes, without what a terminal would obey.
std::string excerpt(std::string_view text, std::size_t limit = 80);

// Entries that are no image for a machine (attestations, signatures) are left out.
Result<std::vector<IndexEntry>> parse_index(std::string_view json);
Result<Manifest> parse_manifest(std::string_view json);
Result<Config> parse_config(std::string_view json);
Result<std::vector<SavedImage>> parse_saved(std::string_view json);

// Whether `name` is meant by `wanted`: "docker.io/library/python:3.12" by "python:3.12", "localhost/tool:latest" by
// "tool", a digest by itself or by its first twelve digits or more.
bool is_called(std::string_view name, std::string_view wanted);

// The entry for this machine among those named `reference` (empty: whatever their name). Errors say what there is.
Result<IndexEntry> choose(const std::vector<IndexEntry>& entries, std::string_view reference,
                          std::string_view architecture);

// "x86_64" in Go's words.
std::string go_architecture(std::string_view machine);

// The file of a blob below the layout's folder: "blobs/sha256/...".
std::string blob_path(const Descriptor& descriptor);

}  // namespace assay::images::oci
