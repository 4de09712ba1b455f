#include "images/tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

#include "base/fd.h"
#include "base/tree.h"

namespace assay::images {
namespace {

struct CloseDir {
    void operator()(DIR* dir) const noexcept { ::closedir(dir); }
};
using Dir = std::unique_ptr<DIR, CloseDir>;

Dir as_dir(Fd raw) {
    Dir dir(raw ? ::fdopendir(raw.get()) : nullptr);
    if (dir) (void)raw.release();
    return dir;
}

bool is_dots(const char* name) { return std::strcmp(name, ".") == 0 || std::strcmp(name, "..") == 0; }

void measure(int at, const char* name, Bytes bound, std::uint64_t entries_bound, int depth, TreeSize& size) {
    const Dir dir = as_dir(Fd(::openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)));
    if (!dir && errno != ENOENT && errno != ENOTDIR) size.entries = UINT64_MAX;  // it hides what is in it
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
    const Dir dir = as_dir(open_beneath(root, path, O_RDONLY | O_DIRECTORY));
    std::vector<std::string> names;
    while (const dirent* entry = dir ? ::readdir(dir.get()) : nullptr)
        if (!is_dots(entry->d_name)) names.emplace_back(entry->d_name);
    std::sort(names.begin(), names.end());
    return names;
}

TreeSize measure_tree(const std::string& path, Bytes bound, std::uint64_t entries_bound) {
    TreeSize size;
    measure(AT_FDCWD, path.c_str(), bound, entries_bound, 0, size);
    return size;
}

Result<void> remove_tree(const std::string& path) {
    auto removed = remove_tree_at(AT_FDCWD, path);
    if (!removed) removed.error().detail = path + ": " + removed.error().detail;
    return removed;
}

}  // namespace assay::images
