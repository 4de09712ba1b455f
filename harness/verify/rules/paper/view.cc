#include "harness/verify/rules/paper/view.h"

#include <algorithm>
#include <charconv>
#include <unordered_map>

namespace assay::verify::paper {
namespace {

// Bytes of the line break at `pos` that str.splitlines knows, besides '\n' and '\r'; 0 = none there.
std::size_t break_at(std::string_view text, std::size_t pos) {
    const char c = text[pos];
    if (c == '\v' || c == '\f' || c == '\x1c' || c == '\x1d' || c == '\x1e') return 1;
    if (c == '\xC2' && text.substr(pos, 2) == "\xC2\x85") return 2;
    if (c == '\xE2' && (text.substr(pos, 3) == "\xE2\x80\xA8" || text.substr(pos, 3) == "\xE2\x80\xA9")) return 3;
    return 0;
}

// Calls `take` with each piece between those breaks. A text that ends in a break has no empty piece after it.
template <typename Take>
void split_breaks(std::string_view text, Take take) {
    std::size_t begin = 0;
    for (std::size_t pos = 0; pos < text.size();) {
        const std::size_t width = break_at(text, pos);
        if (width == 0) {
            ++pos;
            continue;
        }
        take(text.substr(begin, pos - begin));
        pos += width;
        begin = pos;
    }
    if (begin < text.size() || text.empty()) take(text.substr(begin));
}

// The name in "diff --git a/NAME b/", at least one character, up to the first " b/"; empty when there is none.
std::string_view header_name(std::string_view line) {
    constexpr std::string_view kHeader = "diff --git a/";
    if (!line.starts_with(kHeader)) return {};
    const auto end = line.find(" b/", kHeader.size() + 1);
    return end == std::string_view::npos ? std::string_view{} : line.substr(kHeader.size(), end - kHeader.size());
}

// Collects files; the text of a name that comes again replaces the one before.
class Collector {
 public:
    explicit Collector(View& view) : view_(view) {}

    void begin(std::string_view path) {
        auto [place, fresh] = index_.try_emplace(std::string(path), view_.files.size());
        if (fresh) view_.files.emplace_back();
        current_ = place->second;
        Text& file = view_.files[current_];
        file = Text{};
        file.paths.emplace_back(path);
        open_ = true;
    }

    // One line as splitlines gives it, still with its first character.
    void take(std::string_view raw, std::uint32_t number) {
        if (!open_ || raw.empty() || raw.front() != '+' || raw.starts_with("+++")) return;
        view_.files[current_].add_line(raw.substr(1), number, 0);
    }

 private:
    View& view_;
    std::unordered_map<std::string, std::size_t> index_;
    std::size_t current_ = 0;
    bool open_ = false;
};

// Where a line of the patch stands in the new file: follows the hunk headers.
class Numbering {
 public:
    // Call once per '\n'-line; the line's number in the new file, 0 outside a hunk.
    std::uint32_t next(std::string_view line) {
        if (old_left_ == 0 && new_left_ == 0) {
            if (line.starts_with("@@ -")) begin(line);
            return 0;
        }
        const char kind = line.empty() ? ' ' : line.front();
        if (kind == '\\') return 0;
        if (kind != '+' && old_left_ > 0) --old_left_;
        if (kind == '-') return 0;
        if (new_left_ > 0) --new_left_;
        return number_++;
    }

 private:
    static std::uint32_t count(std::string_view& rest) {
        std::uint32_t value = 0;
        auto [end, status] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
        if (status != std::errc{}) return 0;
        rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
        return value;
    }
    static void range(std::string_view& rest, std::uint32_t& start, std::uint32_t& length) {
        start = count(rest);
        length = 1;
        if (!rest.starts_with(',')) return;
        rest.remove_prefix(1);
        length = count(rest);
    }
    void begin(std::string_view line) {
        line.remove_prefix(4);
        std::uint32_t old_start = 0;
        range(line, old_start, old_left_);
        if (!line.starts_with(" +")) {
            old_left_ = 0;
            return;
        }
        line.remove_prefix(2);
        range(line, number_, new_left_);
    }

    std::uint32_t old_left_ = 0;
    std::uint32_t new_left_ = 0;
    std::uint32_t number_ = 0;
};

// Calls `take` with each line; a break at the end makes no empty line after it.
template <typename Take>
void for_each_line(std::string_view text, char separator, Take take) {
    while (!text.empty()) {
        const auto end = std::min(text.find(separator), text.size());
        take(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

}  // namespace

void Text::add_line(std::string_view line, std::uint32_t number, std::uint32_t file) {
    if (!lines.empty()) text.push_back('\n');
    lines.push_back({text.size(), number, file});
    text.append(line);
}

void Text::add_all(const Text& other) {
    const auto file = static_cast<std::uint32_t>(paths.size());
    paths.push_back(other.paths.at(0));
    if (other.lines.empty()) {  // joined as an empty text: one line break more, no line of its own
        add_line({}, 0, file);
        return;
    }
    for (const Line& line : other.lines) add_line(other.line_text(line), line.number, file);
}

const Text::Line* Text::line_at(std::size_t offset) const {
    auto after = std::upper_bound(lines.begin(), lines.end(), offset,
                                  [](std::size_t wanted, const Line& line) { return wanted < line.offset; });
    return after == lines.begin() ? nullptr : &*std::prev(after);
}

std::string_view Text::line_text(const Line& line) const {
    const auto next = static_cast<std::size_t>(&line - lines.data()) + 1;
    const std::size_t end = next < lines.size() ? lines[next].offset - 1 : text.size();
    return std::string_view(text).substr(line.offset, end - line.offset);
}

View view_of_patch(std::string_view patch) {
    View view;
    Collector collector(view);
    Numbering numbering;
    for_each_line(patch, '\n', [&](std::string_view line) {
        if (line.ends_with('\r')) line.remove_suffix(1);
        const std::uint32_t number = numbering.next(line);
        for_each_line(line, '\r', [&](std::string_view part) {
            if (auto name = header_name(part); !name.empty()) view.listed.emplace_back(name);
            split_breaks(part, [&](std::string_view raw) {
                if (auto name = header_name(raw); !name.empty())
                    collector.begin(name);
                else
                    collector.take(raw, number);
            });
        });
    });
    return view;
}

View view_of_tree(const AddedSource& tree) {
    View view;
    Collector collector(view);
    std::string raw;
    for (const AddedFile& file : tree.files) {
        view.listed.push_back(file.path);
        collector.begin(file.path);
        for (const AddedLine& line : file.lines) {
            raw.assign("+").append(line.text);
            if (raw.ends_with('\r')) raw.pop_back();
            for_each_line(raw, '\r', [&](std::string_view part) {
                split_breaks(part, [&](std::string_view piece) { collector.take(piece, line.number); });
            });
        }
    }
    return view;
}

Text without_lock_files(const View& view) {
    Text all;
    for (const Text& file : view.files) {
        const std::string& path = file.paths.at(0);
        const std::string_view name = std::string_view(path).substr(path.rfind('/') + 1);
        if (name == "package-lock.json" || name == "yarn.lock" || name == "pnpm-lock.yaml") continue;
        all.add_all(file);
    }
    return all;
}

std::vector<std::string> directories_of(std::string_view path) {
    std::vector<std::string> names;
    for (auto slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/')) {
        std::string name(path.substr(0, slash));
        path.remove_prefix(slash + 1);
        if (name.empty() || name == ".") continue;
        for (char& c : name)
            if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        names.push_back(std::move(name));
    }
    return names;
}

}  // namespace assay::verify::paper
