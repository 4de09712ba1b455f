#include "base/tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <random>
#include <vector>

namespace assay {

namespace {

constexpr int kDepthLimit = 128;  // open directories at once

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

}  // namespace

Result<void> remove_tree_at(int at, const std::string& name) {
    if (::unlinkat(at, name.c_str(), 0) == 0 || errno == ENOENT) return {};
    if (errno != EISDIR && errno != EPERM) return fail_errno(errno, "remove", name);
    {
        Dir top = open_dir(at, name.c_str());
        if (!top) return fail_errno(errno, "remove", name);
        Emptier emptier(::dirfd(top.get()));
        while (!names_in(top.get()).empty()) ASSAY_CHECK(emptier.empty(top.get(), 1));
    }
    if (::unlinkat(at, name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return {};
    return fail_errno(errno, "remove", name);
}

Result<Fd> make_directory_at(int at, const std::string& name, unsigned mode) {
    if (::mkdirat(at, name.c_str(), mode) != 0) return fail_errno(errno, "make directory", name);
    Fd made(::openat(at, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!made) return fail_errno(errno, "open directory", name);
    return made;
}

}  // namespace assay
