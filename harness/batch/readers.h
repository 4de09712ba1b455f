// The readers behind read_batch, and what they share. Only this room includes it.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "harness/batch/read.h"
#include "harness/batch/submission.h"

namespace assay::batch {

// Task files by path: read once, their errors too, for a thousand submissions may share one.
class TaskCache {
 public:
    explicit TaskCache(std::string suite) : suite_(std::move(suite)) {}
    Result<std::shared_ptr<const Task>> read(const std::filesystem::path& path);
    [[nodiscard]] const std::string& suite() const { return suite_; }

 private:
    std::string suite_;
    std::map<std::string, Result<std::shared_ptr<const Task>>> known_;
};

// The sub-folders of `folder`, hidden ones left out, by name. Symbolic links to folders count.
Result<std::vector<std::filesystem::path>> folders_in(const std::filesystem::path& folder);

Result<Batch> read_single(const std::filesystem::path& folder, TaskCache& tasks);
Result<Batch> read_folder(const std::filesystem::path& folder, TaskCache& tasks);
Result<Batch> read_json_lines(const std::filesystem::path& file, TaskCache& tasks);

// Where in the study's tree a folder stands: 0 = results/, 1 = uv or node, ... 6 = run_N; -1 = it is not in such a
// tree.
int result_tree_level(const std::filesystem::path& folder);
Result<Batch> read_result_tree(const std::filesystem::path& folder, int level, const ReadOptions& options,
                               TaskCache& tasks);

}  // namespace assay::batch
