// A patch as source: applied in memory, then written.
#include <filesystem>
#include <utility>

#include "base/fd.h"
#include "harness/batch/source_kinds.h"
#include "harness/verify/apply.h"

namespace assay::batch {
namespace {

using verify::FileKind;

tl::unexpected<SourceError> refuse(Error why) { return tl::unexpected(SourceError{false, std::move(why)}); }

}  // namespace

Written<std::shared_ptr<const std::string>> write_patch(const std::string& path, const Task& task, TreeWriter& writer,
                                                        const SourceLimits& limits) {
    verify::PatchLimits patch_limits;
    patch_limits.patch = limits.patch;
    patch_limits.files = limits.files;
    patch_limits.result = limits.total;

    std::error_code error;
    const auto size = std::filesystem::file_size(path, error);
    if (!error && size > limits.patch.count)
        return rejected(path + ": a patch of " + format_bytes({size}),
                        "a patch may have " + format_bytes(limits.patch));
    auto text = read_file(path, limits.patch.count);
    if (!text) return fault(std::move(text.error()));
    auto patch = verify::parse_patch(std::move(*text), path, patch_limits);
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
    const verify::TreeReader nothing = [](const std::string&) -> Result<std::optional<verify::TreeFile>> {
        return std::optional<verify::TreeFile>{};
    };
    auto writes = verify::apply_patches(patches, nothing, patch_limits);
    if (!writes) return refuse(std::move(writes.error().error));
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
