// Layers of an image, one over another, as one directory tree.
//
// The archives are untrusted. Whatever they hold, nothing outside of the tree is read or written: names with ".." are
// refused, symbolic links on the way to an entry are followed inside the tree as if it were /. Directories become 0755,
// files 0755 or 0644, everything belongs to the caller: set-user bits, owners, extended attributes and devices are
// left out, since nothing inside a sandbox could use them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_set>

#include "base/fd.h"
#include "base/result.h"
#include "base/units.h"
#include "images/oci/stream.h"

struct archive;
struct archive_entry;

namespace assay::images::oci {

struct UnpackLimits {
    Bytes total{8ull << 30};            // of all files of all layers, also of those that a later one replaces
    std::uint64_t entries = 1'000'000;  // likewise
    std::size_t depth = 100;            // nested directories
};

// What was found, over all layers.
struct Unpacked {
    Bytes bytes;
    std::uint64_t entries = 0;
    std::uint64_t devices = 0;   // left out, with pipes
    std::uint64_t set_user = 0;  // files that lost set-user or set-group bits
    std::uint64_t removed = 0;   // by whiteouts
};

class TreeUnpacker {
 public:
    enum class Whiteouts { apply, keep };  // keep: names like any other

    // `root`: an empty directory of the caller's, in which nobody else writes.
    TreeUnpacker(Fd root, UnpackLimits limits, Whiteouts whiteouts = Whiteouts::apply);

    // One more tar archive over what is there. After an error some part of it is. Blocks on the disk. The stream may
    // have bytes left; its finish() is the caller's.
    Result<void> add(BlobStream& layer);

    [[nodiscard]] const Unpacked& found() const noexcept { return found_; }

 private:
    struct Place {
        int parent = -1;  // of the cache: valid until the next look-up
        std::string name;
    };
    Result<void> add_entries(archive* reader);
    Result<void> add_entry(archive* reader, archive_entry* entry);
    Result<void> whiteout(const std::string& folder, const std::string& name);
    Result<void> directory(const std::string& path);
    Result<void> file(archive* reader, archive_entry* entry, const std::string& path);
    Result<void> symlink(const std::string& path, const char* target);
    Result<void> hard_link(const std::string& path, const char* original);
    Result<Place> place_of(const std::string& path);
    Result<int> enter(const std::string& folder);
    Result<void> make_room(const Place& place);
    Result<void> hide(int parent, const std::string& name, std::size_t depth);
    Result<void> hide_children(int folder, std::size_t depth);
    void mark(const Place& place);
    void mark_way(const std::string& folder);
    [[nodiscard]] bool marked(int parent, const std::string& name) const;

    Fd root_;
    UnpackLimits limits_;
    Whiteouts whiteouts_;
    Unpacked found_;
    std::unordered_set<std::string>
        own_;              // what this layer brought, by folder and name: no whiteout of its own hides it
    std::string entered_;  // path of entered_fd_; only while that is set
    Fd entered_fd_;
};

}  // namespace assay::images::oci
