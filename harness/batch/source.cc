#include "harness/batch/source.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "base/dir.h"
#include "base/fd.h"
#include "harness/batch/source_kinds.h"
#include "harness/verify/apply.h"
#include "harness/verify/tree.h"
#include "harness/verify/verify.h"

namespace assay::batch {
namespace {

// A manifest is a regular file at the top; a link or a folder of that name is none. A large one is refused.
Written<std::optional<std::string>> manifest(int directory, const char* name) {
    Fd file(::openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!file) {
        if (errno == ENOENT || errno == ELOOP) return std::optional<std::string>{};
        return fault({"read source", errno, name, {}});
    }
    struct stat info {};
    if (::fstat(file.get(), &info) != 0) return fault({"read source", errno, name, {}});
    if (!S_ISREG(info.st_mode)) return std::optional<std::string>{};
    constexpr std::uint64_t kLimit = 16u << 20;
    if (static_cast<std::uint64_t>(info.st_size) > kLimit)
        return rejected(std::string(name) + " is larger than " + format_bytes({kLimit}), "name only what is needed");
    auto bytes = read_all(file.get());
    if (!bytes) return fault(std::move(bytes.error()));
    return std::optional(std::move(*bytes));
}

}  // namespace

bool left_out_of_source(std::string_view name, bool folder, bool top) {
    return name == ".git" || (folder && name == "node_modules") || (top && !folder && name == "task.json");
}

tl::expected<SourceTree, SourceError> materialise(const Submission& submission, int directory,
                                                  std::optional<Owner> owner, const SourceLimits& limits) {
    TreeWriter writer(directory, owner, limits);
    const std::string& path = submission.source.path;
    switch (submission.source.kind) {
        case Source::Kind::dir: ASSAY_CHECK(write_directory(path, writer, limits)); break;
        case Source::Kind::tar: ASSAY_CHECK(write_tar(path, writer, limits)); break;
        case Source::Kind::patch: ASSAY_CHECK(write_patch(path, *submission.task, writer, limits)); break;
    }
    SourceTree tree;
    tree.files = writer.files();
    tree.bytes = writer.bytes();
    struct stat info {};
    tree.has_run_sh = ::fstatat(directory, "run.sh", &info, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(info.st_mode);
    ASSAY_TRY(tree.manifests.requirements_txt, manifest(directory, "requirements.txt"));
    ASSAY_TRY(tree.manifests.package_json, manifest(directory, "package.json"));
    ASSAY_TRY(tree.manifests.package_lock_json, manifest(directory, "package-lock.json"));
    return tree;
}

Result<std::vector<verify::RuleVerdict>> verify_structure(const Submission& submission, int directory) {
    const verify::Constraints& constraints = submission.task->constraints;
    if (submission.source.kind == Source::Kind::patch) {
        ASSAY_TRY(const std::string text, read_file(submission.source.path, SourceLimits{}.patch.count));
        return verify::verify_paper(text, constraints);
    }
    ASSAY_TRY(const verify::AddedSource source, verify::added_lines_of_tree(directory));
    return verify::verify_paper(source, constraints);
}

}  // namespace assay::batch
