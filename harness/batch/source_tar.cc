// A tar archive as source, plain or compressed (gzip, bzip2, xz, zstd).
#include <archive.h>
#include <archive_entry.h>

#include <cerrno>
#include <map>
#include <utility>

#include "harness/batch/source_kinds.h"
#include "harness/verify/apply.h"
#include "harness/verify/verdict.h"
#include "images/archive_reader.h"

namespace assay::batch {
namespace {

class Extractor {
 public:
    Extractor(std::string path, TreeWriter& writer) : path_(std::move(path)), writer_(writer) {}

    Written<void> run() {
        images::ArchiveReader reader(archive_read_new());
        if (!reader) return fault({"read source", ENOMEM, path_, {}});
        archive_read_support_format_tar(reader.get());
        archive_read_support_format_gnutar(reader.get());
        archive_read_support_filter_gzip(reader.get());
        archive_read_support_filter_bzip2(reader.get());
        archive_read_support_filter_xz(reader.get());
        archive_read_support_filter_zstd(reader.get());
        if (archive_read_open_filename(reader.get(), path_.c_str(), 128 * 1024) != ARCHIVE_OK)
            return broken(reader.get(), "");
        for (;;) {
            archive_entry* entry = nullptr;
            const int status = archive_read_next_header(reader.get(), &entry);
            if (status == ARCHIVE_EOF) return {};
            if (status < ARCHIVE_WARN) return broken(reader.get(), "");
            ASSAY_CHECK(extract(reader.get(), entry));
        }
    }

 private:
    Written<void> broken(archive* reader, const std::string& entry) const {
        const char* why = archive_error_string(reader);
        const int code = archive_errno(reader);
        if (code == ENOENT || code == EACCES || code == EIO || code == EMFILE)
            return fault({"read source", code, path_, {}});
        return rejected(path_ + ": " + (entry.empty() ? "" : "\"" + verify::excerpt(entry) + "\": ") +
                            (why == nullptr ? "not a tar archive" : verify::excerpt(why)),
                        "give a tar archive, plain or compressed with gzip, bzip2, xz or zstd");
    }

    Written<void> extract(archive* reader, archive_entry* entry) {
        const char* name = images::either_name(archive_entry_pathname(entry), archive_entry_pathname_utf8(entry));
        const std::string path = clean_path(name == nullptr ? "" : name);
        const auto type = archive_entry_filetype(entry);
        if (path.empty() || path_left_out(path, type == AE_IFDIR)) return {};
        if (const char* original =
                images::either_name(archive_entry_hardlink(entry), archive_entry_hardlink_utf8(entry)))
            return copy_of(path, clean_path(original));
        switch (type) {
            case AE_IFDIR: return writer_.folder(path);
            case AE_IFLNK: {
                const char* target =
                    images::either_name(archive_entry_symlink(entry), archive_entry_symlink_utf8(entry));
                return writer_.link(path, target == nullptr ? "" : target);
            }
            case AE_IFREG: return file(reader, entry, path);
            default:
                return rejected(
                    path_ + ": \"" + verify::excerpt(path) + "\" is neither a file, a folder nor a symbolic link",
                    "remove sockets, pipes and devices from the source");
        }
    }

    Written<void> file(archive* reader, archive_entry* entry, const std::string& path) {
        const bool executable = (archive_entry_perm(entry) & 0111) != 0;
        ASSAY_CHECK(writer_.begin_file(path, executable));
        std::int64_t written = 0;
        for (;;) {
            const void* block = nullptr;
            std::size_t size = 0;
            la_int64_t offset = 0;
            const int status = archive_read_data_block(reader, &block, &size, &offset);
            if (status == ARCHIVE_EOF) break;
            if (status < ARCHIVE_WARN) return broken(reader, path);
            // A sparse file's holes come as gaps between blocks.
            for (static constexpr char kZeros[4096] = {}; written < offset;) {
                const auto gap = std::min<std::int64_t>(offset - written, sizeof kZeros);
                ASSAY_CHECK(writer_.write({kZeros, static_cast<std::size_t>(gap)}));
                written += gap;
            }
            ASSAY_CHECK(writer_.write({static_cast<const char*>(block), size}));
            written += static_cast<std::int64_t>(size);
        }
        return writer_.end_file();
    }

    Written<void> copy_of(const std::string& path, const std::string& original) {
        return rejected(
            path_ + ": \"" + verify::excerpt(path) + "\" is a hard link to \"" + verify::excerpt(original) + "\"",
            "make the archive with --hard-dereference");
    }

    std::string path_;
    TreeWriter& writer_;
};

}  // namespace

Written<void> write_tar(const std::string& path, TreeWriter& writer, const SourceLimits&) {
    return Extractor(path, writer).run();
}

}  // namespace assay::batch
