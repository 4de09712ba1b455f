#include "harness/hurl/date.h"

#include <fmt/format.h>

#include <array>
#include <vector>

namespace assay::hurl {
namespace {

using std::chrono::days;
using std::chrono::microseconds;
using std::chrono::sys_days;

constexpr std::array<std::string_view, 12> kMonths = {"January",   "February", "March",    "April",
                                                      "May",       "June",     "July",     "August",
                                                      "September", "October",  "November", "December"};
constexpr std::array<std::string_view, 7> kDays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                   "Thursday", "Friday", "Saturday"};

struct Fields {
    std::chrono::year_month_day date;
    unsigned weekday = 0;  // 0 is Sunday
    int day_of_year = 0;   // from 1
    int hour = 0, minute = 0, second = 0, micros = 0;
    std::int64_t timestamp = 0;
};

Fields fields_of(Date date) {
    const auto day = std::chrono::floor<days>(date);
    Fields fields;
    fields.date = std::chrono::year_month_day(day);
    fields.weekday = std::chrono::weekday(day).c_encoding();
    fields.day_of_year = static_cast<int>((day - sys_days(fields.date.year() / 1 / 1)).count()) + 1;
    const std::chrono::hh_mm_ss time(date - day);
    fields.hour = static_cast<int>(time.hours().count());
    fields.minute = static_cast<int>(time.minutes().count());
    fields.second = static_cast<int>(time.seconds().count());
    fields.micros = static_cast<int>(time.subseconds().count());
    fields.timestamp = std::chrono::floor<std::chrono::seconds>(date.time_since_epoch()).count();
    return fields;
}

// The week of ISO 8601 and the year that it belongs to.
std::pair<int, int> iso_week(const Fields& fields) {
    const int weekday = fields.weekday == 0 ? 7 : static_cast<int>(fields.weekday);
    int year = static_cast<int>(fields.date.year());
    int week = (fields.day_of_year - weekday + 10) / 7;
    const auto weeks_in = [](int of) {
        const auto p = [](int y) { return (y + y / 4 - y / 100 + y / 400) % 7; };
        return p(of) == 4 || p(of - 1) == 3 ? 53 : 52;
    };
    if (week < 1) return {year - 1, weeks_in(year - 1)};
    if (week > weeks_in(year)) return {year + 1, 1};
    return {year, week};
}

// What a letter that stands for others stands for.
std::optional<std::string_view> spelled_out(char letter) {
    switch (letter) {
        case 'D':
        case 'x': return "%m/%d/%y";
        case 'F': return "%Y-%m-%d";
        case 'v': return "%e-%b-%Y";
        case 'R': return "%H:%M";
        case 'T':
        case 'X': return "%H:%M:%S";
        case 'r': return "%I:%M:%S %p";
        case 'c': return "%a %b %e %H:%M:%S %Y";
        default: return std::nullopt;
    }
}

// A format taken apart: literal characters and letters with what stands between them and the percent sign.
struct Item {
    char letter = 0;  // 0: a literal character
    char literal = 0;
    char pad = 0;          // '-', '_' or '0'
    std::string modifier;  // ".", ".3", "3", ":", "::", ...
};
std::optional<std::vector<Item>> items_of(std::string_view format) {
    std::vector<Item> items;
    for (std::size_t at = 0; at < format.size(); ++at) {
        if (format[at] != '%') {
            items.push_back({0, format[at], 0, {}});
            continue;
        }
        Item item;
        ++at;
        if (at < format.size() && (format[at] == '-' || format[at] == '_' || format[at] == '0'))
            item.pad = format[at++];
        while (at < format.size() && std::string_view(".:#369").find(format[at]) != std::string_view::npos)
            item.modifier += format[at++];
        if (at >= format.size()) return std::nullopt;
        item.letter = format[at];
        if (const auto spelled = spelled_out(item.letter)) {
            auto more = items_of(*spelled);
            items.insert(items.end(), more->begin(), more->end());
        } else if (std::string_view("YCymbBhdeaAwuUWGgVjqHkIlPpMSfZz+stn%").find(item.letter) ==
                   std::string_view::npos) {
            return std::nullopt;
        } else if (!item.modifier.empty() && item.letter != 'f' && item.letter != 'z') {
            return std::nullopt;
        } else {
            items.push_back(std::move(item));
        }
    }
    return items;
}

std::string padded(std::int64_t value, int width, char fill, char pad) {
    if (pad == '-') return std::to_string(value);
    if (pad == '_') fill = ' ';
    if (pad == '0') fill = '0';
    return fill == '0' ? fmt::format("{:0{}}", value, width) : fmt::format("{:>{}}", value, width);
}

std::string fraction_text(int micros, const std::string& modifier) {
    const auto digits = fmt::format("{:06}000", micros);
    std::string count = modifier;
    const bool point = count.starts_with('.');
    if (point) count.erase(0, 1);
    if (!count.empty()) return (point ? "." : "") + digits.substr(0, static_cast<std::size_t>(count[0] - '0'));
    if (!point) return digits;
    if (micros == 0) return "";
    return "." + digits.substr(0, micros % 1000 == 0 ? 3 : 6);
}

std::string item_text(const Item& item, const Fields& at) {
    const int year = static_cast<int>(at.date.year());
    const auto two = [&](std::int64_t value, char fill = '0') { return padded(value, 2, fill, item.pad); };
    const int hour12 = at.hour % 12 == 0 ? 12 : at.hour % 12;
    switch (item.letter) {
        case 'Y': return padded(year, 4, '0', item.pad);
        case 'C': return two(year / 100);
        case 'y': return two(year % 100);
        case 'q': return std::to_string((static_cast<unsigned>(at.date.month()) + 2) / 3);
        case 'm': return two(static_cast<unsigned>(at.date.month()));
        case 'b':
        case 'h': return std::string(kMonths[static_cast<unsigned>(at.date.month()) - 1].substr(0, 3));
        case 'B': return std::string(kMonths[static_cast<unsigned>(at.date.month()) - 1]);
        case 'd': return two(static_cast<unsigned>(at.date.day()));
        case 'e': return two(static_cast<unsigned>(at.date.day()), ' ');
        case 'a': return std::string(kDays[at.weekday].substr(0, 3));
        case 'A': return std::string(kDays[at.weekday]);
        case 'w': return std::to_string(at.weekday);
        case 'u': return std::to_string(at.weekday == 0 ? 7 : at.weekday);
        case 'U': return two((at.day_of_year + 6 - static_cast<int>(at.weekday)) / 7);
        case 'W': return two((at.day_of_year + 6 - static_cast<int>((at.weekday + 6) % 7)) / 7);
        case 'G': return padded(iso_week(at).first, 4, '0', item.pad);
        case 'g': return two(iso_week(at).first % 100);
        case 'V': return two(iso_week(at).second);
        case 'j': return padded(at.day_of_year, 3, '0', item.pad);
        case 'H': return two(at.hour);
        case 'k': return two(at.hour, ' ');
        case 'I': return two(hour12);
        case 'l': return two(hour12, ' ');
        case 'P': return at.hour < 12 ? "am" : "pm";
        case 'p': return at.hour < 12 ? "AM" : "PM";
        case 'M': return two(at.minute);
        case 'S': return two(at.second);
        case 'f': return fraction_text(at.micros, item.modifier);
        case 'Z': return "UTC";
        case 'z':
            return item.modifier == ":"     ? "+00:00"
                   : item.modifier == "::"  ? "+00:00:00"
                   : item.modifier == ":::" ? "+00"
                                            : "+0000";
        case '+':
            return fmt::format("{}-{:02}-{:02}T{:02}:{:02}:{:02}{}+00:00", padded(year, 4, '0', 0),
                               static_cast<unsigned>(at.date.month()), static_cast<unsigned>(at.date.day()), at.hour,
                               at.minute, at.second, fraction_text(at.micros, "."));
        case 's': return std::to_string(at.timestamp);
        case 't': return "\t";
        case 'n': return "\n";
        default: return "%";
    }
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

// Reads a text by the items of a format.
class Reading {
 public:
    explicit Reading(std::string_view text) : in_(text) {}
    bool read(const std::vector<Item>& items) {
        for (const auto& item : items)
            if (!read(item)) return false;
        return at_ == in_.size();
    }
    [[nodiscard]] std::optional<Date> date() const;

 private:
    bool read(const Item& item);
    void blanks() {
        while (at_ < in_.size() && is_blank(in_[at_])) ++at_;
    }
    bool digits(std::size_t most, std::optional<std::int64_t>& into, std::size_t least = 1) {
        blanks();
        std::int64_t value = 0;
        std::size_t count = 0;
        for (; count < most && at_ < in_.size() && is_digit(in_[at_]); ++count) value = value * 10 + (in_[at_++] - '0');
        if (count < least || (into && *into != value)) return false;
        into = value;
        return true;
    }
    bool signed_digits(std::size_t most, std::optional<std::int64_t>& into) {
        blanks();
        const bool minus = at_ < in_.size() && in_[at_] == '-';
        if (at_ < in_.size() && (in_[at_] == '-' || in_[at_] == '+')) ++at_;
        std::optional<std::int64_t> value;
        if (!digits(most, value)) return false;
        into = minus ? -*value : *value;
        return true;
    }
    template <std::size_t N>
    bool name(const std::array<std::string_view, N>& names, bool may_be_long, std::optional<std::int64_t>& into,
              int from) {
        const auto starts = [&](std::string_view word) {
            if (in_.size() - at_ < word.size()) return false;
            for (std::size_t i = 0; i < word.size(); ++i)
                if (lower(in_[at_ + i]) != lower(word[i])) return false;
            return true;
        };
        for (std::size_t i = 0; i < N; ++i) {
            if (!starts(names[i].substr(0, 3))) continue;
            at_ += may_be_long && starts(names[i]) ? names[i].size() : 3;
            into = static_cast<std::int64_t>(i) + from;
            return true;
        }
        return false;
    }
    bool literal(char c) {
        if (is_blank(c)) {
            blanks();
            return true;
        }
        if (at_ >= in_.size() || in_[at_] != c) return false;
        ++at_;
        return true;
    }
    bool offset(bool zulu, bool minutes_optional);
    bool fraction(const std::string& modifier);

    using Number = std::optional<std::int64_t>;
    std::string_view in_;
    std::size_t at_ = 0;
    Number year_, century_, year_mod_, month_, day_, weekday_, day_of_year_, hour_, hour12_, pm_, minute_, second_,
        nanos_, offset_, timestamp_, ignored_;
};

bool Reading::offset(bool zulu, bool minutes_optional) {
    blanks();
    if (zulu && at_ < in_.size() && (in_[at_] == 'Z' || in_[at_] == 'z')) {
        ++at_;
        offset_ = 0;
        return true;
    }
    if (at_ >= in_.size() || (in_[at_] != '+' && in_[at_] != '-')) return false;
    const bool minus = in_[at_++] == '-';
    Number hours, minutes;
    if (at_ < in_.size() && is_blank(in_[at_])) return false;
    if (!digits(2, hours, 2)) return false;
    const auto here = at_;
    while (at_ < in_.size() && (in_[at_] == ':' || is_blank(in_[at_]))) ++at_;
    if (!digits(2, minutes, 2)) {
        if (!minutes_optional) return false;
        at_ = here;
        minutes = 0;
    }
    if (*minutes > 59) return false;
    offset_ = (*hours * 3600 + *minutes * 60) * (minus ? -1 : 1);
    return true;
}

bool Reading::fraction(const std::string& modifier) {
    std::string count = modifier;
    if (count.starts_with('.')) {
        count.erase(0, 1);
        if (at_ >= in_.size() || in_[at_] != '.') return count.empty();  // "%.f" may find nothing
        ++at_;
    }
    const std::size_t fixed = count.empty() ? 0 : static_cast<std::size_t>(count[0] - '0');
    std::string found;
    while (at_ < in_.size() && is_digit(in_[at_]) && (fixed == 0 || found.size() < fixed)) found += in_[at_++];
    if (found.empty() || (fixed != 0 && found.size() != fixed)) return false;
    // "%f" alone counts nanoseconds, all others are a fraction.
    if (modifier.empty()) found.insert(0, found.size() < 9 ? 9 - found.size() : 0, '0');
    found.resize(9, '0');
    nanos_ = std::stoll(found);
    return true;
}

bool Reading::read(const Item& item) {
    switch (item.letter) {
        case 0: return literal(item.literal);
        case 'Y':
        case 'G': return signed_digits(item.letter == 'Y' ? 9 : 9, item.letter == 'Y' ? year_ : ignored_);
        case 'C': return digits(2, century_);
        case 'y': return digits(2, year_mod_);
        case 'm': return digits(2, month_);
        case 'b':
        case 'h': return name(kMonths, false, month_, 1);
        case 'B': return name(kMonths, true, month_, 1);
        case 'd':
        case 'e': return digits(2, day_);
        case 'a': return name(kDays, false, weekday_, 0);
        case 'A': return name(kDays, true, weekday_, 0);
        case 'w': return digits(1, weekday_);
        case 'u': {
            if (!digits(1, weekday_)) return false;
            weekday_ = *weekday_ % 7;
            return true;
        }
        case 'U':
        case 'W':
        case 'V':
        case 'g':
        case 'q': ignored_.reset(); return digits(2, ignored_);
        case 'j': return digits(3, day_of_year_);
        case 'H':
        case 'k': return digits(2, hour_);
        case 'I':
        case 'l': return digits(2, hour12_);
        case 'p':
        case 'P': {
            constexpr std::array<std::string_view, 2> kHalves = {"am", "pm"};
            for (std::size_t half = 0; half < 2; ++half)
                if (in_.size() - at_ >= 2 && lower(in_[at_]) == kHalves[half][0] && lower(in_[at_ + 1]) == 'm') {
                    at_ += 2;
                    pm_ = static_cast<std::int64_t>(half);
                    return true;
                }
            return false;
        }
        case 'M': return digits(2, minute_);
        case 'S': return digits(2, second_);
        case 'f': return fraction(item.modifier);
        case 'z': return offset(item.modifier == "#", item.modifier == "#");
        case 'Z': {
            while (at_ < in_.size() && !is_blank(in_[at_])) ++at_;
            return true;
        }
        case '+': {
            const auto rfc = items_of("%Y-%m-%dT%H:%M:%S%.f");
            for (const auto& each : *rfc)
                if (!read(each)) return false;
            return offset(true, false);
        }
        case 's': return signed_digits(18, timestamp_);
        case 't':
        case 'n': blanks(); return true;
        default: return literal('%');
    }
}

std::optional<Date> Reading::date() const {
    const auto micros = microseconds(nanos_.value_or(0) / 1000);
    if (timestamp_) {
        if (*timestamp_ > 100'000'000'000 || *timestamp_ < -100'000'000'000) return std::nullopt;
        return Date(std::chrono::seconds(*timestamp_)) + micros;
    }
    auto year = year_;
    if (!year && year_mod_)
        year = century_ ? *century_ * 100 + *year_mod_ : *year_mod_ + (*year_mod_ < 70 ? 2000 : 1900);
    if (!year || *year > 32767 || *year < -32767) return std::nullopt;
    const std::chrono::year y(static_cast<int>(*year));
    sys_days day;
    if (month_ && day_) {
        const std::chrono::year_month_day date(y, std::chrono::month(static_cast<unsigned>(*month_)),
                                               std::chrono::day(static_cast<unsigned>(*day_)));
        if (!date.ok()) return std::nullopt;
        day = sys_days(date);
    } else if (day_of_year_) {
        if (*day_of_year_ < 1 || *day_of_year_ > (y.is_leap() ? 366 : 365)) return std::nullopt;
        day = sys_days(y / 1 / 1) + days(*day_of_year_ - 1);
    } else {
        return std::nullopt;
    }
    if (weekday_ && std::chrono::weekday(day).c_encoding() != static_cast<unsigned>(*weekday_)) return std::nullopt;
    auto hour = hour_;
    if (!hour && hour12_ && pm_) {
        if (*hour12_ < 1 || *hour12_ > 12) return std::nullopt;
        hour = *hour12_ % 12 + *pm_ * 12;
    }
    if (!hour && !minute_ && !second_ && !hour12_) {
        // A date alone. With an offset it is no point in time, and without one it is a day.
        return offset_ ? std::nullopt : std::optional<Date>(day);
    }
    if (!hour || !minute_ || *hour > 23 || *minute_ > 59 || second_.value_or(0) > 60) return std::nullopt;
    return Date(day) + std::chrono::hours(*hour) + std::chrono::minutes(*minute_) +
           std::chrono::seconds(second_.value_or(0)) + micros - std::chrono::seconds(offset_.value_or(0));
}

}  // namespace

Date now() { return std::chrono::floor<microseconds>(std::chrono::system_clock::now()); }

std::string date_text(Date date) { return *format_date(date, "%Y-%m-%d %H:%M:%S%.f UTC"); }
std::string iso_text(Date date) {
    return *format_date(date, "%Y-%m-%dT%H:%M:%S.") + fmt::format("{:06}Z", fields_of(date).micros);
}

std::optional<std::string> format_date(Date date, std::string_view format) {
    const auto items = items_of(format);
    if (!items) return std::nullopt;
    const Fields fields = fields_of(date);
    std::string text;
    for (const auto& item : *items) {
        if (item.letter == 0)
            text += item.literal;
        else
            text += item_text(item, fields);
    }
    return text;
}

std::optional<Date> parse_date(std::string_view text, std::string_view format) {
    const auto items = items_of(format);
    if (!items) return std::nullopt;
    Reading reading(text);
    return reading.read(*items) ? reading.date() : std::nullopt;
}

bool is_rfc3339(std::string_view text) {
    // 2026-11-26T18:00:00[.fff](Z|+hh:mm); a blank may stand for the T.
    if (text.size() < 20) return false;
    for (const std::size_t at : {0u, 1u, 2u, 3u, 5u, 6u, 8u, 9u, 11u, 12u, 14u, 15u, 17u, 18u})
        if (!is_digit(text[at])) return false;
    if (text[10] != 'T' && text[10] != 't' && text[10] != ' ') return false;
    std::string plain(text);
    plain[10] = 'T';
    const auto zone = text.find_last_of("+-");
    const bool colon =
        zone == std::string_view::npos || zone < 19 || (text.size() == zone + 6 && text[zone + 3] == ':');
    return colon && parse_date(plain, "%Y-%m-%dT%H:%M:%S%.f%#z").has_value();
}

std::optional<Date> parse_cookie_expires(std::string_view text) {
    constexpr std::string_view kGmt = " GMT";
    if (text.ends_with(kGmt)) {
        const std::string utc = std::string(text.substr(0, text.size() - kGmt.size())) + " +0000";
        if (auto date = parse_date(utc, "%a, %d %b %Y %H:%M:%S %z")) return date;
        return parse_date(utc, "%a, %d-%b-%Y %H:%M:%S %z");
    }
    return parse_date(text, "%a, %d %b %Y %H:%M:%S %z");
}

}  // namespace assay::hurl
