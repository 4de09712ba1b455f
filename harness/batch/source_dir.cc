// A folder as source: copied entry by entry, through descriptors.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>

#include "base/dir.h"
#include "base/fd.h"
#include "harness/batch/source_kinds.h"
#include "harness/verify/verdict.h"

namespace assay::batch {
namespace {

constexpr std::size_t kChunk = 128 * 1024;

class Copier {
 public:
    Copier(TreeWriter& writer, const SourceLimits& limits)
        : writer_(writer), limits_(limits), chunk_(std::make_unique<std::array<char, kChunk>>()) {}

    Written<void> copy(int directory, const std::string& prefix, std::uint32_t depth) {
        auto entries = list_directory(directory, limits_.files);
        if (!entries) {
            if (entries.error().code == EOVERFLOW)
                return rejected(
                    "\"" + verify::excerpt(prefix) + "\" has more than " + std::to_string(limits_.files) + " entries",
                    "leave out what can be installed or built");
            return fault(std::move(entries.error()));
        }
        for (const DirEntry& entry : *entries) {
            const bool folder = entry.kind == DirEntry::Kind::directory;
            if (left_out_of_source(entry.name, folder, depth == 0)) continue;
            ASSAY_CHECK(copy_entry(directory, entry, prefix + entry.name, depth));
        }
        return {};
    }

 private:
    Written<void> copy_entry(int directory, const DirEntry& entry, const std::string& path, std::uint32_t depth) {
        switch (entry.kind) {
            case DirEntry::Kind::regular: return copy_file(directory, entry, path);
            case DirEntry::Kind::symlink: {
                auto target = read_link_at(directory, entry.name);
                if (!target) return fault(std::move(target.error()));
                return writer_.link(path, *target);
            }
            case DirEntry::Kind::directory: {
                ASSAY_CHECK(writer_.folder(path));
                auto below = open_directory(directory, entry.name);
                if (!below) return fault(std::move(below.error()));
                return copy(below->get(), path + "/", depth + 1);
            }
            case DirEntry::Kind::other: break;
        }
        return rejected("\"" + verify::excerpt(path) + "\" is neither a file, a folder nor a symbolic link",
                        "remove sockets, pipes and devices from the source");
    }

    Written<void> copy_file(int directory, const DirEntry& entry, const std::string& path) {
        Fd from(::openat(directory, entry.name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
        if (!from) return fault({"read source", errno, path, {}});
        struct stat info {};
        if (::fstat(from.get(), &info) != 0) return fault({"read source", errno, path, {}});
        if (!S_ISREG(info.st_mode)) return fault({"read source", 0, path + " has changed meanwhile", {}});
        ASSAY_CHECK(writer_.begin_file(path, entry.executable));
        for (;;) {
            const ssize_t got = ::read(from.get(), chunk_->data(), chunk_->size());
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return fault({"read source", errno, path, {}});
            if (got == 0) return writer_.end_file();
            ASSAY_CHECK(writer_.write({chunk_->data(), static_cast<std::size_t>(got)}));
        }
    }

    TreeWriter& writer_;
    const SourceLimits& limits_;
    std::unique_ptr<std::array<char, kChunk>> chunk_;
};

}  // namespace

Written<void> write_directory(const std::string& path, TreeWriter& writer, const SourceLimits& limits) {
    // The folder itself may be named through links: that is the user's choice, not the submission's.
    Fd root(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!root) return fault({"read source", errno, path, "give an existing, readable folder"});
    return Copier(writer, limits).copy(root.get(), "", 0);
}

}  // namespace assay::batch
