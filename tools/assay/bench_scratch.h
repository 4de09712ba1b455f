// The run folder of a measurement, which goes with it.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>

namespace assay::tools {

class ScratchRun {
 public:
    ScratchRun() {
        std::string name = std::filesystem::temp_directory_path().string() + "/assay-bench-XXXXXX";
        if (::mkdtemp(name.data()) != nullptr) path_ = name;
    }
    ScratchRun(const ScratchRun&) = delete;
    ScratchRun& operator=(const ScratchRun&) = delete;
    ~ScratchRun() {
        std::error_code ignored;
        if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
    }
    // Empty: it could not be made.
    [[nodiscard]] std::string folder() const { return path_.empty() ? "" : path_ + "/run"; }
    // Beside it.
    [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
    std::string path_;
};

}  // namespace assay::tools
