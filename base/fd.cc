#include "base/fd.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <atomic>
#include <cerrno>
#include <cstdio>

namespace assay {

Result<Pipe> make_pipe(int flags) {
    int raw[2];
    if (::pipe2(raw, flags | O_CLOEXEC) != 0) return fail_errno(errno, "make pipe");
    return Pipe{Fd(raw[0]), Fd(raw[1])};
}

Result<Fd> duplicate(int raw) {
    int copy = ::fcntl(raw, F_DUPFD_CLOEXEC, 3);
    if (copy < 0) return fail_errno(errno, "duplicate descriptor");
    return Fd(copy);
}

Result<std::string> read_all(int raw, std::uint64_t limit) {
    std::string bytes;
    struct stat info {};
    if (::fstat(raw, &info) == 0 && S_ISREG(info.st_mode)) bytes.reserve(static_cast<std::size_t>(info.st_size) + 1);
    char chunk[64 * 1024];
    for (;;) {
        ssize_t got = ::read(raw, chunk, sizeof chunk);
        if (got < 0) {
            if (errno == EINTR) continue;
            return fail_errno(errno, "read");
        }
        if (got == 0) return bytes;
        bytes.append(chunk, static_cast<std::size_t>(got));
        if (limit != 0 && bytes.size() > limit)
            return fail_errno(EFBIG, "read", "more than " + std::to_string(limit) + " bytes");
    }
}

Result<std::string> read_file_at(int at, const std::string& path, std::uint64_t limit) {
    Fd file(::openat(at, path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!file) return fail_errno(errno, "open", path);
    auto bytes = read_all(file.get(), limit);
    if (!bytes) bytes.error().detail = path + (bytes.error().detail.empty() ? "" : ": " + bytes.error().detail);
    return bytes;
}

Result<std::string> read_file(const std::string& path, std::uint64_t limit) {
    return read_file_at(AT_FDCWD, path, limit);
}

Result<void> write_all(int raw, std::string_view bytes) {
    while (!bytes.empty()) {
        ssize_t done = ::write(raw, bytes.data(), bytes.size());
        if (done < 0) {
            if (errno == EINTR) continue;
            return fail_errno(errno, "write");
        }
        bytes.remove_prefix(static_cast<std::size_t>(done));
    }
    return {};
}

Result<void> write_file_at(int at, const std::string& path, std::string_view bytes, unsigned mode) {
    Fd file(::openat(at, path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode));
    if (!file) return fail_errno(errno, "create", path);
    auto written = write_all(file.get(), bytes);
    if (!written) written.error().detail = path;
    return written;
}

Result<void> replace_file(const std::string& path, std::string_view bytes, unsigned mode) {
    static std::atomic<unsigned> counter{0};  // only makes names distinct
    const std::string beside = path + ".tmp." + std::to_string(::getpid()) + "." + std::to_string(counter++);
    auto written = [&]() -> Result<void> {
        Fd file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
        if (!file) return fail_errno(errno, "create", beside);
        ASSAY_CHECK(write_all(file.get(), bytes));
        if (::fsync(file.get()) != 0) return fail_errno(errno, "fsync", beside);
        if (::rename(beside.c_str(), path.c_str()) != 0) return fail_errno(errno, "rename", path);
        return {};
    }();
    if (!written) ::unlink(beside.c_str());
    return written;
}

}  // namespace assay
