// The whole lines of a file, one after the other, in bounded memory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"

namespace assay::collect {

class LineReader {
 public:
    static Result<LineReader> open(const std::string& path);

    // Without its line break, valid until the next call; nothing at the end. What follows the last line break was cut
    // by the end of a machine, and is no line.
    Result<std::optional<std::string_view>> next();
    [[nodiscard]] std::uint64_t offset() const noexcept { return line_at_; }  // of the last line, in bytes
    [[nodiscard]] std::uint64_t number() const noexcept { return number_; }   // of the last line, from 1
    [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
    LineReader() = default;
    std::string path_;
    Fd file_;
    std::string buffer_;
    std::size_t begin_ = 0;      // of what is not given yet, in the buffer
    std::uint64_t read_at_ = 0;  // of the buffer's begin, in the file
    std::uint64_t line_at_ = 0;
    std::uint64_t number_ = 0;
};

}  // namespace assay::collect
