#include "harness/batch/tree_writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "harness/verify/apply.h"
#include "harness/verify/verdict.h"

namespace assay::batch {
namespace {

constexpr const char* kStep = "write source";

std::string in_quotes(const std::string& path) { return "\"" + verify::excerpt(path) + "\""; }

}  // namespace

tl::unexpected<SourceError> rejected(std::string detail, std::string remedy) {
    return tl::unexpected(SourceError{false, {"read source", 0, std::move(detail), std::move(remedy)}});
}

tl::unexpected<SourceError> fault(Error error) { return tl::unexpected(SourceError{true, std::move(error)}); }

Written<void> TreeWriter::count_entry(const std::string& path) {
    if (++entries_ <= limits_.files) return {};
    return rejected(
        in_quotes(path) + " is one file or folder more than the " + std::to_string(limits_.files) + " allowed",
        "leave out what can be installed or built");
}

// Opens `folder`, making what is missing. Keeps the descriptors of the way, since the next path mostly shares it.
Written<int> TreeWriter::enter(const std::string& folder) {
    while (!stack_.empty()) {
        const std::string_view open(open_path_.data(), stack_.back().path_size);
        if (folder.size() >= open.size() && folder.starts_with(open) &&
            (folder.size() == open.size() || folder[open.size()] == '/'))
            break;
        stack_.pop_back();
    }
    std::size_t at = stack_.empty() ? 0 : stack_.back().path_size + 1;
    while (at < folder.size()) {
        const std::size_t end = std::min(folder.find('/', at), folder.size());
        const std::string name = folder.substr(at, end - at);
        const int above = stack_.empty() ? root_ : stack_.back().fd.get();
        if (stack_.size() >= limits_.depth)
            return rejected(in_quotes(folder) + " has more than " + std::to_string(limits_.depth) + " nested folders",
                            "nest less");
        const bool made = ::mkdirat(above, name.c_str(), 0755) == 0;
        if (!made && errno != EEXIST) return fault({kStep, errno, folder, {}});
        Fd fd(::openat(above, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (!fd) {
            if (errno == ENOTDIR || errno == ELOOP)
                return rejected(in_quotes(folder) + " goes through a file or a symbolic link",
                                "a path may only go through folders");
            return fault({kStep, errno, folder, {}});
        }
        if (made) {
            if (::fchmod(fd.get(), 0755) != 0) return fault({kStep, errno, folder, {}});
            if (::fchown(fd.get(), owner_.uid, owner_.gid) != 0) return fault({kStep, errno, folder, {}});
        }
        stack_.push_back({end, std::move(fd)});
        at = end + 1;
    }
    open_path_ = folder;
    return stack_.empty() ? root_ : stack_.back().fd.get();
}

Written<int> TreeWriter::parent_of(const std::string& path, std::string& name) {
    if (auto problem = verify::path_problem(path, 4000))
        return rejected("the path " + in_quotes(path) + " " + *problem, "a source may only have files inside itself");
    ASSAY_CHECK(count_entry(path));
    const auto slash = path.rfind('/');
    name = path.substr(slash == std::string::npos ? 0 : slash + 1);
    return enter(slash == std::string::npos ? std::string() : path.substr(0, slash));
}

Written<void> TreeWriter::folder(const std::string& path) {
    if (auto problem = verify::path_problem(path, 4000))
        return rejected("the path " + in_quotes(path) + " " + *problem, "a source may only have files inside itself");
    ASSAY_CHECK(count_entry(path));
    return enter(path).map([](int) {});
}

Written<void> TreeWriter::link(const std::string& path, const std::string& target) {
    std::string name;
    ASSAY_TRY(const int parent, parent_of(path, name));
    if (auto problem = verify::link_problem(path, target))
        return rejected("the symbolic link " + in_quotes(path) + " " + *problem,
                        "link to something inside the submission, by a relative path");
    ++files_;
    int made = ::symlinkat(target.c_str(), parent, name.c_str());
    if (made != 0 && errno == EEXIST && ::unlinkat(parent, name.c_str(), 0) == 0)
        made = ::symlinkat(target.c_str(), parent, name.c_str());
    if (made != 0) {
        if (errno == EISDIR) return rejected(in_quotes(path) + " is a link and a folder", "remove one of them");
        return fault({kStep, errno, path, {}});
    }
    if (::fchownat(parent, name.c_str(), owner_.uid, owner_.gid, AT_SYMLINK_NOFOLLOW) != 0)
        return fault({kStep, errno, path, {}});
    return {};
}

Written<void> TreeWriter::remove(const std::string& path) {
    std::string name, folder = path;
    ASSAY_TRY(int parent, parent_of(path, name));
    if (::unlinkat(parent, name.c_str(), 0) != 0) return fault({kStep, errno, path, {}});
    --files_;
    for (auto slash = folder.rfind('/'); slash != std::string::npos; slash = folder.rfind('/')) {
        folder.resize(slash);
        const auto above = folder.rfind('/');
        ASSAY_TRY(parent, enter(above == std::string::npos ? "" : folder.substr(0, above)));
        if (::unlinkat(parent, folder.substr(above == std::string::npos ? 0 : above + 1).c_str(), AT_REMOVEDIR) == 0)
            continue;
        if (errno == ENOTEMPTY || errno == EEXIST) return {};
        return fault({kStep, errno, folder, {}});
    }
    return {};
}

Written<void> TreeWriter::begin_file(const std::string& path, bool executable) {
    std::string name;
    ASSAY_TRY(const int parent, parent_of(path, name));
    constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    const mode_t mode = executable ? 0755 : 0644;
    current_ = Fd(::openat(parent, name.c_str(), kFlags, mode));
    if (!current_ && errno == EEXIST && ::unlinkat(parent, name.c_str(), 0) == 0)
        current_ = Fd(::openat(parent, name.c_str(), kFlags, mode));
    if (!current_) {
        if (errno == EISDIR) return rejected(in_quotes(path) + " is a file and a folder", "remove one of them");
        return fault({kStep, errno, path, {}});
    }
    if (::fchmod(current_.get(), mode) != 0) return fault({kStep, errno, path, {}});
    if (::fchown(current_.get(), owner_.uid, owner_.gid) != 0) return fault({kStep, errno, path, {}});
    ++files_;
    current_path_ = path;
    current_bytes_ = 0;
    return {};
}

Written<void> TreeWriter::write(std::string_view bytes) {
    current_bytes_ += bytes.size();
    bytes_ += bytes.size();
    if (current_bytes_ > limits_.file.count)
        return rejected(in_quotes(current_path_) + " is larger than " + format_bytes(limits_.file), "leave it out");
    if (bytes_ > limits_.total.count)
        return rejected("the source is larger than " + format_bytes(limits_.total),
                        "leave out what can be installed or built");
    if (auto done = write_all(current_.get(), bytes); !done)
        return fault({kStep, done.error().code, current_path_, {}});
    return {};
}

Written<void> TreeWriter::end_file() {
    current_.reset();
    return {};
}

Written<void> TreeWriter::file(const std::string& path, std::string_view bytes, bool executable) {
    ASSAY_CHECK(begin_file(path, executable));
    ASSAY_CHECK(write(bytes));
    return end_file();
}

}  // namespace assay::batch
