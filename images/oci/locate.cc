#include "images/oci/locate.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "images/store.h"

namespace assay::images::oci {
namespace {

constexpr const char* kStep = "import image";
constexpr const char* kDamaged = "the file is damaged: fetch it again";
constexpr int kIndexDepth = 4;  // an index of an index: docker writes two
constexpr std::size_t kHexDigest = 64;

std::string fetch_for(const std::string& architecture) {
    return fmt::format("pull it with --platform linux/{} and save it again", architecture);
}

Result<void> check(const Found& found, const std::string& architecture) {
    const Config& config = found.config;
    if (config.diff_ids.size() != found.layers.size())
        return fail(kStep, fmt::format("it has {} layers, its configuration says {}", found.layers.size(),
                                       config.diff_ids.size()));
    if ((!config.os.empty() && config.os != "linux") ||
        (!config.architecture.empty() && config.architecture != architecture))
        return fail(kStep,
                    fmt::format("it is for {}/{}, this machine is linux/{}", excerpt(config.os),
                                excerpt(config.architecture), architecture),
                    fetch_for(architecture));
    return {};
}

// An index may name what its file was written without: the images of other machines, or this one's.
tl::unexpected<Error> missing(Error error, const std::string& architecture) {
    if (error.code == ENOENT) {
        error.detail = "it is incomplete: it has no " + error.detail;
        error.remedy = fetch_for(architecture);
    }
    return tl::unexpected(std::move(error));
}

Result<Found> locate_in_layout(const Blobs& blobs, const std::string& reference, const std::string& architecture) {
    ASSAY_TRY(std::string text, blobs.document("index.json"));
    Found found;
    std::string wanted = reference;
    IndexEntry entry;
    for (int depth = 0;; ++depth) {
        if (depth >= kIndexDepth) return fail(kStep, "its index is nested too deep");
        ASSAY_TRY(const auto entries, parse_index(text));
        ASSAY_TRY(entry, choose(entries, wanted, architecture));
        if (found.reference.empty()) found.reference = entry.reference;
        auto next = blobs.document(entry.descriptor);
        if (!next) return missing(std::move(next.error()), architecture);
        text = std::move(*next);
        if (!entry.index) break;
        wanted.clear();
    }
    ASSAY_TRY(const Manifest manifest, parse_manifest(text));
    auto config = blobs.document(manifest.config);
    if (!config) return missing(std::move(config.error()), architecture);
    ASSAY_TRY(found.config, parse_config(*config));
    found.config_digest = manifest.config.digest;
    for (const Descriptor& layer : manifest.layers) {
        if (auto there = blobs.open(blob_path(layer)); !there) return missing(std::move(there.error()), architecture);
        found.layers.push_back({blob_path(layer), layer.digest, layer.size});
    }
    ASSAY_CHECK(check(found, architecture));
    return found;
}

// The digest that a configuration's path names: "<digest>.json", "sha256:<digest>", "blobs/sha256/<digest>".
// Empty for a name that says nothing: Jib's is "config.json".
std::string digest_in(const std::string& path) {
    constexpr const char* kHex = "0123456789abcdef";
    for (auto begin = path.find_first_of(kHex); begin != std::string::npos;) {
        const auto end = std::min(path.find_first_not_of(kHex, begin), path.size());
        if (end - begin == kHexDigest) return path.substr(begin, kHexDigest);
        begin = path.find_first_of(kHex, end);
    }
    return {};
}

bool is_wanted(const SavedImage& image, const std::string& reference) {
    return std::any_of(image.tags.begin(), image.tags.end(),
                       [&](const std::string& tag) { return is_called(tag, reference); }) ||
           is_called("sha256:" + digest_in(image.config), reference);
}

Result<SavedImage> choose_saved(std::vector<SavedImage> images, const std::string& reference) {
    std::set<std::string> known;
    for (const SavedImage& image : images) {
        if (image.tags.empty()) known.insert(excerpt(image.config));
        for (const std::string& tag : image.tags) known.insert(excerpt(tag));
    }
    if (!reference.empty())
        std::erase_if(images, [&](const SavedImage& image) { return !is_wanted(image, reference); });
    const bool same = std::all_of(images.begin(), images.end(),
                                  [&](const SavedImage& image) { return image.config == images.front().config; });
    if (!images.empty() && same) return images.front();
    return fail(
        "choose image",
        fmt::format("there {}{}; there are: {}", images.empty() ? "is none" : "are several",
                    reference.empty() ? "" : fmt::format(" called '{}'", excerpt(reference)), fmt::join(known, ", ")),
        known.empty() ? "" : "name one with --ref");
}

// Layers are only known by the diff_ids of the configuration, and that by its name.
Result<Found> locate_in_saved(const Blobs& blobs, const std::string& reference, const std::string& architecture) {
    ASSAY_TRY(const std::string text, blobs.document("manifest.json"));
    if (text.starts_with('{'))
        return fail(kStep, "its manifest.json is that of one image: it is what skopeo writes to dir:",
                    "skopeo copy dir:FOLDER oci:OTHER, and import OTHER");
    ASSAY_TRY(auto images, parse_saved(text));
    ASSAY_TRY(const SavedImage image, choose_saved(std::move(images), reference));
    auto config = blobs.document(image.config);
    if (!config) return missing(std::move(config.error()), architecture);
    Found found;
    found.config_digest = "sha256:" + sha256(*config);
    const std::string said = digest_in(image.config);
    if (!said.empty() && found.config_digest != "sha256:" + said)
        return fail(kStep, image.config + ": its content is another", kDamaged);
    ASSAY_TRY(found.config, parse_config(*config));
    for (const std::string& layer : image.layers) {
        if (auto there = blobs.open(layer); !there) return missing(std::move(there.error()), architecture);
        found.layers.push_back({layer, {}, 0});
    }
    if (!image.tags.empty()) found.reference = image.tags.front();
    ASSAY_CHECK(check(found, architecture));
    return found;
}

}  // namespace

Result<Fd> Blobs::open(const std::string& path) const {
    open_how how{};
    how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;  // a fifo must not hold us
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
    Fd file(static_cast<int>(::syscall(SYS_openat2, folder_.get(), path.c_str(), &how, sizeof how)));
    struct stat info {};
    if (!file || ::fstat(file.get(), &info) != 0) return fail_errno(errno, kStep, path);
    if (!S_ISREG(info.st_mode)) return fail(kStep, path + " is not a regular file");
    return file;
}

Result<std::string> Blobs::document(const std::string& path) const {
    ASSAY_TRY(const Fd file, open(path));
    auto text = read_all(file.get(), kDocumentLimit);
    if (!text) text.error().detail = path + ": " + text.error().detail;
    return text;
}

Result<std::string> Blobs::document(const Descriptor& descriptor) const {
    ASSAY_TRY(std::string text, document(blob_path(descriptor)));
    if (text.size() != descriptor.size || "sha256:" + sha256(text) != descriptor.digest)
        return fail(kStep, descriptor.digest + ": its content is another", kDamaged);
    return text;
}

Result<Found> locate_image(const Blobs& blobs, const std::string& reference, const std::string& architecture) {
    const bool layout = blobs.open("index.json").has_value();
    if (!blobs.open("manifest.json")) {
        if (layout) return locate_in_layout(blobs, reference, architecture);
        if (blobs.open("repositories"))
            return fail(kStep, "it is what Docker before 1.10 wrote, whose layers say nothing of their content",
                        "docker load it and docker save it again, with a newer Docker");
        return fail(kStep, "it has neither an index.json nor a manifest.json",
                    "give an OCI image layout or what docker save or podman save writes; what docker export writes has "
                    "no configuration");
    }
    auto saved = locate_in_saved(blobs, reference, architecture);
    if (saved || !layout) return saved;
    auto found = locate_in_layout(blobs, reference, architecture);
    return found ? found : saved;
}

}  // namespace assay::images::oci
