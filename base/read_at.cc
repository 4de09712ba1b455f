#include "base/read_at.h"

#include <sys/types.h>
#include <unistd.h>

#include <cerrno>

namespace assay {

Result<std::string> read_at(int raw, std::uint64_t offset, std::size_t size) {
    std::string text(size, '\0');
    std::size_t done = 0;
    while (done < size) {
        const ssize_t got = ::pread(raw, text.data() + done, size - done, static_cast<off_t>(offset + done));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail_errno(errno, "read");
        if (got == 0) break;
        done += static_cast<std::size_t>(got);
    }
    text.resize(done);
    return text;
}

}  // namespace assay
