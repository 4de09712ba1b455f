#include "harness/batch/source.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <memory>
#include <optional>
#include <utility>

#include "base/dir.h"
#include "base/fd.h"
#include "harness/batch/source_kinds.h"
#include "harness/verify/apply.h"
#include "harness/verify/tree.h"

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

// What the verifiers see of a source that is no patch. Nothing has run in `directory` yet: it holds what the submission
// brought.
Written<std::shared_ptr<const verify::AddedSource>> read_added(int directory) {
    auto tree = verify::added_lines_of_tree(directory);
    if (!tree) return rejected(tree.error().to_string(), "leave out what can be installed or built");
    return std::make_shared<const verify::AddedSource>(std::move(*tree));
}

}  // namespace

bool left_out_of_source(std::string_view name, bool folder, bool top) {
    return name == ".git" || (folder && name == "node_modules") || (top && !folder && name == "task.json");
}

tl::expected<SourceTree, SourceError> materialise(const Submission& submission, int directory, Owner owner,
                                                  const SourceLimits& limits) {
    TreeWriter writer(directory, owner, limits);
    SourceTree tree;
    const std::string& path = submission.source.path;
    switch (submission.source.kind) {
        case Source::Kind::dir: ASSAY_CHECK(write_directory(path, writer, limits)); break;
        case Source::Kind::tar: ASSAY_CHECK(write_tar(path, writer, limits)); break;
        case Source::Kind::patch: {
            ASSAY_TRY(tree.added.patch, write_patch(path, *submission.task, writer, limits));
            break;
        }
    }
    tree.files = writer.files();
    tree.bytes = writer.bytes();
    struct stat info {};
    tree.has_run_sh = ::fstatat(directory, "run.sh", &info, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(info.st_mode);
    for (const char* name :
         {"requirements.txt", "package.json", "package-lock.json", "npm-shrinkwrap.json", ".npmrc"}) {
        ASSAY_TRY(auto bytes, manifest(directory, name));
        if (bytes) tree.manifests.emplace(name, std::move(*bytes));
    }
    if (!tree.added.patch && submission.task->constraints.level() > 0) {
        ASSAY_TRY(tree.added.tree, read_added(directory));
    }
    return tree;
}

}  // namespace assay::batch
