// A file that is written piece by piece and appears whole or not at all.
#pragma once

#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"

namespace assay {

// Writes beside the target; commit() syncs and renames. Without it the destructor takes away what was written.
class NewFile {
 public:
    static Result<NewFile> create(std::string path, unsigned mode = 0644);
    // Writes through; commit() only empties the buffer.
    static Result<NewFile> standard_output();

    NewFile(NewFile&& other) noexcept
        : path_(std::move(other.path_)),
          beside_(std::exchange(other.beside_, {})),
          file_(std::move(other.file_)),
          buffer_(std::move(other.buffer_)) {}
    NewFile& operator=(NewFile&&) = delete;
    ~NewFile();

    Result<void> write(std::string_view bytes);  // buffered
    Result<void> commit();

 private:
    NewFile() = default;
    Result<void> flush();

    std::string path_;
    std::string beside_;  // empty: nothing to take away
    Fd file_;
    std::string buffer_;
};

}  // namespace assay
