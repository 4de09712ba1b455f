#include "base/units.h"

#include <fmt/format.h>

#include <charconv>

namespace assay {

Result<Bytes> parse_bytes(std::string_view text) {
    std::uint64_t number = 0;
    auto [rest, status] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (status != std::errc{}) return fail("parse size", std::string(text), "write for example 512M or 2G");
    std::string_view suffix(rest, static_cast<std::size_t>(text.data() + text.size() - rest));
    unsigned shift = 0;
    if (!suffix.empty() && suffix != "B") {
        switch (suffix.front()) {
            case 'k':
            case 'K': shift = 10; break;
            case 'm':
            case 'M': shift = 20; break;
            case 'g':
            case 'G': shift = 30; break;
            case 't':
            case 'T': shift = 40; break;
            default: shift = 64;
        }
        suffix.remove_prefix(1);
        if (shift == 64 || !(suffix.empty() || suffix == "B" || suffix == "iB"))
            return fail("parse size", std::string(text), "write for example 512M or 2G");
    }
    if (number > (UINT64_MAX >> shift)) return fail("parse size", std::string(text), "the number is too large");
    return Bytes{number << shift};
}

std::string format_bytes(Bytes size) {
    constexpr const char* names[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double value = static_cast<double>(size.count);
    std::size_t unit = 0;
    while (value >= 1024 && unit + 1 < std::size(names)) value /= 1024, ++unit;
    return unit == 0 || value >= 100 ? fmt::format("{:.0f} {}", value, names[unit])
                                     : fmt::format("{:.3g} {}", value, names[unit]);
}

std::string format_duration(Micros span) {
    const auto us = span.count();
    if (us < 1000) return fmt::format("{} us", us);
    if (us < 1'000'000) return fmt::format("{} ms", us / 1000);
    if (us < 60'000'000) return fmt::format("{:.1f} s", static_cast<double>(us) / 1e6);
    return fmt::format("{} min {} s", us / 60'000'000, us % 60'000'000 / 1'000'000);
}

}  // namespace assay
