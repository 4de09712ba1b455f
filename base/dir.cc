#include "base/dir.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

namespace assay {

Result<Fd> open_directory(int at, const std::string& path) {
    Fd folder(::openat(at, path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!folder) return fail_errno(errno, "open folder", path);
    return folder;
}

Result<std::vector<DirEntry>> list_directory(int directory, std::size_t limit) {
    // A descriptor of its own: reading moves the offset, which a duplicate would share.
    ASSAY_TRY(Fd own, open_directory(directory, "."));
    std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(own.get()), ::closedir);
    if (!stream) return fail_errno(errno, "read folder");
    static_cast<void>(own.release());
    std::vector<DirEntry> entries;
    for (;;) {
        errno = 0;
        const dirent* found = ::readdir(stream.get());
        if (found == nullptr) {
            if (errno != 0) return fail_errno(errno, "read folder");
            break;
        }
        DirEntry entry;
        entry.name = found->d_name;
        if (entry.name == "." || entry.name == "..") continue;
        struct stat info {};
        if (::fstatat(directory, found->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) {
            if (errno == ENOENT) continue;  // gone meanwhile
            return fail_errno(errno, "stat", entry.name);
        }
        if (S_ISREG(info.st_mode)) {
            entry.kind = DirEntry::Kind::regular;
            entry.executable = (info.st_mode & 0111) != 0;
            entry.size = static_cast<std::uint64_t>(info.st_size);
        } else if (S_ISDIR(info.st_mode)) {
            entry.kind = DirEntry::Kind::directory;
        } else if (S_ISLNK(info.st_mode)) {
            entry.kind = DirEntry::Kind::symlink;
        }
        entries.push_back(std::move(entry));
        if (limit != 0 && entries.size() > limit) return fail_errno(EOVERFLOW, "read folder");
    }
    std::sort(entries.begin(), entries.end(), [](const DirEntry& a, const DirEntry& b) { return a.name < b.name; });
    return entries;
}

Result<std::string> read_link_at(int directory, const std::string& name) {
    std::string target(4096, '\0');
    const ssize_t size = ::readlinkat(directory, name.c_str(), target.data(), target.size());
    if (size < 0) return fail_errno(errno, "read link", name);
    target.resize(static_cast<std::size_t>(size));
    return target;
}

}  // namespace assay
