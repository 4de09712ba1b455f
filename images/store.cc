#include "images/store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <filesystem>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "images/names.h"
#include "images/tree.h"

namespace assay::images {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using SystemClock = std::chrono::system_clock;

struct StoreState {
    Store::Options options;
    std::mutex mutex;
    std::condition_variable freed;                          // a key left `building`
    std::set<std::string> building;                         // keys that a thread of this process has claimed
    std::map<std::string, std::weak_ptr<const void>> held;  // Layer::Held by key: one lock for all copies
    std::atomic<unsigned> counter{0};                       // makes names distinct within the process

    [[nodiscard]] std::string at(std::string_view folder, std::string_view name = {}) const {
        return name.empty() ? fmt::format("{}/{}", options.path, folder)
                            : fmt::format("{}/{}/{}", options.path, folder, name);
    }
    [[nodiscard]] std::string unique(std::string_view folder, std::string_view key) {
        return at(folder, fmt::format("{}.{}.{}", key, ::getpid(), counter++));
    }
};

namespace {

bool good_key(std::string_view key) {
    return key.size() == 64 && key.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// Takes a lock without waiting: an empty Fd when somebody else has it. Lock files are removed by who holds them
// exclusively, so a lock counts only on the file that has the name now.
Result<Fd> try_lock(const std::string& path, int mode) {
    for (int attempt = 0; attempt < 100; ++attempt) {
        Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
        if (!file) return fail_errno(errno, "open lock", path);
        if (::flock(file.get(), mode | LOCK_NB) != 0) {
            if (errno == EWOULDBLOCK) return Fd();
            return fail_errno(errno, "lock", path);
        }
        struct stat mine {
        }, named{};
        if (::fstat(file.get(), &mine) == 0 && ::stat(path.c_str(), &named) == 0 && mine.st_ino == named.st_ino &&
            mine.st_dev == named.st_dev)
            return file;
    }
    return fail_errno(EAGAIN, "lock", path);
}

// store.lock is held for milliseconds, so waiting for it is plain.
Result<Fd> lock_store(const StoreState& state) {
    const std::string path = state.at("store.lock");
    Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
    if (!file) return fail_errno(errno, "open lock", path);
    while (::flock(file.get(), LOCK_EX) != 0)
        if (errno != EINTR) return fail_errno(errno, "lock", path);
    return file;
}

Result<void> sync_directory(const std::string& path) {
    Fd dir(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!dir || ::fsync(dir.get()) != 0) return fail_errno(errno, "fsync", path);
    return {};
}

Result<LayerInfo> read_info(const std::string& layer, const std::string& key) {
    const std::string file = layer + "/layer.json";
    struct stat info {};
    if (::stat(file.c_str(), &info) != 0) return fail_errno(errno, "read layer", file);
    ASSAY_TRY(const std::string text, read_file(file, 4u << 20));
    try {
        const Json json = Json::parse(text);
        LayerInfo read;
        read.key = key;
        read.image = json.at("image");
        read.kind = json.at("kind");
        read.size.count = json.at("bytes");
        read.entries = json.at("entries");
        read.built = SystemClock::time_point(std::chrono::seconds(json.at("built").get<std::int64_t>()));
        read.build_time = Millis(json.at("build_ms").get<std::int64_t>());
        read.contents = json.at("contents").get<std::vector<std::string>>();
        read.last_used =
            SystemClock::from_time_t(info.st_mtim.tv_sec) +
            std::chrono::duration_cast<SystemClock::duration>(std::chrono::nanoseconds(info.st_mtim.tv_nsec));
        return read;
    } catch (const Json::exception& error) {
        return fail("read layer", file + ": " + error.what(), "remove the directory");
    }
}

std::string write_info(const LayerInfo& info) {
    const auto built = std::chrono::duration_cast<std::chrono::seconds>(info.built.time_since_epoch()).count();
    return Json{{"image", info.image},      {"kind", info.kind}, {"bytes", info.size.count},
                {"entries", info.entries},  {"built", built},    {"build_ms", info.build_time.count()},
                {"contents", info.contents}}
               .dump(2, ' ', false, Json::error_handler_t::replace) +  // names are what a package wrote
           "\n";
}

// Out of sight by one rename, then removed at leisure. Called with the key's lock held.
Result<void> discard(StoreState& state, const std::string& path, std::string_view key) {
    const std::string trash = state.unique("trash", key);
    if (::rename(path.c_str(), trash.c_str()) != 0) {
        if (errno == ENOENT) return {};
        return fail_errno(errno, "remove", path);
    }
    return remove_tree(trash);
}

std::vector<std::string> names_in(const std::string& folder) {
    std::vector<std::string> names;
    std::error_code ignored;
    for (fs::directory_iterator entry(folder, ignored); entry != fs::directory_iterator(); entry.increment(ignored))
        names.push_back(entry->path().filename());
    return names;
}

// What dead processes left: directories below building/ whose key nobody has locked, everything in trash/, and old
// failures. Errors are passed over: what cannot be removed now is removed another time.
void sweep(StoreState& state) {
    for (const std::string& name : names_in(state.at("building"))) {
        const std::string key = name.substr(0, name.find('.'));
        auto lock = try_lock(state.at("locks", key), LOCK_EX);
        if (!lock || !*lock) continue;
        (void)discard(state, state.at("building", name), key);
        struct stat info {};
        if (::stat(state.at("layers", key).c_str(), &info) != 0) ::unlink(state.at("locks", key).c_str());
    }
    for (const std::string& name : names_in(state.at("trash"))) (void)remove_tree(state.at("trash", name));
    for (const std::string& name : names_in(state.at("failed"))) {
        struct stat info {};
        const std::string path = state.at("failed", name);
        if (::stat(path.c_str(), &info) == 0 && ::time(nullptr) - info.st_mtime > 24 * 3600) (void)remove_tree(path);
    }
}

std::vector<LayerInfo> list_layers(const StoreState& state) {
    std::vector<LayerInfo> layers;
    for (const std::string& key : names_in(state.at("layers")))
        if (auto info = read_info(state.at("layers", key), key); good_key(key) && info)
            layers.push_back(std::move(*info));
    std::sort(layers.begin(), layers.end(), [](const LayerInfo& a, const LayerInfo& b) {
        return a.last_used != b.last_used ? a.last_used > b.last_used : a.key < b.key;
    });
    return layers;
}

bool has_name(const std::string& store, const std::string& key) {
    const auto names = image_names(store);
    return std::any_of(names.begin(), names.end(), [&](const auto& name) { return name.second == key; });
}

Result<Store::Collected> collect_down_to(StoreState& state, Bytes max_size) {
    const std::vector<LayerInfo> layers = list_layers(state);
    Store::Collected done;
    std::uint64_t total = 0;
    for (const LayerInfo& layer : layers) total += layer.size.count;
    for (auto layer = layers.rbegin(); layer != layers.rend() && total > max_size.count; ++layer) {
        Fd lock;
        {
            ASSAY_TRY(const Fd whole, lock_store(state));
            ASSAY_TRY(lock, try_lock(state.at("locks", layer->key), LOCK_EX));
            if (!lock) {
                ++done.in_use;
                continue;
            }
            // Under its lock: who names an image has it in use meanwhile.
            if (has_name(state.options.path, layer->key)) {
                ++done.named;
                continue;
            }
        }
        ASSAY_CHECK(discard(state, state.at("layers", layer->key), layer->key));
        ::unlink(state.at("locks", layer->key).c_str());
        total -= layer->size.count;
        done.size.count += layer->size.count;
        ++done.layers;
    }
    return done;
}

}  // namespace

std::string sha256(std::string_view bytes) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    EVP_Digest(bytes.data(), bytes.size(), digest, &length, EVP_sha256(), nullptr);
    std::string text;
    for (unsigned i = 0; i < length; ++i) text += fmt::format("{:02x}", digest[i]);
    return text;
}

Result<Store> Store::open(Options options) {
    auto state = std::make_shared<StoreState>();
    state->options = std::move(options);
    for (const char* folder : {"layers", "building", "locks", "failed", "trash"}) {
        std::error_code failed;
        fs::create_directories(state->at(folder), failed);
        if (failed)
            return fail_errno(failed.value(), "make store", state->at(folder), "choose another cache directory");
    }
    // Sandboxes of another outer user pass through these two.
    for (const char* folder : {"layers", "building"}) ::chmod(state->at(folder).c_str(), 0755);
    sweep(*state);
    return Store(std::move(state));
}

Result<Layer> Store::find(const std::string& key) {
    if (!good_key(key)) return fail("find layer", "'" + key + "' is not a key");
    std::lock_guard guard(state_->mutex);
    if (const auto known = state_->held.find(key); known != state_->held.end()) {
        if (auto held = std::static_pointer_cast<const Layer::Held>(known->second.lock()))
            return Layer(std::move(held));
        state_->held.erase(known);
    }
    const std::string path = state_->at("layers", key);
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return Layer();
    ASSAY_TRY(Fd lock, try_lock(state_->at("locks", key), LOCK_SH));
    if (!lock) return Layer();  // being made or removed
    auto read = read_info(path, key);
    if (!read) return Layer();  // removed meanwhile, or not readable: claim() makes it anew
    ::utimensat(AT_FDCWD, (path + "/layer.json").c_str(), nullptr, 0);
    auto held = std::make_shared<const Layer::Held>(Layer::Held{std::move(lock), std::move(*read), path});
    state_->held[key] = held;
    return Layer(std::move(held));
}

Result<std::variant<Layer, Building>> Store::claim(const std::string& key, const std::stop_token& stop) {
    using Claimed = std::variant<Layer, Building>;
    Millis pause{5};
    for (;;) {
        ASSAY_TRY(Layer present, find(key));
        if (present) return Claimed(std::move(present));
        {
            std::unique_lock lock(state_->mutex);
            while (state_->building.contains(key)) {
                if (stop.stop_requested()) return fail_errno(ECANCELED, "wait for layer", key);
                state_->freed.wait_for(lock, Millis(100));
                if (!state_->building.contains(key)) break;
            }
            // Whether it was made or could not be, it is asked anew by whoever comes first now.
            struct stat info {};
            if (::stat(state_->at("layers", key).c_str(), &info) == 0 && read_info(state_->at("layers", key), key))
                continue;
            ASSAY_TRY(Fd key_lock, try_lock(state_->at("locks", key), LOCK_EX));
            if (key_lock) {
                const std::string layer = state_->at("layers", key);
                if (read_info(layer, key)) continue;        // another process was faster
                ASSAY_CHECK(discard(*state_, layer, key));  // there, but not readable
                std::string path = state_->unique("building", key);
                if (::mkdir(path.c_str(), 0755) != 0) return fail_errno(errno, "make layer", path);
                ::chmod(path.c_str(), 0755);
                state_->building.insert(key);
                return Claimed(Building(state_, key, std::move(path), std::move(key_lock)));
            }
        }
        // Another process makes it.
        if (stop.stop_requested()) return fail_errno(ECANCELED, "wait for layer", key);
        std::this_thread::sleep_for(pause);
        pause = std::min(pause * 2, Millis(200));
    }
}

Result<void> Store::check_space() const {
    struct statvfs info {};
    if (::statvfs(state_->options.path.c_str(), &info) != 0)
        return fail_errno(errno, "look at free space", state_->options.path);
    const Bytes left{static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize};
    if (left < state_->options.min_free)
        return fail_errno(ENOSPC, "make layer",
                          fmt::format("{} left in {}, {} needed", format_bytes(left), state_->options.path,
                                      format_bytes(state_->options.min_free)),
                          "free space, run 'assay image gc --max-size 0', or move the cache with XDG_CACHE_HOME");
    if (info.f_files != 0 && info.f_favail < 50'000)
        return fail_errno(ENOSPC, "make layer",
                          fmt::format("{} inodes left in {}", std::uint64_t{info.f_favail}, state_->options.path),
                          "free inodes, or run 'assay image gc --max-size 0'");
    return {};
}

std::vector<LayerInfo> Store::list() const { return list_layers(*state_); }

Result<bool> Store::remove(const std::string& key) {
    if (!good_key(key)) return fail("remove layer", "'" + key + "' is not a key");
    ASSAY_TRY(const Fd whole, lock_store(*state_));
    ASSAY_TRY(const Fd lock, try_lock(state_->at("locks", key), LOCK_EX));
    if (!lock) return false;
    ASSAY_CHECK(discard(*state_, state_->at("layers", key), key));
    ::unlink(state_->at("locks", key).c_str());
    return true;
}

Result<Store::Collected> Store::collect(Bytes max_size) {
    for (const std::string& name : names_in(state_->at("failed"))) (void)remove_tree(state_->at("failed", name));
    sweep(*state_);
    return collect_down_to(*state_, max_size);
}

const std::string& Store::path() const noexcept { return state_->options.path; }
const Store::Options& Store::options() const noexcept { return state_->options; }
std::string Store::layers_dir() const { return state_->at("layers"); }
std::string Store::failed_dir(const std::string& key) const { return state_->at("failed", key); }

Building::Building(std::shared_ptr<StoreState> store, std::string key, std::string path, Fd lock)
    : store_(std::move(store)), key_(std::move(key)), path_(std::move(path)), lock_(std::move(lock)) {}

Building::Building(Building&&) noexcept = default;

Building::~Building() {
    if (!store_) return;
    if (lock_) {  // not committed
        (void)discard(*store_, path_, key_);
        ::unlink(store_->at("locks", key_).c_str());
        lock_.reset();
    }
    {
        std::lock_guard guard(store_->mutex);
        store_->building.erase(key_);
    }
    store_->freed.notify_all();
}

Result<Layer> Building::commit(LayerInfo info) && {
    info.key = key_;
    const TreeSize size = measure_tree(path_);
    info.size = size.allocated;
    info.entries = size.entries;
    info.built = info.last_used = SystemClock::now();
    ASSAY_CHECK(write_file_at(AT_FDCWD, path_ + "/layer.json", write_info(info)));

    // The rename must not be on disk before what it publishes is.
    {
        Fd dir(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!dir || ::syncfs(dir.get()) != 0) return fail_errno(errno, "write layer to disk", path_);
    }
    const std::string layer = store_->at("layers", key_);
    auto held = std::make_shared<Layer::Held>();
    {
        // Turning an exclusive flock into a shared one lets go of it for a moment; under store.lock nobody evicts then.
        ASSAY_TRY(const Fd whole, lock_store(*store_));
        if (::rename(path_.c_str(), layer.c_str()) != 0) return fail_errno(errno, "publish layer", layer);
        if (::flock(lock_.get(), LOCK_SH) != 0) return fail_errno(errno, "share layer", layer);
    }
    held->lock = std::move(lock_);
    held->info = std::move(info);
    held->path = layer;
    {
        std::lock_guard guard(store_->mutex);
        store_->held[key_] = std::shared_ptr<const Layer::Held>(held);
    }
    ASSAY_CHECK(sync_directory(store_->at("layers")));
    if (store_->options.max_size.count != 0) (void)collect_down_to(*store_, store_->options.max_size);
    return Layer(std::move(held));
}

}  // namespace assay::images
