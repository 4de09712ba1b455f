// What a build of a layer prints: the end of each step for the diagnosis, and all of it, up to 8 MiB, in a file.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/fd.h"

namespace assay::images {

// For one thread. A file that cannot be made or written is done without: a full disk shows elsewhere.
class BuildLog {
 public:
    explicit BuildLog(const std::string& path);

    void add(std::string_view text);
    void note(const std::string& text) { add("assay: " + text + "\n"); }
    void begin_step() { tail_.clear(); }
    // What was added since the step began; of much, at least the last 512 KiB.
    [[nodiscard]] const std::string& tail() const { return tail_; }

 private:
    Fd file_;
    std::string tail_;
    std::size_t written_ = 0;
    bool full_ = false;
};

}  // namespace assay::images
