#include "base/new_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace assay {

namespace {
constexpr std::size_t kBuffer = 256 * 1024;
constexpr const char* kRemedy = "make room on the disk, or name another place";
}  // namespace

Result<NewFile> NewFile::create(std::string path, unsigned mode) {
    NewFile made;
    made.beside_ = path + ".tmp." + std::to_string(::getpid());
    made.path_ = std::move(path);
    // What a machine that was switched off has left is written over.
    made.file_ = Fd(::open(made.beside_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode));
    if (!made.file_) {
        const int code = errno;
        const std::string beside = std::exchange(made.beside_, {});
        return fail_errno(code, "create", beside, "check the folder and its permissions");
    }
    return made;
}

Result<NewFile> NewFile::standard_output() {
    NewFile made;
    made.path_ = "standard output";
    ASSAY_TRY(made.file_, duplicate(STDOUT_FILENO));
    return made;
}

NewFile::~NewFile() {
    if (!beside_.empty()) ::unlink(beside_.c_str());
}

Result<void> NewFile::write(std::string_view bytes) {
    buffer_ += bytes;
    return buffer_.size() < kBuffer ? Result<void>() : flush();
}

Result<void> NewFile::flush() {
    auto written = write_all(file_.get(), buffer_);
    buffer_.clear();
    if (!written) {
        written.error().detail = path_;
        written.error().remedy = kRemedy;
    }
    return written;
}

Result<void> NewFile::commit() {
    ASSAY_CHECK(flush());
    if (beside_.empty()) return {};
    if (::fsync(file_.get()) != 0) return fail_errno(errno, "fsync", path_, kRemedy);
    if (::rename(beside_.c_str(), path_.c_str()) != 0) return fail_errno(errno, "rename", path_);
    beside_.clear();
    return {};
}

}  // namespace assay
