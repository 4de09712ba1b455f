// The formats of dates: what date.cc writes by and date_reader.cc reads by. Internal to this room.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace assay::hurl {

inline constexpr std::array<std::string_view, 12> kMonths = {"January",   "February", "March",    "April",
                                                             "May",       "June",     "July",     "August",
                                                             "September", "October",  "November", "December"};
inline constexpr std::array<std::string_view, 7> kDays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                          "Thursday", "Friday", "Saturday"};

// A format taken apart: literal characters and letters with what stands between them and the percent sign.
struct DateItem {
    char letter = 0;  // 0: a literal character
    char literal = 0;
    char pad = 0;          // '-', '_' or '0'
    std::string modifier;  // ".", ".3", "3", ":", "::", ...
};

// Empty when the format has a letter that is not known.
std::optional<std::vector<DateItem>> date_items(std::string_view format);

}  // namespace assay::hurl
