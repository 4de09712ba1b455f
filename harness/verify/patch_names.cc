#include "harness/verify/patch_names.h"

#include <array>
#include <cstdint>

namespace assay::verify {
namespace {

bool octal(char c) { return c >= '0' && c <= '7'; }

std::optional<std::string> read_quoted(std::string_view text, std::size_t* used) {
    std::string name;
    for (std::size_t pos = 1; pos < text.size(); ++pos) {
        const char c = text[pos];
        if (c == '"') {
            if (used != nullptr) *used = pos + 1;
            return name;
        }
        if (c != '\\') {
            name.push_back(c);
            continue;
        }
        if (++pos >= text.size()) return std::nullopt;
        constexpr std::string_view kLetters = "abtnvfr\"\\";
        constexpr std::string_view kMeanings = "\a\b\t\n\v\f\r\"\\";
        if (const auto at = kLetters.find(text[pos]); at != std::string_view::npos) {
            name.push_back(kMeanings[at]);
            continue;
        }
        if (pos + 2 >= text.size() || text[pos] > '3' || !octal(text[pos]) || !octal(text[pos + 1]) ||
            !octal(text[pos + 2]))
            return std::nullopt;
        name.push_back(static_cast<char>((text[pos] - '0') * 64 + (text[pos + 1] - '0') * 8 + (text[pos + 2] - '0')));
        pos += 2;
    }
    return std::nullopt;
}

// The value of `count` digits at `pos`, -1 when they are not digits.
int digits(std::string_view text, std::size_t pos, std::size_t count) {
    if (pos + count > text.size()) return -1;
    int value = 0;
    for (char c : text.substr(pos, count)) {
        if (c < '0' || c > '9') return -1;
        value = value * 10 + (c - '0');
    }
    return value;
}

// "1970-01-01 01:00:00.000000000 +0100": the epoch in any time zone.
bool is_epoch(std::string_view stamp) {
    int minutes = 0;
    if (stamp.starts_with("1969-12-31 "))
        minutes = -24 * 60;
    else if (!stamp.starts_with("1970-01-01 "))
        return false;
    const int hour = digits(stamp, 11, 2);
    const int minute = digits(stamp, 14, 2);
    if (hour < 0 || minute < 0 || stamp.substr(16, 3) != ":00") return false;
    std::size_t pos = 19;
    if (pos < stamp.size() && stamp[pos] == '.')
        for (++pos; pos < stamp.size() && stamp[pos] >= '0' && stamp[pos] <= '9'; ++pos)
            if (stamp[pos] != '0') return false;
    while (pos < stamp.size() && stamp[pos] == ' ') ++pos;
    if (pos >= stamp.size() || (stamp[pos] != '+' && stamp[pos] != '-')) return false;
    const int sign = stamp[pos] == '+' ? 1 : -1;
    const int zone_hours = digits(stamp, pos + 1, 2);
    const int zone_minutes = digits(stamp, pos + (stamp.substr(pos + 3, 1) == ":" ? 4 : 3), 2);
    if (zone_hours < 0 || zone_minutes < 0) return false;
    return minutes + hour * 60 + minute == sign * (zone_hours * 60 + zone_minutes);
}

}  // namespace

std::optional<std::string> read_name(std::string_view text, std::size_t* used) {
    if (text.starts_with('"')) return read_quoted(text, used);
    const auto end = text.find('\t');
    const std::string_view name = text.substr(0, end);
    if (used != nullptr) *used = name.size();
    return std::string(name);
}

std::optional<std::string> strip_component(std::string_view name) {
    auto slash = name.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    name.remove_prefix(slash + 1);
    while (name.starts_with('/')) name.remove_prefix(1);
    if (name.empty()) return std::nullopt;
    return std::string(name);
}

std::optional<std::string> common_name(std::string_view text) {
    auto agree = [](std::string_view left, std::string_view right) -> std::optional<std::string> {
        auto a = strip_component(left);
        auto b = strip_component(right);
        if (a && b && *a == *b) return a;
        return std::nullopt;
    };
    if (text.starts_with('"')) {
        std::size_t used = 0;
        const auto left = read_name(text, &used);
        if (!left || used >= text.size() || text[used] != ' ') return std::nullopt;
        const auto right = read_name(text.substr(used + 1));
        return right ? agree(*left, *right) : std::nullopt;
    }
    if (text.ends_with('"')) {
        const auto quote = text.find(" \"");
        if (quote == std::string_view::npos) return std::nullopt;
        const auto right = read_name(text.substr(quote + 1));
        return right ? agree(text.substr(0, quote), *right) : std::nullopt;
    }
    // Both names end in the same text, so the middle is where the first one, with its prefix, ends.
    for (auto space = text.find_first_of(" \t"); space != std::string_view::npos;
         space = text.find_first_of(" \t", space + 1)) {
        const auto left_size = space;
        const auto right_size = text.size() - space - 1;
        const auto slack = left_size > right_size ? left_size - right_size : right_size - left_size;
        if (slack > 64) continue;  // prefixes differ by little: keeps a line of spaces linear
        if (auto name = agree(text.substr(0, space), text.substr(space + 1))) return name;
    }
    return std::nullopt;
}

std::optional<PlainName> read_plain_name(std::string_view text) {
    std::size_t used = 0;
    const auto name = read_name(text, &used);
    if (!name || name->empty()) return std::nullopt;
    const std::string_view stamp = used < text.size() ? text.substr(used + 1) : std::string_view{};
    return PlainName{*name, *name == "/dev/null" || is_epoch(stamp)};
}

}  // namespace assay::verify
