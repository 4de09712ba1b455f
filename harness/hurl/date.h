// Dates of Hurl: formats in the letters of Rust's chrono crate, RFC 3339, and cookie dates. All in UTC.
//
// Source: https://docs.rs/chrono/0.4/chrono/format/strftime/. Names are English. Fractions are kept to the microsecond.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace assay::hurl {

using Date = std::chrono::sys_time<std::chrono::microseconds>;

Date now();
// "2026-11-26 18:00:00.250 UTC", as messages show it.
std::string date_text(Date date);
// "2026-11-26T18:00:00.250000Z", as templates put it in.
std::string iso_text(Date date);

// Empty when the format has a letter that is not known.
std::optional<std::string> format_date(Date date, std::string_view format);
// Empty when `text` is not of the format, or is no date. Without a time it is midnight, without an offset UTC.
std::optional<Date> parse_date(std::string_view text, std::string_view format);
bool is_rfc3339(std::string_view text);
// The Expires attribute of a cookie: RFC 2822, or the older form with dashes.
std::optional<Date> parse_cookie_expires(std::string_view text);

}  // namespace assay::hurl
