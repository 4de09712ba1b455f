#include "harness/verify/tree.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "base/dir.h"
#include "base/fd.h"

namespace assay::verify {
namespace {

template <std::size_t N>
bool any_of(const std::array<std::string_view, N>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

class Walker {
 public:
    explicit Walker(const TreeLimits& limits) : limits_(limits) {}

    Result<void> walk(int directory, const std::string& prefix, std::uint32_t depth) {
        if (depth > limits_.depth)
            return fail("read source", prefix + ": more than " + std::to_string(limits_.depth) + " nested folders");
        ASSAY_TRY(auto entries, list_directory(directory, limits_.files));
        for (const DirEntry& entry : entries) {
            const bool folder = entry.kind == DirEntry::Kind::directory;
            if (left_out_of_diff(entry.name, folder, depth == 0)) continue;
            const std::string path = prefix + entry.name;
            if (folder) {
                ASSAY_TRY(const Fd below, open_directory(directory, entry.name));
                ASSAY_CHECK(walk(below.get(), path + "/", depth + 1));
            } else if (entry.kind == DirEntry::Kind::regular) {
                ASSAY_CHECK(add(directory, entry, path));
            }
        }
        return {};
    }

    AddedSource take() {
        // git orders by whole path: "a.py" before "a/b.py", though the folder "a" is listed before "a.py".
        std::sort(source_.files.begin(), source_.files.end(),
                  [](const AddedFile& a, const AddedFile& b) { return a.path < b.path; });
        return std::move(source_);
    }

 private:
    Result<void> add(int directory, const DirEntry& entry, const std::string& path) {
        if (source_.files.size() >= limits_.files)
            return fail("read source", "more than " + std::to_string(limits_.files) + " files");
        if (entry.size > limits_.bytes.count - read_)
            return fail("read source", path + ": more than " + format_bytes(limits_.bytes) + " of text");
        Fd file(::openat(directory, entry.name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
        if (!file) return fail_errno(errno, "read source", path);
        auto bytes = read_all(file.get(), limits_.bytes.count - read_ + 1);
        if (!bytes) {
            bytes.error().detail = path;
            return tl::unexpected(std::move(bytes.error()));
        }
        if (bytes->size() > limits_.bytes.count - read_)
            return fail("read source", path + ": more than " + format_bytes(limits_.bytes) + " of text");
        AddedFile added;
        added.path = path;
        if (bytes->find('\0') >= std::min<std::size_t>(bytes->size(), 8000)) {
            read_ += bytes->size();
            auto text = std::make_shared<const std::string>(std::move(*bytes));
            added.lines = lines_of(*text);
            source_.backing.push_back(std::move(text));
        }
        source_.files.push_back(std::move(added));
        return {};
    }

    const TreeLimits& limits_;
    AddedSource source_;
    std::uint64_t read_ = 0;
};

}  // namespace

bool left_out_of_diff(std::string_view name, bool folder, bool top) {
    static constexpr std::array<std::string_view, 3> anywhere{".git", "node_modules", "__pycache__"};
    static constexpr std::array<std::string_view, 5> at_top{".venv", "venv", ".mypy_cache", "dist", "build"};
    static constexpr std::array<std::string_view, 5> suffixes{".pyc", ".so", ".db", ".sqlite", ".sqlite3"};
    if (folder && any_of(anywhere, name)) return true;
    if (top && (any_of(at_top, name) || name.ends_with(".egg-info"))) return true;
    if (top && !folder && name == "task.json") return true;
    return !folder && std::any_of(suffixes.begin(), suffixes.end(),
                                  [&](std::string_view suffix) { return name.ends_with(suffix); });
}

std::vector<AddedLine> lines_of(std::string_view text) {
    std::vector<AddedLine> lines;
    for (std::uint32_t number = 1; !text.empty(); ++number) {
        const auto end = std::min(text.find('\n'), text.size());
        lines.push_back({number, text.substr(0, end)});
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

Result<AddedSource> added_lines_of_tree(int directory, const TreeLimits& limits) {
    Walker walker(limits);
    ASSAY_CHECK(walker.walk(directory, "", 0));
    return walker.take();
}

}  // namespace assay::verify
