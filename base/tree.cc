#include "base/tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace assay {

namespace {

// Deep trees are possible (a submission made them): the depth is bounded by the open-file limit, so give up
// with an error rather than run out of stack.
constexpr int kDeepest = 256;

Result<void> remove_below(int at, const char* name, int depth) {
    if (::unlinkat(at, name, 0) == 0 || errno == ENOENT) return {};
    if (errno != EISDIR && errno != EPERM) return fail_errno(errno, "remove", name);
    if (depth == 0) return fail_errno(ELOOP, "remove", name);
    (void)::fchmodat(at, name, 0700, 0);
    int raw = ::openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (raw < 0) return fail_errno(errno, "remove", name);
    std::unique_ptr<DIR, int (*)(DIR*)> listing(::fdopendir(raw), ::closedir);
    if (!listing) {
        ::close(raw);
        return fail_errno(errno, "remove", name);
    }
    while (const dirent* entry = ::readdir(listing.get())) {
        if (std::strcmp(entry->d_name, ".") == 0 || std::strcmp(entry->d_name, "..") == 0) continue;
        ASSAY_CHECK(remove_below(raw, entry->d_name, depth - 1));
    }
    if (::unlinkat(at, name, AT_REMOVEDIR) != 0 && errno != ENOENT) return fail_errno(errno, "remove", name);
    return {};
}

}  // namespace

Result<void> remove_tree_at(int at, const std::string& name) { return remove_below(at, name.c_str(), kDeepest); }

Result<Fd> make_directory_at(int at, const std::string& name, unsigned mode) {
    if (::mkdirat(at, name.c_str(), mode) != 0) return fail_errno(errno, "make directory", name);
    Fd made(::openat(at, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!made) return fail_errno(errno, "open directory", name);
    return made;
}

}  // namespace assay
