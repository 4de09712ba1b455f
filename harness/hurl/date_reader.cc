// Texts read as dates: by a format, as RFC 3339, as cookies have them.
#include "harness/hurl/date.h"
#include "harness/hurl/date_format.h"

namespace assay::hurl {
namespace {

using std::chrono::days;
using std::chrono::microseconds;
using std::chrono::sys_days;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

// Reads a text by the items of a format.
class Reading {
 public:
    explicit Reading(std::string_view text) : in_(text) {}
    bool read(const std::vector<DateItem>& items) {
        for (const auto& item : items)
            if (!read(item)) return false;
        return at_ == in_.size();
    }
    [[nodiscard]] std::optional<Date> date() const;

 private:
    bool read(const DateItem& item);
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

bool Reading::read(const DateItem& item) {
    switch (item.letter) {
        case 0: return literal(item.literal);
        case 'Y':
        case 'G': return signed_digits(9, item.letter == 'Y' ? year_ : ignored_);
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
            const auto rfc = date_items("%Y-%m-%dT%H:%M:%S%.f");
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

std::optional<Date> parse_date(std::string_view text, std::string_view format) {
    const auto items = date_items(format);
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
