#include "harness/collect/line_reader.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace assay::collect {

namespace {
constexpr std::size_t kBlock = 1024 * 1024;
}

Result<LineReader> LineReader::open(const std::string& path) {
    LineReader reader;
    reader.path_ = path;
    reader.file_ = Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!reader.file_) return fail_errno(errno, "open", path, "name the folder of a run");
    return reader;
}

Result<std::optional<std::string_view>> LineReader::next() {
    for (std::size_t searched = begin_;;) {
        const auto end = buffer_.find('\n', searched);
        if (end != std::string::npos) {
            const std::string_view line = std::string_view(buffer_).substr(begin_, end - begin_);
            line_at_ = read_at_ + begin_;
            begin_ = end + 1;
            ++number_;
            return line;
        }
        buffer_.erase(0, begin_);
        read_at_ += begin_;
        begin_ = 0;
        searched = buffer_.size();
        buffer_.resize(searched + kBlock);
        const ssize_t got = ::read(file_.get(), buffer_.data() + searched, kBlock);
        if (got < 0 && errno != EINTR) return fail_errno(errno, "read", path_);
        buffer_.resize(searched + static_cast<std::size_t>(got < 0 ? 0 : got));
        if (got == 0) return std::nullopt;
    }
}

}  // namespace assay::collect
