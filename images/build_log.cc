#include "images/build_log.h"

#include <fcntl.h>

namespace assay::images {
namespace {

constexpr std::size_t kTailKept = 512 * 1024;
constexpr std::size_t kFileLimit = 8u << 20;

}  // namespace

BuildLog::BuildLog(const std::string& path)
    : file_(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)) {}

void BuildLog::add(std::string_view text) {
    tail_ += text;
    if (tail_.size() > 2 * kTailKept) tail_.erase(0, tail_.size() - kTailKept);
    if (!file_ || full_) return;
    full_ = written_ + text.size() > kFileLimit;
    if (full_) text = "\n[the rest is left out]\n";
    written_ += text.size();
    (void)write_all(file_.get(), text);
}

}  // namespace assay::images
