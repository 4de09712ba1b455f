#include "harness/batch/source.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
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

// Whether there is a run.sh; made executable when the task's set-up asks for it, so that no sandbox has to start for
// that. A link is followed inside the tree only.
Written<bool> set_up_run_sh(int directory, const Task& task) {
    open_how how{};
    how.flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
    Fd file(static_cast<int>(::syscall(SYS_openat2, directory, "run.sh", &how, sizeof how)));
    struct stat info {};
    if (!file || ::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) return false;
    const bool asked = std::any_of(task.setup_cmds.begin(), task.setup_cmds.end(), [](const std::string& command) {
        return command.find("chmod +x run.sh") != std::string::npos ||
               command.find("chmod +x ./run.sh") != std::string::npos;
    });
    if (asked && (info.st_mode & 0111) != 0111 && ::fchmod(file.get(), 0755) != 0)
        return fault({"write source", errno, "run.sh", {}});
    return true;
}

// What the verifiers see of a source that is no patch. Nothing has run in `directory` yet: it holds what the submission
// brought.
Written<std::shared_ptr<const verify::AddedSource>> read_added(int directory) {
    auto tree = verify::added_lines_of_tree(directory);
    if (!tree) return rejected(tree.error().to_string(), "leave out what can be installed or built");
    return std::make_shared<const verify::AddedSource>(std::move(*tree));
}

}  // namespace

tl::expected<SourceTree, SourceError> materialise(const Submission& submission, int directory, Owner owner,
                                                  const SourceLimits& limits) {
    TreeWriter writer(directory, owner, limits);
    SourceTree tree;
    const std::string& path = submission.source.path;
    switch (submission.source.kind) {
        case Source::Kind::dir: ASSAY_CHECK(write_directory(path, writer, limits)); break;
        case Source::Kind::tar: ASSAY_CHECK(write_tar(path, writer, limits)); break;
        case Source::Kind::files: ASSAY_CHECK(write_files(submission.source, writer)); break;
        case Source::Kind::none: return rejected(path + ": the run has no *.patch", "there is nothing to evaluate");
        case Source::Kind::patch: {
            ASSAY_TRY(tree.added.patch, write_patch(submission, directory, writer, limits));
            break;
        }
    }
    tree.files = writer.files();
    tree.bytes = writer.bytes();
    ASSAY_TRY(tree.has_run_sh, set_up_run_sh(directory, *submission.task));
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
