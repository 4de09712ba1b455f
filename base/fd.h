// Handles own; raw descriptors live in base/ alone. Every descriptor is made close-on-exec.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace assay {

// Owns one file descriptor; -1 means none. Move-only. Not thread-safe, as any value.
class Fd {
 public:
    Fd() = default;
    explicit Fd(int raw) noexcept : raw_(raw) {}
    Fd(Fd&& other) noexcept : raw_(std::exchange(other.raw_, -1)) {}
    Fd& operator=(Fd&& other) noexcept {
        if (this != &other) {
            reset();
            raw_ = std::exchange(other.raw_, -1);
        }
        return *this;
    }
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    ~Fd() { reset(); }

    [[nodiscard]] int get() const noexcept { return raw_; }
    [[nodiscard]] explicit operator bool() const noexcept { return raw_ >= 0; }
    [[nodiscard]] int release() noexcept { return std::exchange(raw_, -1); }
    void reset() noexcept {
        if (raw_ >= 0) ::close(std::exchange(raw_, -1));
    }

 private:
    int raw_ = -1;
};

struct Pipe {
    Fd read;
    Fd write;
};

Result<Pipe> make_pipe(int flags = 0);  // O_CLOEXEC is always added
Result<Fd> duplicate(int raw);          // F_DUPFD_CLOEXEC

// Whole files. `at` is a directory descriptor or AT_FDCWD; `limit` in bytes, 0 = unlimited (more is an error).
Result<std::string> read_file(const std::string& path, std::uint64_t limit = 0);
Result<std::string> read_file_at(int at, const std::string& path, std::uint64_t limit = 0);
Result<std::string> read_all(int raw, std::uint64_t limit = 0);
Result<void> write_file_at(int at, const std::string& path, std::string_view bytes, unsigned mode = 0644);
Result<void> write_all(int raw, std::string_view bytes);

// Writes beside the target, fsyncs, renames: a reader, or a machine switched off, sees all or nothing.
Result<void> replace_file(const std::string& path, std::string_view bytes, unsigned mode = 0644);

}  // namespace assay
