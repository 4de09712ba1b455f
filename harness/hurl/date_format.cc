#include "harness/hurl/date_format.h"

#include <utility>

namespace assay::hurl {
namespace {

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

}  // namespace

std::optional<std::vector<DateItem>> date_items(std::string_view format) {
    std::vector<DateItem> items;
    for (std::size_t at = 0; at < format.size(); ++at) {
        if (format[at] != '%') {
            items.push_back({0, format[at], 0, {}});
            continue;
        }
        DateItem item;
        ++at;
        if (at < format.size() && (format[at] == '-' || format[at] == '_' || format[at] == '0'))
            item.pad = format[at++];
        while (at < format.size() && std::string_view(".:#369").find(format[at]) != std::string_view::npos)
            item.modifier += format[at++];
        if (at >= format.size()) return std::nullopt;
        item.letter = format[at];
        if (const auto spelled = spelled_out(item.letter)) {
            auto more = date_items(*spelled);
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

}  // namespace assay::hurl
