// A patch as source: applied in memory, then written.
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <optional>
#include <utility>

#include "base/dir.h"
#include "base/fd.h"
#include "harness/batch/source_kinds.h"
#include "harness/verify/apply.h"

namespace assay::batch {
namespace {

using verify::FileKind;

// What stands at `path` in the tree, reached through no link; nothing when there is no file.
Result<std::optional<verify::TreeFile>> read_tree_file(int directory, const std::string& path, Bytes limit) {
    open_how how{};
    how.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
    // O_NOFOLLOW and O_PATH open a link itself, which RESOLVE_NO_SYMLINKS allows for the last component alone.
    const Fd found(static_cast<int>(::syscall(SYS_openat2, directory, path.c_str(), &how, sizeof how)));
    if (!found && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)) return std::optional<verify::TreeFile>{};
    struct stat info {};
    if (!found || ::fstat(found.get(), &info) != 0) return fail_errno(errno, "read source", path);
    if (S_ISLNK(info.st_mode)) {
        ASSAY_TRY(std::string target, read_link_at(found.get(), ""));
        return verify::TreeFile{FileKind::symlink, std::move(target)};
    }
    if (!S_ISREG(info.st_mode)) return std::optional<verify::TreeFile>{};
    ASSAY_TRY(std::string bytes, read_file_at(directory, path, limit.count));
    return verify::TreeFile{(info.st_mode & 0111) != 0 ? FileKind::executable : FileKind::regular, std::move(bytes)};
}

// The diff itself, from its file or from the entry.
Written<std::string> text_of(const Source& source, const SourceLimits& limits) {
    std::error_code error;
    const auto size = source.text ? source.text->size() : std::filesystem::file_size(source.path, error);
    if (!error && size > limits.patch.count)
        return rejected(source.path + ": a patch of " + format_bytes({size}),
                        "a patch may have " + format_bytes(limits.patch));
    if (source.text) return *source.text;
    auto text = read_file(source.path, limits.patch.count);
    if (!text) return fault(std::move(text.error()));
    return std::move(*text);
}

tl::unexpected<SourceError> refuse(Error why) { return tl::unexpected(SourceError{false, std::move(why)}); }

}  // namespace

Written<std::shared_ptr<const std::string>> write_patch(const Submission& submission, int directory, TreeWriter& writer,
                                                        const SourceLimits& limits) {
    const std::string& path = submission.source.path;
    const Task& task = *submission.task;
    verify::PatchLimits patch_limits;
    patch_limits.patch = limits.patch;
    patch_limits.files = limits.files;
    patch_limits.result = limits.total;

    ASSAY_TRY(std::string text, text_of(submission.source, limits));
    auto patch = verify::parse_patch(std::move(text), path, patch_limits);
    if (!patch) return refuse(std::move(patch.error()));
    if (patch->files.empty())
        return rejected(path + ": the patch is empty", "a submission must have at least run.sh and its manifest");

    std::vector<const verify::Patch*> patches;
    verify::Patch base;
    if (!task.base_patch.empty()) {
        auto parsed = verify::parse_patch(task.base_patch, task.where + " (its patch)", patch_limits);
        if (!parsed) return fault(std::move(parsed.error()));  // the task's, not the submission's
        base = std::move(*parsed);
        patches.push_back(&base);
    }
    patches.push_back(&*patch);
    if (!submission.base.empty()) {
        // The operator's repository: whatever is wrong with it is no submission's doing.
        if (auto written = write_directory(submission.base, writer, limits); !written)
            return fault(std::move(written.error().error));
    }
    const verify::TreeReader before = [&](const std::string& file) -> Result<std::optional<verify::TreeFile>> {
        if (submission.base.empty()) return std::optional<verify::TreeFile>{};
        return read_tree_file(directory, file, limits.file);
    };
    auto writes = verify::apply_patches(patches, before, patch_limits);
    if (!writes) {
        if (writes.error().of_reader) return fault(std::move(writes.error().error));
        return refuse(std::move(writes.error().error));
    }
    // First what goes: a folder may become a file.
    for (const verify::FileWrite& write : *writes)
        if (!write.file && !submission.base.empty()) ASSAY_CHECK(writer.remove(write.path));
    for (const verify::FileWrite& write : *writes) {
        if (!write.file) continue;
        if (write.file->kind == FileKind::symlink) {
            ASSAY_CHECK(writer.link(write.path, write.file->bytes));
        } else {
            ASSAY_CHECK(writer.file(write.path, write.file->bytes, write.file->kind == FileKind::executable));
        }
    }
    return patch->text;
}

}  // namespace assay::batch
