// libarchive's reader as a handle, and what every reader of untrusted archives must know of its entries' names.
#pragma once

#include <archive.h>

#include <memory>

namespace assay::images {

struct FreeArchive {
    void operator()(archive* reader) const { archive_read_free(reader); }
};
using ArchiveReader = std::unique_ptr<archive, FreeArchive>;

// Names that pax headers give in UTF-8 cannot be converted in the C locale; libarchive then only has the UTF-8 form.
inline const char* either_name(const char* plain, const char* utf8) { return plain != nullptr ? plain : utf8; }

}  // namespace assay::images
