#include "images/oci/format.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>

#include "images/untrusted_json.h"

namespace assay::images::oci {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kEntriesLimit = 4096;
constexpr std::size_t kTextLimit = 64 * 1024;  // of one value that is kept
constexpr const char* kReference = "org.opencontainers.image.ref.name";
constexpr const char* kDockerName = "io.containerd.image.name";

tl::unexpected<Error> bad(const char* document, std::string what) {
    return fail(fmt::format("read image {}", document), std::move(what));
}

Result<Json> parse(const char* document, std::string_view text, bool array = false) {
    if (text.size() > kDocumentLimit) return bad(document, "it is too large");
    auto json = parse_untrusted(text);
    if (!json) return bad(document, "it is not JSON");
    if (array ? !json->is_array() : !json->is_object())
        return bad(document, array ? "it is not an array" : "it is not an object");
    return std::move(*json);
}

const Json* member(const Json& object, const char* name) {
    const auto found = object.is_object() ? object.find(name) : object.end();
    return found == object.end() || found->is_null() ? nullptr : &*found;
}

// Empty when it is missing or no text.
std::string text_of(const Json& object, const char* name) {
    const Json* found = member(object, name);
    if (found == nullptr || !found->is_string()) return {};
    const auto& text = found->get_ref<const std::string&>();
    return text.size() > kTextLimit || text.find('\0') != std::string::npos ? std::string() : text;
}

Result<std::vector<std::string>> texts_of(const char* document, const Json& object, const char* name) {
    std::vector<std::string> texts;
    const Json* found = member(object, name);
    if (found == nullptr) return texts;
    if (!found->is_array() || found->size() > kEntriesLimit)
        return bad(document, fmt::format("'{}' is not a list of texts", name));
    for (const Json& each : *found) {
        if (!each.is_string() || each.get_ref<const std::string&>().size() > kTextLimit ||
            each.get_ref<const std::string&>().find('\0') != std::string::npos)
            return bad(document, fmt::format("'{}' is not a list of texts", name));
        texts.push_back(each.get<std::string>());
    }
    return texts;
}

bool is_digest(std::string_view text) {
    return text.size() == 71 && text.starts_with("sha256:") &&
           text.find_first_not_of("0123456789abcdef", 7) == std::string_view::npos;
}

Result<Descriptor> descriptor(const char* document, const Json* json) {
    if (json == nullptr || !json->is_object()) return bad(document, "a descriptor is missing");
    Descriptor read;
    read.digest = text_of(*json, "digest");
    if (!is_digest(read.digest)) return bad(document, fmt::format("'{}' is not a sha256 digest", excerpt(read.digest)));
    const Json* size = member(*json, "size");
    if (size == nullptr || !size->is_number_unsigned())
        return bad(document, fmt::format("{} has no size", read.digest));
    read.size = size->get<std::uint64_t>();
    read.media_type = text_of(*json, "mediaType");
    return read;
}

bool one_of(std::string_view word, std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_index_type(std::string_view type) {
    return one_of(
        type, {"application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"});
}

bool is_layer_type(std::string_view type) {
    return one_of(
        type,
        {"application/vnd.oci.image.layer.v1.tar", "application/vnd.oci.image.layer.v1.tar+gzip",
         "application/vnd.oci.image.layer.v1.tar+zstd", "application/vnd.oci.image.layer.nondistributable.v1.tar",
         "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
         "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", "application/vnd.docker.image.rootfs.diff.tar",
         "application/vnd.docker.image.rootfs.diff.tar.gzip", "application/vnd.docker.image.rootfs.diff.tar.zstd",
         "application/vnd.docker.image.rootfs.foreign.diff.tar",
         "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"});
}

// What an index holds beside images: attestations of a build, signatures.
bool is_no_image(const Json& entry) {
    if (member(entry, "artifactType") != nullptr) return true;
    const Json* annotations = member(entry, "annotations");
    if (annotations != nullptr && !text_of(*annotations, "vnd.docker.reference.type").empty()) return true;
    const Json* platform = member(entry, "platform");
    return platform != nullptr && text_of(*platform, "os") == "unknown";
}

std::string describe(const IndexEntry& entry) {
    std::string text = excerpt(entry.reference.empty() ? entry.descriptor.digest : entry.reference);
    if (!entry.architecture.empty()) text += fmt::format(" ({}/{})", excerpt(entry.os), excerpt(entry.architecture));
    return text;
}

}  // namespace

Result<std::vector<IndexEntry>> parse_index(std::string_view text) {
    ASSAY_TRY(const Json json, parse("index", text));
    const Json* manifests = member(json, "manifests");
    if (manifests == nullptr || !manifests->is_array()) return bad("index", "it has no list of manifests");
    if (manifests->size() > kEntriesLimit) return bad("index", "it has too many manifests");
    std::vector<IndexEntry> entries;
    for (const Json& each : *manifests) {
        if (is_no_image(each)) continue;
        IndexEntry entry;
        ASSAY_TRY(entry.descriptor, descriptor("index", &each));
        entry.index = is_index_type(entry.descriptor.media_type);
        if (const Json* platform = member(each, "platform")) {
            entry.os = text_of(*platform, "os");
            entry.architecture = text_of(*platform, "architecture");
            entry.variant = text_of(*platform, "variant");
        }
        if (const Json* annotations = member(each, "annotations")) {
            entry.reference = text_of(*annotations, kDockerName);
            entry.tag = text_of(*annotations, kReference);
            if (entry.reference.empty()) entry.reference = entry.tag;
        }
        entries.push_back(std::move(entry));
    }
    return entries;
}

Result<Manifest> parse_manifest(std::string_view text) {
    ASSAY_TRY(const Json json, parse("manifest", text));
    Manifest manifest;
    ASSAY_TRY(manifest.config, descriptor("manifest", member(json, "config")));
    if (!one_of(manifest.config.media_type,
                {"application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"}))
        return bad("manifest", fmt::format("'{}' is not an image", excerpt(manifest.config.media_type)));
    const Json* layers = member(json, "layers");
    if (layers == nullptr || !layers->is_array() || layers->empty()) return bad("manifest", "it has no layers");
    if (layers->size() > kLayersLimit) return bad("manifest", "it has too many layers");
    for (const Json& each : *layers) {
        ASSAY_TRY(Descriptor layer, descriptor("manifest", &each));
        if (!is_layer_type(layer.media_type))
            return bad("manifest", fmt::format("a layer of type '{}' cannot be read", excerpt(layer.media_type)));
        manifest.layers.push_back(std::move(layer));
    }
    return manifest;
}

Result<Config> parse_config(std::string_view text) {
    ASSAY_TRY(const Json json, parse("configuration", text));
    Config config;
    config.os = text_of(json, "os");
    config.architecture = text_of(json, "architecture");
    if (const Json* run = member(json, "config")) {
        ASSAY_TRY(const auto env, texts_of("configuration", *run, "Env"));
        for (const std::string& each : env) {
            const auto equals = each.find('=');
            if (equals == std::string::npos || equals == 0)
                return bad("configuration", fmt::format("'{}' is not NAME=VALUE", excerpt(each)));
            config.env.emplace_back(each.substr(0, equals), each.substr(equals + 1));
        }
        config.working_dir = text_of(*run, "WorkingDir");
        config.user = text_of(*run, "User");
    }
    const Json* rootfs = member(json, "rootfs");
    if (rootfs == nullptr) return bad("configuration", "it has no 'rootfs'");
    ASSAY_TRY(config.diff_ids, texts_of("configuration", *rootfs, "diff_ids"));
    for (const std::string& digest : config.diff_ids)
        if (!is_digest(digest))
            return bad("configuration", fmt::format("'{}' is not a sha256 digest", excerpt(digest)));
    return config;
}

Result<std::vector<SavedImage>> parse_saved(std::string_view text) {
    ASSAY_TRY(const Json json, parse("manifest.json", text, true));
    if (json.size() > kEntriesLimit) return bad("manifest.json", "it has too many images");
    std::vector<SavedImage> images;
    for (const Json& each : json) {
        SavedImage image;
        image.config = text_of(each, "Config");
        if (image.config.empty()) return bad("manifest.json", "an image has no 'Config'");
        ASSAY_TRY(image.layers, texts_of("manifest.json", each, "Layers"));
        if (image.layers.empty() || image.layers.size() > kLayersLimit)
            return bad("manifest.json", "an image has no layers, or too many");
        ASSAY_TRY(image.tags, texts_of("manifest.json", each, "RepoTags"));
        images.push_back(std::move(image));
    }
    return images;
}

bool is_called(std::string_view name, std::string_view wanted) {
    constexpr std::string_view kDigest = "sha256:";
    constexpr std::size_t kShortest = 12;  // as much as docker shows of an id
    if (name.empty() || wanted.empty()) return false;
    if (name == wanted || name.ends_with("/" + std::string(wanted))) return true;
    if (name.starts_with(kDigest)) {
        if (wanted.starts_with(kDigest)) wanted.remove_prefix(kDigest.size());
        return wanted.size() >= kShortest && name.substr(kDigest.size()).starts_with(wanted);
    }
    const bool tagged = wanted.find_first_of(":@", wanted.rfind('/') + 1) != std::string_view::npos;
    return !tagged && name.ends_with(":latest") && is_called(name.substr(0, name.size() - 7), wanted);
}

Result<IndexEntry> choose(const std::vector<IndexEntry>& entries, std::string_view reference,
                          std::string_view architecture) {
    std::vector<IndexEntry> fitting;
    std::set<std::string> known;
    for (const IndexEntry& entry : entries) {
        known.insert(describe(entry));
        const bool named = reference.empty() || is_called(entry.reference, reference) ||
                           is_called(entry.tag, reference) || is_called(entry.descriptor.digest, reference);
        const bool machine = (entry.os.empty() || entry.os == "linux") &&
                             (entry.architecture.empty() || entry.architecture == architecture);
        if (machine && named) fitting.push_back(entry);
    }
    // Of one image for several generations of a processor, the one that each of them can run.
    if (std::any_of(fitting.begin(), fitting.end(), [](const IndexEntry& entry) { return entry.variant.empty(); }))
        std::erase_if(fitting, [](const IndexEntry& entry) { return !entry.variant.empty(); });
    const bool same = std::all_of(fitting.begin(), fitting.end(), [&](const IndexEntry& entry) {
        return entry.descriptor.digest == fitting.front().descriptor.digest;
    });
    if (!fitting.empty() && same) return fitting.front();
    return fail("choose image",
                fmt::format("{} for linux/{}{}; there are: {}", fitting.empty() ? "there is none" : "there are several",
                            architecture, reference.empty() ? "" : fmt::format(" called '{}'", excerpt(reference)),
                            fmt::join(known, ", ")),
                fitting.empty() && reference.empty() ? "save it for this machine" : "name one with --ref");
}

std::string go_architecture(std::string_view machine) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kNames{
        {{"x86_64", "amd64"}, {"aarch64", "arm64"}, {"i686", "386"}, {"armv7l", "arm"}}};
    for (const auto& [kernel, go] : kNames)
        if (machine == kernel) return std::string(go);
    return std::string(machine);
}

std::string excerpt(std::string_view text, std::size_t limit) {
    std::string shown(text.substr(0, limit));
    for (char& c : shown)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    return shown;
}

std::string blob_path(const Descriptor& descriptor) { return "blobs/sha256/" + descriptor.digest.substr(7); }

}  // namespace assay::images::oci
