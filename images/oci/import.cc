// Theory of operation.
//
// An archive is first unpacked as it is, into a directory of the store that belongs to no image (a claim of a key that
// nobody else has); a folder is read where it stands. Only then it is known which image it is, and the key of that is
// claimed: who comes second waits, and finds it made. Layers are unpacked one over another beside the store's layers;
// what is handed to the unpacker is digested on its way, and nothing is published unless all digests are right.
// A process that ends leaves directories which the next start removes, as for every layer.

#include "images/oci/import.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cerrno>
#include <ctime>

#include "base/tree.h"
#include "images/image_tree.h"
#include "images/names.h"
#include "images/oci/locate.h"
#include "images/probe.h"
#include "images/recipe.h"
#include "images/tree.h"

namespace assay::images::oci {
namespace {

constexpr const char* kStep = "import image";

// "registry/library/python:3.12-slim" -> "python-3.12-slim"; empty when nothing is left.
std::string name_from(std::string reference) {
    reference.erase(0, reference.rfind('/') + 1);
    reference.resize(std::min(reference.find('@'), reference.size()));
    if (reference.ends_with(":latest")) reference.resize(reference.size() - 7);
    if (reference == "latest") return {};  // a layout may give its image a tag and no name
    for (char& c : reference) {
        c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        if (c == ':') c = '-';
    }
    return is_image_name(reference) ? reference : std::string();
}

// A key that nobody else has.
Result<Building> claim_scratch(Store& store) {
    static std::atomic<unsigned> counter{0};
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    ASSAY_TRY(auto claimed,
              store.claim(sha256(fmt::format("import {} {} {}.{}", ::getpid(), counter++, now.tv_sec, now.tv_nsec))));
    return std::move(std::get<Building>(claimed));
}

Result<Fd> open_folder(const std::string& path) {
    Fd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder) return fail_errno(errno, kStep, path);
    return folder;
}

// The archive's own members, as they are: blobs, documents, the links of old archives.
Result<Blobs> unpack_archive(const std::string& from, const std::string& into, const UnpackLimits& limits) {
    Fd file =
        from == "-" ? Fd(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)) : Fd(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return fail_errno(errno, kStep, from);
    ASSAY_TRY(Fd folder, make_directory_at(AT_FDCWD, into));
    ASSAY_TRY(Fd root, duplicate(folder.get()));
    UnpackLimits outer = limits;
    outer.entries = 100'000;
    outer.depth = 8;
    TreeUnpacker unpacker(std::move(root), outer, TreeUnpacker::Whiteouts::keep);
    BlobStream stream(std::move(file), Bytes{2 * limits.total.count});
    if (auto unpacked = unpacker.add(stream); !unpacked) {
        Error error = std::move(unpacked.error());
        if (error.remedy.empty())
            error.remedy =
                "give an OCI image layout or what docker save or podman save writes, whole; docker export writes no "
                "image";
        return tl::unexpected(std::move(error));
    }
    return Blobs(std::move(folder));
}

Result<Unpacked> unpack_layers(const Blobs& blobs, const Found& found, const std::string& tree,
                               const UnpackLimits& limits) {
    ASSAY_TRY(Fd root, make_directory_at(AT_FDCWD, tree));
    TreeUnpacker unpacker(std::move(root), limits);
    for (std::size_t i = 0; i < found.layers.size(); ++i) {
        const Found::LayerFile& layer = found.layers[i];
        ASSAY_TRY(Fd file, blobs.open(layer.path));
        // Headers and padding are no more than the files are, but for very many small ones.
        BlobStream stream(std::move(file), Bytes{2 * limits.total.count + (1u << 20)});
        auto unpacked = unpacker.add(stream);
        auto ends = unpacked ? stream.finish() : Result<BlobStream::Ends>();
        if (!unpacked || !ends) {
            Error error = unpacked ? ends.error() : unpacked.error();
            error.detail = fmt::format("layer {}: {}", i + 1, error.detail);
            return tl::unexpected(std::move(error));
        }
        if ((!layer.digest.empty() && (ends->digest != layer.digest || ends->size != layer.size)) ||
            ends->diff_id != found.config.diff_ids[i])
            return fail(kStep, fmt::format("layer {}: its content is another than {}", i + 1, found.config.diff_ids[i]),
                        "the file is damaged: fetch it again");
    }
    return unpacker.found();
}

}  // namespace

Result<Layer> publish_image(Store& store, Building building, const ImageOrder& order, Instant begin) {
    const std::string tree = building.path() + "/tree";
    ASSAY_TRY(const Recipe house, find_recipe("host"));
    ASSAY_CHECK(fit_tree(tree, house));
    const TreeSize size = measure_tree(tree);
    if (size.entries == UINT64_MAX) return fail(kStep, "its folders are nested too deep");
    // Named images are not evicted: beyond the limit every dependency layer would be, after each use.
    const auto names = image_names(store.path());
    std::uint64_t total = size.allocated.count;
    for (const LayerInfo& layer : store.list())
        for (const auto& [name, key] : names)
            if (key == layer.key && name != order.name) {
                total += layer.size.count;
                break;
            }
    if (const Bytes most = store.options().max_size; most.count != 0 && total > most.count)
        return fail(kStep,
                    fmt::format("images would take {}, the store's limit is {}", format_bytes(Bytes{total}),
                                format_bytes(most)),
                    "assay image rm NAME");
    ImageAbout about;
    about.origin = order.origin;
    about.digest = order.digest;
    about.fitting = fitting(house);
    about.env = order.env;
    about.working_dir = order.working_dir;
    about.user = order.user;
    ASSAY_CHECK(write_about(building.path(), about));
    LayerInfo info;
    info.image = order.name;
    info.kind = "image";
    info.contents = {order.origin};
    info.build_time = std::chrono::duration_cast<Millis>(Clock::now() - begin);
    ASSAY_TRY(Layer layer, std::move(building).commit(std::move(info)));
    ASSAY_CHECK(name_image(store.path(), order.name, layer.info().key));
    return layer;
}

Result<Imported> import_image(Store& store, const ImportOrder& order) {
    const Instant begin = Clock::now();
    ASSAY_CHECK(store.check_space());
    ASSAY_TRY(const Building scratch, claim_scratch(store));
    struct stat info {};
    const bool folder = order.from != "-" && ::stat(order.from.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
    auto blobs = folder ? open_folder(order.from).map([](Fd fd) { return Blobs(std::move(fd)); })
                        : unpack_archive(order.from, scratch.path() + "/archive", order.limits);
    if (!blobs) return tl::unexpected(blobs.error());
    ASSAY_TRY(const Found found, locate_image(*blobs, order.reference, go_architecture(host_machine())));

    Imported imported;
    imported.digest = found.config_digest;
    imported.name = order.name.empty() ? name_from(found.reference) : order.name;
    if (!is_image_name(imported.name))
        return fail("name image", imported.name.empty() ? "it has no name of its own" : imported.name,
                    "--name NAME, of a-z, 0-9, '.', '_' and '-'");
    if (std::find(order.taken.begin(), order.taken.end(), imported.name) != order.taken.end())
        return fail("name image", "'" + imported.name + "' is a recipe", "--name OTHER");

    ASSAY_TRY(const Recipe house, find_recipe("host"));
    const std::string key = sha256(fmt::format("assay image 1\n{}\n{}\n", found.config_digest, fitting(house)));
    ASSAY_TRY(auto claimed, store.claim(key));
    if (auto* layer = std::get_if<Layer>(&claimed)) {
        imported.known = true;
        imported.layer = std::move(*layer);
        ASSAY_CHECK(name_image(store.path(), imported.name, key));
        return imported;
    }
    auto building = std::move(std::get<Building>(claimed));
    ASSAY_TRY(imported.found, unpack_layers(*blobs, found, building.path() + "/tree", order.limits));
    const std::string origin = found.reference.empty() ? order.from : found.reference;
    ASSAY_TRY(imported.layer, publish_image(store, std::move(building),
                                            {imported.name, origin, found.config_digest, found.config.env,
                                             found.config.working_dir, found.config.user},
                                            begin));
    return imported;
}

}  // namespace assay::images::oci
