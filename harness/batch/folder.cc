// Folder batches: one sub-folder a submission.
#include <system_error>

#include "harness/batch/readers.h"

namespace assay::batch {
namespace {

namespace fs = std::filesystem;

// Adds the submission in `folder`, or why it is none. A task.json in it wins over the one in the folder above.
void add_submission(const fs::path& folder, std::string id, TaskCache& tasks, Batch& batch) {
    std::error_code error;
    const fs::path absolute = fs::canonical(folder, error);
    fs::path task_file = folder / "task.json";
    if (!fs::exists(task_file, error)) task_file = folder / ".." / "task.json";
    if (auto problem = id_problem(id); !problem.empty()) {
        batch.errors.push_back({id, {"read batch", 0, folder.string() + ": the name " + problem, "rename the folder"}});
        return;
    }
    if (!fs::exists(task_file, error)) {
        batch.errors.push_back({id,
                                {"read batch", 0, folder.string() + ": no task.json in it or in the folder above",
                                 "add the task file that the submission was made for"}});
        return;
    }
    auto task = tasks.read(task_file.lexically_normal());
    if (!task) {
        batch.errors.push_back({id, std::move(task.error())});
        return;
    }
    batch.submissions.push_back({std::move(id), *task, {Source::Kind::dir, absolute.string()}, {}});
}

}  // namespace

Result<Batch> read_single(const fs::path& folder, TaskCache& tasks) {
    Batch batch;
    batch.form = Batch::Form::single;
    std::error_code error;
    const fs::path absolute = fs::canonical(folder, error);
    if (error) return fail_errno(error.value(), "read batch", folder.string());
    add_submission(folder, absolute.filename().string(), tasks, batch);
    return batch;
}

Result<Batch> read_folder(const fs::path& folder, TaskCache& tasks) {
    Batch batch;
    batch.form = Batch::Form::folder;
    ASSAY_TRY(const auto folders, folders_in(folder));
    for (const fs::path& entry : folders) add_submission(entry, entry.filename().string(), tasks, batch);
    if (folders.empty())
        return fail("read batch", folder.string() + ": no submission in it",
                    "a batch folder has one sub-folder a submission, each with a task.json");
    return batch;
}

}  // namespace assay::batch
