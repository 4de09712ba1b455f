#include "images/tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <random>
#include <vector>

#include "base/fd.h"

namespace assay::images {
namespace {

struct CloseDir {
    void operator()(DIR* dir) const noexcept { ::closedir(dir); }
};
using Dir = std::unique_ptr<DIR, CloseDir>;

Dir open_dir(int at, const char* name) {
    Fd raw(::openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!raw && errno == EACCES) {
        // A build may have taken every permission away; fchmodat follows no symlink here, for a directory was asked
        // for.
        struct stat info {};
        if (::fstatat(at, name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(info.st_mode) &&
            ::fchmodat(at, name, 0700, 0) == 0)
            raw = Fd(::openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    }
    if (!raw) return nullptr;
    Dir dir(::fdopendir(raw.get()));
    if (dir) (void)raw.release();
    return dir;
}

bool is_dots(const char* name) { return std::strcmp(name, ".") == 0 || std::strcmp(name, "..") == 0; }

void measure(int at, const char* name, Bytes bound, std::uint64_t entries_bound, int depth, TreeSize& size) {
    Dir dir = open_dir(at, name);
    if (!dir) return;
    while (const dirent* entry = ::readdir(dir.get())) {
        if (is_dots(entry->d_name)) continue;
        struct stat info {};
        if (::fstatat(::dirfd(dir.get()), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
        ++size.entries;
        // A file of many names is counted once a name: too much, never too little.
        size.allocated.count += static_cast<std::uint64_t>(info.st_blocks) * 512;
        if ((bound.count != 0 && size.allocated > bound) || (entries_bound != 0 && size.entries > entries_bound))
            return;
        if (!S_ISDIR(info.st_mode)) continue;
        if (depth >= kDepthLimit)
            size.entries = UINT64_MAX;
        else
            measure(::dirfd(dir.get()), entry->d_name, bound, entries_bound, depth + 1, size);
        if (size.entries == UINT64_MAX) return;
    }
}

std::vector<std::string> names_in(DIR* dir) {
    std::vector<std::string> names;  // first listed, then removed: readdir while removing may skip entries
    ::rewinddir(dir);
    while (const dirent* entry = ::readdir(dir))
        if (!is_dots(entry->d_name)) names.emplace_back(entry->d_name);
    return names;
}

// Empties a directory. A directory at the depth limit is moved to the top first and removed from there, so that neither
// the stack nor the number of open directories grows with the depth.
class Emptier {
 public:
    explicit Emptier(int top) : top_(top) {}

    Result<void> empty(DIR* dir, int depth) {
        for (const std::string& name : names_in(dir)) {
            auto removed = remove(::dirfd(dir), name.c_str(), depth);
            if (!removed && removed.error().code == EACCES && ::fchmod(::dirfd(dir), 0700) == 0)
                removed = remove(::dirfd(dir), name.c_str(), depth);
            ASSAY_CHECK(std::move(removed));
        }
        return {};
    }

 private:
    Result<void> remove(int at, const char* name, int depth) {
        if (::unlinkat(at, name, 0) == 0 || errno == ENOENT) return {};
        if (errno != EISDIR && errno != EPERM) return fail_errno(errno, "remove", name);
        if (depth >= kDepthLimit) return lift(at, name);
        {
            Dir dir = open_dir(at, name);
            if (!dir) return errno == ENOENT ? Result<void>{} : fail_errno(errno, "remove", name);
            ASSAY_CHECK(empty(dir.get(), depth + 1));
        }
        if (::unlinkat(at, name, AT_REMOVEDIR) == 0 || errno == ENOENT) return {};
        return fail_errno(errno, "remove", name);
    }

    Result<void> lift(int at, const char* name) {
        (void)::fchmodat(at, name, 0700, 0);  // a move rewrites its "..", which needs permission
        const std::string above = fmt::format(".deep-{:x}-{}", seed_, count_++);
        if (::renameat(at, name, top_, above.c_str()) != 0) return fail_errno(errno, "remove", name);
        return {};
    }

    int top_;
    unsigned count_ = 0;
    unsigned seed_ = std::random_device{}();  // a name that nobody has put there before
};

Fd open_beneath(const std::string& root, const std::string& path, int flags) {
    const Fd top(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    open_how how{};
    how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;
    return Fd(static_cast<int>(::syscall(SYS_openat2, top.get(), path.c_str(), &how, sizeof how)));
}

}  // namespace

Result<std::string> read_beneath(const std::string& root, const std::string& path, std::uint64_t limit) {
    const Fd file = open_beneath(root, path, O_RDONLY | O_NONBLOCK);  // a fifo must not hold us
    struct stat info {};
    if (!file || ::fstat(file.get(), &info) != 0) return fail_errno(errno, "read", path);
    if (!S_ISREG(info.st_mode)) return fail("read", path + " is not a regular file");
    return read_all(file.get(), limit);
}

std::vector<std::string> list_beneath(const std::string& root, const std::string& path) {
    Fd raw = open_beneath(root, path, O_RDONLY | O_DIRECTORY);
    if (!raw) return {};
    const Dir dir(::fdopendir(raw.get()));
    if (!dir) return {};
    (void)raw.release();
    auto names = names_in(dir.get());
    std::sort(names.begin(), names.end());
    return names;
}

TreeSize measure_tree(const std::string& path, Bytes bound, std::uint64_t entries_bound) {
    TreeSize size;
    measure(AT_FDCWD, path.c_str(), bound, entries_bound, 0, size);
    return size;
}

Result<void> remove_tree(const std::string& path) {
    auto removed = [&]() -> Result<void> {
        if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
        if (errno != EISDIR && errno != EPERM) return fail_errno(errno, "remove");
        {
            Dir top = open_dir(AT_FDCWD, path.c_str());
            if (!top) return fail_errno(errno, "remove");
            Emptier emptier(::dirfd(top.get()));
            while (!names_in(top.get()).empty()) ASSAY_CHECK(emptier.empty(top.get(), 1));
        }
        if (::rmdir(path.c_str()) == 0 || errno == ENOENT) return {};
        return fail_errno(errno, "remove");
    }();
    if (!removed) removed.error().detail = path + ": " + removed.error().detail;
    return removed;
}

}  // namespace assay::images
