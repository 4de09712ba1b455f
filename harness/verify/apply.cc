#include "harness/verify/apply.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "harness/verify/hunks.h"
#include "harness/verify/patch_binary.h"
#include "harness/verify/verdict.h"

namespace assay::verify {
namespace {

constexpr std::uint64_t kWork = std::uint64_t{1} << 28;  // line comparisons and moves: about a second
constexpr const char* kOtherTree = "make the patch against the tree that it is applied to";

bool is_dot_git(std::string_view name) {
    return name.size() == 4 && name[0] == '.' && (name[1] | 0x20) == 'g' && (name[2] | 0x20) == 'i' &&
           (name[3] | 0x20) == 't';
}

template <typename T>
using Applied = tl::expected<T, ApplyError>;

class Applier {
 public:
    Applier(const TreeReader& reader, const PatchLimits& limits) : reader_(reader), limits_(limits) {}

    Applied<void> apply(const Patch& patch) {
        patch_ = &patch;
        // Git's renames and copies read the tree before the patch, whatever the order of the diffs.
        before_ = now_;
        leaving_.clear();
        moved_to_.clear();
        for (const FilePatch& file : patch.files)
            if (file.change == Change::remove || file.change == Change::rename) leaving_.insert(file.old_path);
        for (const FilePatch& file : patch.files) ASSAY_CHECK(apply_file(file));
        return {};
    }

    Applied<std::vector<FileWrite>> writes() {
        std::vector<FileWrite> all;
        for (auto& [path, state] : now_) {
            if (!state.touched) continue;
            if (state.file) ASSAY_CHECK(check_parents(path, state.line));
            all.push_back({path, state.file ? std::optional(*state.file) : std::nullopt});
        }
        return all;
    }

 private:
    struct State {
        std::shared_ptr<const TreeFile> file;  // null: there is none
        bool touched = false;
        std::uint32_t line = 0;  // of the patch that touched it last
    };
    using Files = std::map<std::string, State>;

    tl::unexpected<ApplyError> bad(std::uint32_t line, const std::string& what, const char* remedy) const {
        return tl::unexpected(
            ApplyError{{"apply patch", 0, patch_->name + ":" + std::to_string(line) + ": " + what, remedy}, false});
    }

    // The file in `files`, read from the tree when no patch has touched it.
    Applied<State> look(Files& files, const std::string& path) {
        if (auto known = files.find(path); known != files.end()) return known->second;
        auto read = reader_(path);
        if (!read) return tl::unexpected(ApplyError{read.error(), true});
        State state;
        if (*read) state.file = std::make_shared<const TreeFile>(std::move(**read));
        files.emplace(path, state);
        if (&files != &now_) now_.try_emplace(path, state);
        return state;
    }

    Applied<void> check_path(const FilePatch& file, const std::string& path) {
        if (path.empty()) return {};
        if (auto problem = path_problem(path, limits_.path))
            return bad(file.patch_line, "the path \"" + excerpt(path) + "\" " + *problem,
                       "a patch may only name files inside the submission");
        return {};
    }

    // No file stands where a folder is needed, and no symbolic link on the way.
    Applied<void> check_parents(const std::string& path, std::uint32_t line) {
        for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
            ASSAY_TRY(const State parent, look(now_, path.substr(0, slash)));
            if (!parent.file) continue;
            const bool link = parent.file->kind == FileKind::symlink;
            return bad(line,
                       "\"" + excerpt(path) + "\" goes through \"" + excerpt(path.substr(0, slash)) + "\", which is " +
                           (link ? "a symbolic link" : "a file"),
                       "a path may only go through folders");
        }
        return {};
    }

    Applied<FileKind> kind_of(const FilePatch& file, std::uint32_t mode) const {
        switch (mode & 0170000) {
            case 0100000: return (mode & 0111) != 0 ? FileKind::executable : FileKind::regular;
            case 0120000: return FileKind::symlink;
            case 0160000:
                return bad(file.patch_line, "\"" + excerpt(file.path()) + "\" is a submodule",
                           "put the submodule's files into the patch");
            default:
                return bad(file.patch_line, "\"" + excerpt(file.path()) + "\" has a mode that no file has",
                           "only regular files and symbolic links can be in a patch");
        }
    }

    Applied<void> apply_file(const FilePatch& file) {
        ASSAY_CHECK(check_path(file, file.old_path));
        ASSAY_CHECK(check_path(file, file.new_path));
        const bool moves = file.change == Change::rename || file.change == Change::copy;

        State old;
        if (!file.old_path.empty()) {
            ASSAY_TRY(old, look(moves ? before_ : now_, file.old_path));
        }
        const bool creates = file.change == Change::create || (file.maybe_new && !old.file);
        if (!creates && !old.file)
            return bad(file.patch_line, "\"" + excerpt(file.old_path) + "\" does not exist", kOtherTree);
        // As git does it looks at the tree before the patch: a file that comes twice is written twice.
        if (creates || (moves && file.new_path != file.old_path)) {
            ASSAY_TRY(const State there, look(before_, file.new_path));
            if (there.file && !leaving_.contains(file.new_path))
                return bad(file.patch_line, "\"" + excerpt(file.new_path) + "\" exists already", kOtherTree);
        }

        TreeFile fresh;
        if (!creates) fresh.kind = old.file->kind;
        if (!creates && file.old_mode) {
            ASSAY_TRY(const FileKind expected, kind_of(file, *file.old_mode));
            if ((expected == FileKind::symlink) != (fresh.kind == FileKind::symlink))
                return bad(file.patch_line, "\"" + excerpt(file.old_path) + "\" is of another type", kOtherTree);
        }
        if (file.new_mode) {
            ASSAY_TRY(fresh.kind, kind_of(file, *file.new_mode));
        }
        // A deletion says what it deletes by its hash alone.
        const bool gone = file.change == Change::remove && file.binary_omitted && file.full_index;
        if (!gone) {
            ASSAY_TRY(fresh.bytes, content(file, creates ? std::string_view{} : std::string_view(old.file->bytes)));
        }

        if (file.change == Change::remove) {
            if (!fresh.bytes.empty())
                return bad(file.patch_line, "\"" + excerpt(file.old_path) + "\" is deleted, but has further lines",
                           kOtherTree);
            now_[file.old_path] = {nullptr, true, file.patch_line};
            return {};
        }
        if (fresh.kind == FileKind::symlink) {
            if (auto problem = link_problem(file.new_path, fresh.bytes))
                return bad(file.patch_line, "the symbolic link \"" + excerpt(file.new_path) + "\" " + *problem,
                           "link to something inside the submission, by a relative path");
        }
        written_ += fresh.bytes.size();
        if (written_ > limits_.result.count)
            return bad(file.patch_line, "the patch writes more than " + format_bytes(limits_.result),
                       "leave large files out");
        if (file.change == Change::rename && file.new_path != file.old_path && !moved_to_.contains(file.old_path))
            now_[file.old_path] = {nullptr, true, file.patch_line};
        if (moves) moved_to_.insert(file.new_path);
        now_[file.new_path] = {std::make_shared<const TreeFile>(std::move(fresh)), true, file.patch_line};
        return {};
    }

    Applied<std::string> content(const FilePatch& file, std::string_view old) {
        if (file.binary_omitted)
            return bad(file.patch_line,
                       "\"" + excerpt(file.path()) + "\" is binary, and its content is not in the patch",
                       "make the patch with `git diff --binary`");
        if (file.binary) {
            if (file.binary->kind == BinaryPart::Kind::literal) return file.binary->bytes;
            if (auto made = apply_delta(old, file.binary->bytes, limits_.result.count)) return std::move(*made);
            return bad(file.binary->patch_line, "the binary change does not fit the file", kOtherTree);
        }
        auto made = apply_hunks(old, file.hunks, work_);
        if (!made) {
            Error error = std::move(made.error());
            error.detail = patch_->name + ":" + error.detail;
            return tl::unexpected(ApplyError{std::move(error), false});
        }
        return std::move(*made);
    }

    const TreeReader& reader_;
    const PatchLimits& limits_;
    const Patch* patch_ = nullptr;
    Files before_, now_;
    std::set<std::string> leaving_, moved_to_;
    std::uint64_t written_ = 0;
    std::uint64_t work_ = kWork;
};

}  // namespace

std::optional<std::string> path_problem(std::string_view path, std::uint32_t limit) {
    if (path.empty()) return "is empty";
    if (path.size() > limit) return "is longer than " + std::to_string(limit) + " bytes";
    if (path.front() == '/') return "is absolute";
    if (path.find('\0') != std::string_view::npos) return "contains a NUL";
    for (std::size_t begin = 0; begin <= path.size();) {
        const auto end = std::min(path.find('/', begin), path.size());
        const std::string_view name = path.substr(begin, end - begin);
        if (name.empty()) return "has an empty component";
        if (name == "." || name == "..") return "has a \"" + std::string(name) + "\" component";
        if (is_dot_git(name)) return "is in a .git folder";
        if (name.size() > 255) return "has a component longer than 255 bytes";
        begin = end + 1;
    }
    return std::nullopt;
}

std::optional<std::string> link_problem(std::string_view path, std::string_view target) {
    if (target.empty()) return "points nowhere";
    if (target.size() > 4095) return "has a target longer than 4095 bytes";
    if (target.find('\0') != std::string_view::npos) return "has a target with a NUL";
    if (target.front() == '/') return "points to the absolute path " + excerpt(target);
    auto climbs = std::count(path.begin(), path.end(), '/');
    bool down = false;
    for (std::size_t begin = 0; begin <= target.size();) {
        const auto end = std::min(target.find('/', begin), target.size());
        const std::string_view name = target.substr(begin, end - begin);
        begin = end + 1;
        if (name.empty() || name == ".") continue;
        if (name != "..") {
            down = true;
            continue;
        }
        if (down) return "points up again after going down, to " + excerpt(target);
        if (--climbs < 0) return "points outside, to " + excerpt(target);
    }
    return std::nullopt;
}

tl::expected<std::vector<FileWrite>, ApplyError> apply_patches(const std::vector<const Patch*>& patches,
                                                               const TreeReader& before, const PatchLimits& limits) {
    Applier applier(before, limits);
    for (const Patch* patch : patches) ASSAY_CHECK(applier.apply(*patch));
    return applier.writes();
}

tl::expected<std::vector<FileWrite>, ApplyError> apply_patch(const Patch& patch, const TreeReader& before,
                                                             const PatchLimits& limits) {
    return apply_patches({&patch}, before, limits);
}

}  // namespace assay::verify
