#include "base/base64.h"

#include <cstdint>

namespace assay {

namespace {

constexpr std::string_view kStandard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrlSafe = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

}  // namespace

std::string base64_encode(std::string_view bytes, Base64 form) {
    const auto letters = form.url_safe ? kUrlSafe : kStandard;
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::uint32_t group = 0;
        for (std::size_t k = 0; k < 3; ++k)
            group = (group << 8) | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0u);
        for (std::size_t k = 0; k < 4; ++k) {
            if (i + k <= bytes.size())
                text += letters[(group >> (18 - 6 * k)) & 63];
            else if (!form.url_safe)
                text += '=';
        }
    }
    return text;
}

std::optional<std::string> base64_decode(std::string_view text, Base64 form) {
    const auto letters = form.url_safe ? kUrlSafe : kStandard;
    if (!form.url_safe) {
        if (text.size() % 4 != 0) return std::nullopt;
        if (text.ends_with("=="))
            text.remove_suffix(2);
        else if (text.ends_with("="))
            text.remove_suffix(1);
    }
    if (text.size() % 4 == 1) return std::nullopt;
    std::string bytes;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : text) {
        const auto value = letters.find(c);
        if (value == std::string_view::npos) return std::nullopt;
        bits = (bits << 6) | static_cast<std::uint32_t>(value);
        count += 6;
        if (count >= 8) {
            count -= 8;
            bytes += static_cast<char>(bits >> count);
        }
    }
    if ((bits & ((1u << count) - 1)) != 0) return std::nullopt;
    return bytes;
}

}  // namespace assay
