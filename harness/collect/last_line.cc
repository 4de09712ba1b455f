#include "harness/collect/last_line.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/fd.h"

namespace assay::collect {

Result<std::string> mend_last_line(const std::string& path) {
    const Fd file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    if (!file && errno == ENOENT) return std::string();
    const off_t size = file ? ::lseek(file.get(), 0, SEEK_END) : -1;
    if (size < 0) return fail_errno(errno, "continue journal", path);
    constexpr off_t kBlock = 64 * 1024;
    std::string tail;  // of the file, from `from` on
    for (off_t from = size; from > 0;) {
        const auto want = static_cast<std::size_t>(std::min(kBlock, from));
        from -= static_cast<off_t>(want);
        std::string block(want, '\0');
        if (::pread(file.get(), block.data(), want, from) != static_cast<ssize_t>(want))
            return fail_errno(errno, "continue journal", path);
        tail.insert(0, block);
        const auto end = tail.rfind('\n');
        const auto before = end == std::string::npos || end == 0 ? end : tail.rfind('\n', end - 1);
        if (before == std::string::npos && from > 0) continue;
        const auto kept = end == std::string::npos ? 0 : from + static_cast<off_t>(end) + 1;
        if (kept < size && ::ftruncate(file.get(), kept) != 0) return fail_errno(errno, "continue journal", path);
        if (end == std::string::npos) return std::string();
        const auto begin = before == std::string::npos || before == end ? 0 : before + 1;
        return tail.substr(begin, end - begin);
    }
    return std::string();
}

}  // namespace assay::collect
