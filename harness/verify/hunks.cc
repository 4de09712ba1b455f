#include "harness/verify/hunks.h"

#include <algorithm>
#include <optional>

namespace assay::verify {
namespace {

// Lines carry their newline, so that a missing one at the end of a file is a difference like any other.
struct Line {
    std::string_view text;
    bool patched = false;  // came from an earlier hunk: git does not let hunks overlap
};

std::vector<Line> split(std::string_view bytes) {
    std::vector<Line> lines;
    while (!bytes.empty()) {
        const auto newline = bytes.find('\n');
        const auto size = newline == std::string_view::npos ? bytes.size() : newline + 1;
        lines.push_back({bytes.substr(0, size)});
        bytes.remove_prefix(size);
    }
    return lines;
}

// In the patch every line is followed by its newline, so the view can take it in.
std::string_view with_newline(const HunkLine& line) {
    return line.has_newline ? std::string_view(line.text.data(), line.text.size() + 1) : line.text;
}

struct Sides {
    std::vector<std::string_view> old_lines, new_lines;
    std::size_t trailing = 0;  // context lines at the end
};

Sides sides_of(const Hunk& hunk) {
    Sides sides;
    for (const HunkLine& line : hunk.lines) {
        if (line.kind != '+') sides.old_lines.push_back(with_newline(line));
        if (line.kind != '-') sides.new_lines.push_back(with_newline(line));
        sides.trailing = line.kind == ' ' ? sides.trailing + 1 : 0;
    }
    return sides;
}

class Image {
 public:
    Image(std::string_view old, std::uint64_t& work) : lines_(split(old)), work_(work) {}

    // Where the hunk goes; nothing when nowhere, or when the work ran out.
    std::optional<std::size_t> place(const Hunk& hunk, const Sides& sides) {
        const std::size_t count = sides.old_lines.size();
        const bool at_beginning = hunk.old_start <= 1;
        const bool at_end = sides.trailing == 0;
        if (count > lines_.size()) return std::nullopt;
        if (at_beginning || at_end) {
            const std::size_t only = at_beginning ? 0 : lines_.size() - count;
            if (at_beginning && at_end && lines_.size() != count) return std::nullopt;
            return matches(only, sides) ? std::optional(only) : std::nullopt;
        }
        // From the expected line outwards: one after, one before, two after, ...
        const std::size_t last = lines_.size() - count;
        const std::size_t expected = std::min<std::size_t>(hunk.new_start > 0 ? hunk.new_start - 1 : 0, lines_.size());
        for (std::size_t distance = 0; distance <= lines_.size() && work_ > 0; ++distance) {
            if (expected + distance <= last && matches(expected + distance, sides)) return expected + distance;
            if (distance > 0 && distance <= expected && expected - distance <= last &&
                matches(expected - distance, sides))
                return expected - distance;
        }
        return std::nullopt;
    }

    void splice(std::size_t at, const Sides& sides) {
        spend(lines_.size() + sides.new_lines.size());
        std::vector<Line> fresh;
        fresh.reserve(sides.new_lines.size());
        for (std::string_view text : sides.new_lines) fresh.push_back({text, true});
        const auto begin = lines_.begin() + static_cast<std::ptrdiff_t>(at);
        const auto after = lines_.erase(begin, begin + static_cast<std::ptrdiff_t>(sides.old_lines.size()));
        lines_.insert(after, fresh.begin(), fresh.end());
    }

    [[nodiscard]] std::string bytes() const {
        std::size_t size = 0;
        for (const Line& line : lines_) size += line.text.size();
        std::string all;
        all.reserve(size);
        for (const Line& line : lines_) all += line.text;
        return all;
    }

 private:
    void spend(std::uint64_t steps) { work_ -= std::min(work_, steps); }

    bool matches(std::size_t at, const Sides& sides) {
        for (std::size_t i = 0; i < sides.old_lines.size(); ++i) {
            spend(1 + sides.old_lines[i].size() / 64);
            if (lines_[at + i].patched || lines_[at + i].text != sides.old_lines[i]) return false;
        }
        return true;
    }

    std::vector<Line> lines_;
    std::uint64_t& work_;
};

}  // namespace

Result<std::string> apply_hunks(std::string_view old, const std::vector<Hunk>& hunks, std::uint64_t& work) {
    Image image(old, work);
    for (const Hunk& hunk : hunks) {
        const Sides sides = sides_of(hunk);
        const auto at = image.place(hunk, sides);
        if (work == 0)
            return fail("apply patch", std::to_string(hunk.patch_line) + ": placing the hunks takes too long",
                        "give the submission as a directory");
        if (!at)
            return fail("apply patch",
                        std::to_string(hunk.patch_line) + ": the lines that this hunk changes are not in the file",
                        "make the patch against the tree that it is applied to");
        image.splice(*at, sides);
    }
    return image.bytes();
}

}  // namespace assay::verify
