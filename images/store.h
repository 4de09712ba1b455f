// The store of layers on disk, content-addressed, shared by every assay process of the user.
//
//   layers/<key>/     complete layers: tree/, layer.json, build.log. The mtime of layer.json is the last use.
//   building/<key>.*  being made; becomes layers/<key> by one rename, after everything in it is on disk
//   locks/<key>       flock: exclusive while the layer is made or removed, shared while it is in use
//   names/<name>      images that have a name: symbolic links to layers/<key>
//   failed/<key>/     why a layer could not be made, believed for a while
//   trash/            on its way out
//   store.lock        flock: held for the moments in which layers appear or disappear
//
// A process that ends, however, loses its locks: what it was making is then nobody's, and the next one that opens the
// store removes it. So there is no pid to compare and nothing to repair after a crash or a power cut.
//
// Thread-safe. Blocks on the disk and, in claim(), on other threads and processes.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "base/units.h"

namespace assay::images {

struct LayerInfo {
    std::string key;
    std::string image;
    std::string kind;  // "python-prefix", "node-modules", "image", ...
    Bytes size;        // allocated on disk
    std::uint64_t entries = 0;
    std::chrono::system_clock::time_point built;
    std::chrono::system_clock::time_point last_used;
    Millis build_time{0};
    std::vector<std::string> contents;  // "flask 3.1.3", for people
};

// A complete layer, in use while a copy of this lives: it cannot be evicted. An empty one (no dependencies) is false.
class Layer {
 public:
    Layer() = default;
    explicit operator bool() const noexcept { return held_ != nullptr; }
    [[nodiscard]] const LayerInfo& info() const noexcept { return held_->info; }
    [[nodiscard]] const std::string& path() const noexcept { return held_->path; }  // host path of layers/<key>

 private:
    friend class Store;
    friend class Building;
    struct Held {
        Fd lock;  // flock, shared
        LayerInfo info;
        std::string path;
    };
    explicit Layer(std::shared_ptr<const Held> held) : held_(std::move(held)) {}
    std::shared_ptr<const Held> held_;
};

struct StoreState;

// The right and duty to make one layer: nobody else makes it meanwhile. Destroyed without commit(), the directory and
// the claim are gone.
class Building {
 public:
    Building(Building&&) noexcept;
    Building& operator=(Building&&) = delete;
    ~Building();

    [[nodiscard]] const std::string& path() const noexcept { return path_; }  // host path of building/<key>.*
    [[nodiscard]] const std::string& key() const noexcept { return key_; }
    // Publishes path()/tree and path()/build.log (of an image also image.json); everything else there must have been
    // removed. `info` gives image,
    // kind, build time and contents. Layers that are not in use are evicted when the store became too large.
    Result<Layer> commit(LayerInfo info) &&;

 private:
    friend class Store;
    Building(std::shared_ptr<StoreState> store, std::string key, std::string path, Fd lock);
    std::shared_ptr<StoreState> store_;
    std::string key_;
    std::string path_;
    Fd lock_;  // flock, exclusive
};

class Store {
 public:
    struct Options {
        std::string path;             // made when missing
        Bytes max_size{10ull << 30};  // of all layers together; 0 = no limit
        Bytes min_free{1ull << 30};   // of the file system, before a layer is made
    };

    // Makes the directories and removes what dead processes left behind.
    static Result<Store> open(Options options);

    // The layer, or the right to make it. Waits while another thread or process makes it. Errors: the disk, or the
    // stop (code ECANCELED).
    Result<std::variant<Layer, Building>> claim(const std::string& key, const std::stop_token& stop = {});
    // The layer if it is there, an empty one if not; does not wait.
    Result<Layer> find(const std::string& key);

    // Fails, with the remedy, when the file system has less than min_free left.
    [[nodiscard]] Result<void> check_space() const;

    // All layers, last used first.
    [[nodiscard]] std::vector<LayerInfo> list() const;
    struct Collected {
        std::uint64_t layers = 0;
        Bytes size;
        std::uint64_t in_use = 0;  // wanted to go, but in use
        std::uint64_t named = 0;   // images that have a name (images/names.h)
    };
    // Removes the least recently used layers until all together are at most `max_size`, and forgets failures. Images
    // that have a name count, but stay.
    Result<Collected> collect(Bytes max_size);
    // One layer; false when it is in use. A missing one is no error.
    Result<bool> remove(const std::string& key);

    [[nodiscard]] const std::string& path() const noexcept;
    [[nodiscard]] const Options& options() const noexcept;
    [[nodiscard]] std::string layers_dir() const;  // to be bound into launchers at kLayersMount
    [[nodiscard]] std::string failed_dir(const std::string& key) const;

 private:
    explicit Store(std::shared_ptr<StoreState> state) : state_(std::move(state)) {}
    std::shared_ptr<StoreState> state_;
};

// SHA-256, in hexadecimal.
std::string sha256(std::string_view bytes);

}  // namespace assay::images
