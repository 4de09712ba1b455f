#include "images/oci/unpack.h"

#include <archive.h>
#include <archive_entry.h>
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
#include <optional>
#include <vector>

#include "base/tree.h"
#include "images/archive_reader.h"
#include "images/oci/format.h"

namespace assay::images::oci {
namespace {

constexpr const char* kStep = "unpack image";
constexpr std::string_view kWhiteout = ".wh.";
constexpr std::string_view kOpaque = ".wh..wh..opq";
constexpr std::size_t kNameLimit = 255;
constexpr std::size_t kPathLimit = 4000;

struct CloseDir {
    void operator()(DIR* dir) const noexcept { ::closedir(dir); }
};

std::string quoted(std::string_view text) { return "\"" + excerpt(text, 200) + "\""; }

tl::unexpected<Error> refuse(std::string_view path, std::string_view why) {
    return fail(kStep, fmt::format("{} {}", quoted(path), why));
}

// Without "/" before and after, "./" and doubled slashes; "" for the root itself. Of an image, "/etc" is "etc".
Result<std::string> clean_path(const char* raw, std::size_t depth_limit) {
    const std::string_view text = raw == nullptr ? "" : raw;
    std::string path;
    std::size_t depth = 0;
    if (text.size() > kPathLimit) return refuse(text, "is too long a path");
    for (std::size_t begin = 0; begin < text.size();) {
        const auto end = std::min(text.find('/', begin), text.size());
        const auto name = text.substr(begin, end - begin);
        begin = end + 1;
        if (name.empty() || name == ".") continue;
        if (name == "..") return refuse(text, "leaves the image");
        if (name.size() > kNameLimit) return refuse(text, "has too long a name");
        if (++depth > depth_limit) return refuse(text, fmt::format("is nested deeper than {}", depth_limit));
        path.append(path.empty() ? "" : "/").append(name);
    }
    return path;
}

// A directory of the tree, symbolic links followed as if the tree were /.
Fd open_inside(int root, const std::string& path) {
    open_how how{};
    how.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
    return Fd(static_cast<int>(::syscall(SYS_openat2, root, path.empty() ? "." : path.c_str(), &how, sizeof how)));
}

// A layer's stream, with the error that ended it: libarchive keeps only words.
struct Source {
    BlobStream& stream;
    std::optional<Error> error{};
};

la_ssize_t read_stream(archive* reader, void* from, const void** bytes) {
    auto* source = static_cast<Source*>(from);
    auto next = source->stream.next();
    if (!next) {
        archive_set_error(reader, next.error().code, "%s", next.error().detail.c_str());
        source->error = std::move(next.error());
        return ARCHIVE_FATAL;
    }
    *bytes = next->data();
    return static_cast<la_ssize_t>(next->size());
}

tl::unexpected<Error> broken(archive* reader) {
    const char* why = archive_error_string(reader);
    return fail(kStep, fmt::format("the archive cannot be read: {}", why == nullptr ? "it is damaged" : why));
}

}  // namespace

TreeUnpacker::TreeUnpacker(Fd root, UnpackLimits limits, Whiteouts whiteouts)
    : root_(std::move(root)), limits_(limits), whiteouts_(whiteouts) {}

Result<void> TreeUnpacker::add(BlobStream& layer) {
    own_.clear();
    entered_fd_.reset();
    ArchiveReader reader(archive_read_new());
    if (!reader) return fail_errno(ENOMEM, kStep);
    archive_read_support_format_tar(reader.get());
    archive_read_support_format_gnutar(reader.get());
    archive_read_support_format_empty(reader.get());
    Source source{layer};
    auto read = archive_read_open(reader.get(), &source, nullptr, &read_stream, nullptr) == ARCHIVE_OK
                    ? add_entries(reader.get())
                    : broken(reader.get());
    if (!read && source.error && read.error().remedy.empty()) read.error().remedy = source.error->remedy;
    return read;
}

Result<void> TreeUnpacker::add_entries(archive* reader) {
    for (;;) {
        archive_entry* entry = nullptr;
        const int status = archive_read_next_header(reader, &entry);
        if (status == ARCHIVE_EOF) return {};
        if (status < ARCHIVE_WARN) return broken(reader);
        ASSAY_CHECK(add_entry(reader, entry));
    }
}

Result<void> TreeUnpacker::add_entry(archive* reader, archive_entry* entry) {
    ASSAY_TRY(
        const std::string path,
        clean_path(either_name(archive_entry_pathname(entry), archive_entry_pathname_utf8(entry)), limits_.depth));
    if (++found_.entries > limits_.entries)
        return refuse(path, fmt::format("is one entry more than the {} allowed", limits_.entries));
    if (path.empty()) return {};
    const auto slash = path.rfind('/');
    const std::string name = path.substr(slash == std::string::npos ? 0 : slash + 1);
    if (whiteouts_ == Whiteouts::apply && name.starts_with(kWhiteout))
        return whiteout(slash == std::string::npos ? "" : path.substr(0, slash), name);
    if (const char* original = either_name(archive_entry_hardlink(entry), archive_entry_hardlink_utf8(entry)))
        return hard_link(path, original);
    switch (archive_entry_filetype(entry)) {
        case AE_IFDIR: return directory(path);
        case AE_IFREG: return file(reader, entry, path);
        case AE_IFLNK:
            return symlink(path, either_name(archive_entry_symlink(entry), archive_entry_symlink_utf8(entry)));
        default: ++found_.devices; return {};
    }
}

// ---------------------------------------------------------------------------------------------------- places

// Opens `folder`, making what is missing. Archives are sorted by folder, so the last one is kept.
Result<int> TreeUnpacker::enter(const std::string& folder) {
    if (entered_fd_ && entered_ == folder) return entered_fd_.get();
    entered_fd_ = open_inside(root_.get(), folder);
    for (std::size_t end = 0; !entered_fd_ && errno == ENOENT;) {
        end = std::min(folder.find('/', end == 0 ? 0 : end + 1), folder.size());
        const std::string here = folder.substr(0, end);
        Fd there = open_inside(root_.get(), here);
        if (!there && errno == ENOENT) {
            const auto slash = here.rfind('/');
            const Fd above = open_inside(root_.get(), slash == std::string::npos ? "" : here.substr(0, slash));
            if (!above) break;
            if (++found_.entries > limits_.entries) return refuse(here, "is one entry too many");
            const std::string name = here.substr(slash == std::string::npos ? 0 : slash + 1);
            // A symbolic link that leads nowhere is in the way.
            if (::mkdirat(above.get(), name.c_str(), 0755) != 0)
                return errno == EEXIST ? refuse(here, "is a symbolic link that leads nowhere")
                                       : tl::unexpected<Error>(fail_errno(errno, kStep, here));
            mark({above.get(), name});
            there = open_inside(root_.get(), here);
        }
        if (!there) break;
        if (end == folder.size()) entered_fd_ = std::move(there);
        errno = ENOENT;
    }
    if (!entered_fd_) {
        if (errno == ENOTDIR || errno == ELOOP || errno == EXDEV || errno == EAGAIN)
            return refuse(folder, "goes through what is no folder");
        return fail_errno(errno, kStep, folder);
    }
    entered_ = folder;
    mark_way(folder);
    return entered_fd_.get();
}

// An archive need not name the folders that its entries are in.
void TreeUnpacker::mark_way(const std::string& folder) {
    if (whiteouts_ != Whiteouts::apply) return;
    for (std::size_t begin = 0; begin < folder.size();) {
        const auto end = std::min(folder.find('/', begin), folder.size());
        const Fd above = open_inside(root_.get(), begin == 0 ? "" : folder.substr(0, begin - 1));
        mark({above.get(), folder.substr(begin, end - begin)});
        begin = end + 1;
    }
}

Result<TreeUnpacker::Place> TreeUnpacker::place_of(const std::string& path) {
    const auto slash = path.rfind('/');
    Place place;
    place.name = path.substr(slash == std::string::npos ? 0 : slash + 1);
    ASSAY_TRY(place.parent, enter(slash == std::string::npos ? "" : path.substr(0, slash)));
    return place;
}

// What stands there already goes, whatever it is. The folders that were opened may be gone with it, or lead elsewhere
// from now on, so the next look-up starts anew; the place itself stays open.
Result<void> TreeUnpacker::make_room(const Place& place) {
    struct stat info {};
    if (::fstatat(place.parent, place.name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return {};
    if (!S_ISDIR(info.st_mode) && ::unlinkat(place.parent, place.name.c_str(), 0) == 0) {
        if (S_ISLNK(info.st_mode)) entered_.assign(1, '\0');
        return {};
    }
    ASSAY_CHECK(remove_tree_at(place.parent, place.name));
    entered_.assign(1, '\0');  // no path: not found again
    return {};
}

void TreeUnpacker::mark(const Place& place) {
    struct stat info {};
    if (::fstat(place.parent, &info) == 0) own_.insert(fmt::format("{}/{}", info.st_ino, place.name));
}

bool TreeUnpacker::marked(int parent, const std::string& name) const {
    struct stat info {};
    return ::fstat(parent, &info) == 0 && own_.contains(fmt::format("{}/{}", info.st_ino, name));
}

// ---------------------------------------------------------------------------------------------------- entries

Result<void> TreeUnpacker::directory(const std::string& path) {
    ASSAY_TRY(const Place place, place_of(path));
    struct stat info {};
    const bool there = ::fstatat(place.parent, place.name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0;
    if (!there || !S_ISDIR(info.st_mode)) {
        ASSAY_CHECK(make_room(place));
        if (::mkdirat(place.parent, place.name.c_str(), 0755) != 0) return fail_errno(errno, kStep, path);
        if (::fchmodat(place.parent, place.name.c_str(), 0755, 0) != 0) return fail_errno(errno, kStep, path);
    }
    mark(place);
    return {};
}

Result<void> TreeUnpacker::symlink(const std::string& path, const char* target) {
    const std::string_view text = target == nullptr ? "" : target;
    if (text.empty() || text.size() > kPathLimit) return refuse(path, "is a symbolic link to nothing");
    ASSAY_TRY(const Place place, place_of(path));
    ASSAY_CHECK(make_room(place));
    if (::symlinkat(target, place.parent, place.name.c_str()) != 0) return fail_errno(errno, kStep, path);
    mark(place);
    return {};
}

Result<void> TreeUnpacker::hard_link(const std::string& path, const char* original) {
    ASSAY_TRY(const std::string source, clean_path(original, limits_.depth));
    const auto slash = source.rfind('/');
    const Fd folder = open_inside(root_.get(), slash == std::string::npos ? "" : source.substr(0, slash));
    const std::string name = source.substr(slash == std::string::npos ? 0 : slash + 1);
    struct stat info {};
    if (!folder || ::fstatat(folder.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0)
        return refuse(path, "is a hard link to " + quoted(source) + ", which is not there");
    if (S_ISDIR(info.st_mode)) return refuse(path, "is a hard link to a folder");
    ASSAY_TRY(const Place place, place_of(path));
    struct stat here {};
    const bool same = ::fstatat(place.parent, place.name.c_str(), &here, AT_SYMLINK_NOFOLLOW) == 0 &&
                      here.st_ino == info.st_ino && here.st_dev == info.st_dev;
    if (!same) {
        ASSAY_CHECK(make_room(place));
        if (::linkat(folder.get(), name.c_str(), place.parent, place.name.c_str(), 0) != 0)
            return fail_errno(errno, kStep, path);
    }
    mark(place);
    return {};
}

Result<void> TreeUnpacker::file(archive* reader, archive_entry* entry, const std::string& path) {
    ASSAY_TRY(const Place place, place_of(path));
    ASSAY_CHECK(make_room(place));
    const auto mode = archive_entry_perm(entry);
    const mode_t kept = (mode & 0111) != 0 ? 0755 : 0644;
    const Fd out(
        ::openat(place.parent, place.name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kept));
    if (!out || ::fchmod(out.get(), kept) != 0) return fail_errno(errno, kStep, path);
    if ((mode & 06000) != 0) ++found_.set_user;
    mark(place);
    std::uint64_t end = 0;
    for (;;) {
        const void* block = nullptr;
        std::size_t size = 0;
        la_int64_t offset = 0;
        const int status = archive_read_data_block(reader, &block, &size, &offset);
        if (status == ARCHIVE_EOF) break;
        if (status < ARCHIVE_WARN) return broken(reader);
        // Holes of a sparse file count as what they would be, since somebody may copy it.
        const std::uint64_t reaches = static_cast<std::uint64_t>(offset) + size;
        if (offset < 0 || reaches < end) return refuse(path, "has parts in the wrong order");
        found_.bytes.count += reaches - end;
        end = reaches;
        if (found_.bytes > limits_.total)
            return refuse(path, fmt::format("makes it larger than {}", format_bytes(limits_.total)));
        if (size != 0 && ::lseek(out.get(), offset, SEEK_SET) < 0) return fail_errno(errno, kStep, path);
        if (auto written = write_all(out.get(), {static_cast<const char*>(block), size}); !written)
            return fail_errno(written.error().code, kStep, path);
    }
    if (end != 0 && ::ftruncate(out.get(), static_cast<off_t>(end)) != 0) return fail_errno(errno, kStep, path);
    return {};
}

// ---------------------------------------------------------------------------------------------------- whiteouts

Result<void> TreeUnpacker::whiteout(const std::string& folder, const std::string& name) {
    const std::string hidden = name.substr(kWhiteout.size());
    if (hidden.empty() || hidden == "." || hidden == "..") return refuse(name, "hides nothing");
    const Fd there = open_inside(root_.get(), folder);
    if (!there) return {};  // nothing below it that could be hidden
    entered_fd_.reset();
    if (name == kOpaque) return hide_children(there.get(), 0);
    if (hidden.starts_with(kWhiteout)) return {};  // of another union file system, for its own use
    return hide(there.get(), hidden, 0);
}

// Only what lower layers brought: an entry of this layer stays, with what this layer has below it.
Result<void> TreeUnpacker::hide(int parent, const std::string& name, std::size_t depth) {
    if (!marked(parent, name)) {
        struct stat info {};
        if (::fstatat(parent, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return {};
        ++found_.removed;
        return remove_tree_at(parent, name);
    }
    const Fd folder(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    return folder ? hide_children(folder.get(), depth + 1) : Result<void>();
}

Result<void> TreeUnpacker::hide_children(int folder, std::size_t depth) {
    if (depth > limits_.depth) return fail(kStep, "folders are nested too deep");
    std::vector<std::string> names;
    {
        const int copy = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        const std::unique_ptr<DIR, CloseDir> dir(copy < 0 ? nullptr : ::fdopendir(copy));
        while (const dirent* entry = dir ? ::readdir(dir.get()) : nullptr)
            if (std::strcmp(entry->d_name, ".") != 0 && std::strcmp(entry->d_name, "..") != 0)
                names.emplace_back(entry->d_name);
    }
    for (const std::string& name : names) ASSAY_CHECK(hide(folder, name, depth));
    return {};
}

}  // namespace assay::images::oci
