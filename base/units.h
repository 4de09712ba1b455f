// Units in types: a size or a duration never travels as a bare integer.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace assay {

struct Bytes {
    std::uint64_t count = 0;
    auto operator<=>(const Bytes&) const = default;  // NOLINT(modernize-use-nullptr): < asks for 0, not a pointer
};

constexpr Bytes operator""_KiB(unsigned long long n) { return {n << 10}; }
constexpr Bytes operator""_MiB(unsigned long long n) { return {n << 20}; }
constexpr Bytes operator""_GiB(unsigned long long n) { return {n << 30}; }

using Clock = std::chrono::steady_clock;
using Instant = Clock::time_point;
using Millis = std::chrono::milliseconds;
using Micros = std::chrono::microseconds;

// "512M", "2G", "1048576", "64KiB": binary multiples in every spelling. "0" is 0.
Result<Bytes> parse_bytes(std::string_view text);
// "512 MiB", "1.5 GiB", "17 B".
std::string format_bytes(Bytes size);
// "850 ms", "3.2 s", "2 min 5 s".
std::string format_duration(Micros span);

}  // namespace assay
