// Folders through descriptors: nothing here follows a symbolic link.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace assay {

// O_DIRECTORY | O_NOFOLLOW for the last component of `path`.
Result<Fd> open_directory(int at, const std::string& path);

struct DirEntry {
    enum class Kind { regular, directory, symlink, other } kind = Kind::other;
    std::string name;
    bool executable = false;  // any x bit, of regular files
    std::uint64_t size = 0;   // bytes, of regular files
};

// All but "." and "..", by name in byte order. `limit` on their number, 0 = unlimited; more is EOVERFLOW.
Result<std::vector<DirEntry>> list_directory(int directory, std::size_t limit = 0);

// The target of the symbolic link `name` in `directory`.
Result<std::string> read_link_at(int directory, const std::string& name);

}  // namespace assay
