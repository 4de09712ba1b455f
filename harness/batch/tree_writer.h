// Writes files below one folder and nowhere else: every step is relative to a descriptor and follows no link.
//
// For one thread and one submission. The folder belongs to the caller, and nobody else writes in it meanwhile.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "harness/batch/source.h"

namespace assay::batch {

template <typename T>
using Written = tl::expected<T, SourceError>;

class TreeWriter {
 public:
    TreeWriter(int root, Owner owner, const SourceLimits& limits) : root_(root), owner_(owner), limits_(limits) {}

    // Paths are relative; one that verify::path_problem objects to is refused. Folders on the way are made.
    Written<void> folder(const std::string& path);
    Written<void> link(const std::string& path, const std::string& target);
    Written<void> file(const std::string& path, std::string_view bytes, bool executable);
    // A file or link that was written before. The folders that become empty go too, as git does it.
    Written<void> remove(const std::string& path);

    // The same in pieces: begin, write, ..., end. A path that exists is replaced, but a folder is not.
    Written<void> begin_file(const std::string& path, bool executable);
    Written<void> write(std::string_view bytes);
    Written<void> end_file();

    [[nodiscard]] std::uint32_t files() const { return files_; }
    [[nodiscard]] Bytes bytes() const { return {bytes_}; }

 private:
    Written<void> count_entry(const std::string& path);
    Written<int> parent_of(const std::string& path, std::string& name);
    Written<int> enter(const std::string& folder);

    int root_;
    Owner owner_;
    const SourceLimits& limits_;
    std::string open_path_;  // of the folder that stack_ leads to, "" = the root
    struct Level {
        std::size_t path_size;
        Fd fd;
    };
    std::vector<Level> stack_;
    Fd current_;
    std::string current_path_;
    std::uint64_t current_bytes_ = 0;
    std::uint32_t entries_ = 0;  // folders too: each costs an inode
    std::uint32_t files_ = 0;
    std::uint64_t bytes_ = 0;
};

// The submission's own doing: its source is not acceptable.
tl::unexpected<SourceError> rejected(std::string detail, std::string remedy);
// Ours, or the machine's.
tl::unexpected<SourceError> fault(Error error);

}  // namespace assay::batch
