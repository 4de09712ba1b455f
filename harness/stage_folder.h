// A folder of a launcher's stage, for one attempt; it goes when the attempt goes.
#pragma once

#include <string>
#include <utility>

#include "base/fd.h"
#include "base/tree.h"
#include "harness/evaluate.h"
#include "sandbox/spec.h"

namespace assay::harness {

class StageFolder {
 public:
    static Result<StageFolder> make(Session& session, const runtime::LauncherHost& launcher) {
        StageFolder folder;
        folder.stage_ = launcher.stage();
        folder.name_ = std::to_string(session.next_stage.fetch_add(1));
        ASSAY_TRY(folder.directory_, make_directory_at(folder.stage_, folder.name_));
        return folder;
    }
    StageFolder(StageFolder&& other) noexcept
        : stage_(std::exchange(other.stage_, -1)),
          name_(std::move(other.name_)),
          directory_(std::move(other.directory_)) {}
    StageFolder& operator=(StageFolder&&) = delete;
    ~StageFolder() {
        if (stage_ >= 0) (void)remove_tree_at(stage_, name_);  // what stays, goes with the launcher's tmpfs
    }
    [[nodiscard]] int directory() const noexcept { return directory_.get(); }
    // Its path as sandboxes of that launcher see it.
    [[nodiscard]] std::string inside() const { return std::string(sandbox::kHiddenRoot) + "/stage/" + name_; }

 private:
    StageFolder() = default;
    int stage_ = -1;
    std::string name_;
    Fd directory_;
};

}  // namespace assay::harness
