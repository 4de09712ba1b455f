#include "harness/hurl/date.h"

#include <fmt/format.h>

#include <utility>

#include "harness/hurl/date_format.h"

namespace assay::hurl {
namespace {

using std::chrono::days;
using std::chrono::microseconds;
using std::chrono::sys_days;

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

std::string padded(std::int64_t value, int width, char fill, char pad) {
    if (pad == '-') return std::to_string(value);
    if (pad == '_') fill = ' ';
    if (pad == '0') fill = '0';
    return fill == '0' ? fmt::format("{:0{}}", value, width) : fmt::format("{:>{}}", value, width);
}

std::string fraction_text(int micros, const std::string& modifier) {
    auto digits = fmt::format("{:06}000", micros);
    std::string count = modifier;
    const bool point = count.starts_with('.');
    if (point) count.erase(0, 1);
    if (!count.empty()) return (point ? "." : "") + digits.substr(0, static_cast<std::size_t>(count[0] - '0'));
    if (!point) return digits;
    if (micros == 0) return "";
    return "." + digits.substr(0, micros % 1000 == 0 ? 3 : 6);
}

std::string item_text(const DateItem& item, const Fields& at) {
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

}  // namespace

Date now() { return std::chrono::floor<microseconds>(std::chrono::system_clock::now()); }

std::string date_text(Date date) { return *format_date(date, "%Y-%m-%d %H:%M:%S%.f UTC"); }
std::string iso_text(Date date) {
    return *format_date(date, "%Y-%m-%dT%H:%M:%S.") + fmt::format("{:06}Z", fields_of(date).micros);
}

std::optional<std::string> format_date(Date date, std::string_view format) {
    const auto items = date_items(format);
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

}  // namespace assay::hurl
