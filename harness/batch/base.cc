#include "harness/batch/base.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace assay::batch {

void find_bases(Batch& batch, const images::Repositories& repositories) {
    using Key = std::tuple<std::string, std::string, std::string>;
    std::map<Key, Result<std::string>> known;
    std::erase_if(batch.submissions, [&](Submission& submission) {
        const Task& task = *submission.task;
        if (task.repo_url.empty() || submission.source.kind != Source::Kind::patch) return false;
        const Key key{task.repo_url, task.repo_commit, task.folder};
        auto found = known.find(key);
        if (found == known.end())
            found = known.emplace(key, repositories.tree_of(task.repo_url, task.repo_commit, task.folder)).first;
        if (found->second) {
            submission.base = *found->second;
            return false;
        }
        Error error = found->second.error();
        error.detail = task.where + ": " + error.detail;
        batch.errors.push_back({submission.id, std::move(error)});
        return true;
    });
}

}  // namespace assay::batch
