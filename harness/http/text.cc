#include "harness/http/text.h"

#include <algorithm>

namespace assay::http {

std::string latin1_to_utf8(std::string_view bytes) {
    std::string utf8;
    utf8.reserve(bytes.size());
    for (char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x80) {
            utf8 += c;
        } else {
            utf8 += static_cast<char>(0xC0 | (byte >> 6));
            utf8 += static_cast<char>(0x80 | (byte & 0x3F));
        }
    }
    return utf8;
}

std::string repair_utf8(std::string_view bytes) {
    const auto plain = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
    if (std::all_of(bytes.begin(), bytes.end(), plain)) return std::string(bytes);
    std::string utf8;
    utf8.reserve(bytes.size());
    for (std::size_t i = 0; i < bytes.size();) {
        const auto lead = static_cast<unsigned char>(bytes[i]);
        if (lead < 0x80) {
            utf8 += bytes[i++];
            continue;
        }
        const std::size_t length = lead >= 0xC2 && lead <= 0xDF   ? 2
                                   : lead >= 0xE0 && lead <= 0xEF ? 3
                                   : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                                  : 0;
        // The second byte's range keeps out overlong forms, surrogates, and what is beyond U+10FFFF.
        const unsigned low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
        const unsigned high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
        std::size_t got = length == 0 ? 0 : 1;
        while (got > 0 && got < length && i + got < bytes.size()) {
            const auto next = static_cast<unsigned char>(bytes[i + got]);
            if (next < (got == 1 ? low : 0x80u) || next > (got == 1 ? high : 0xBFu)) break;
            ++got;
        }
        if (length != 0 && got == length) {
            utf8.append(bytes.substr(i, length));
            i += length;
        } else {
            utf8 += "\xEF\xBF\xBD";
            i += std::max<std::size_t>(got, 1);
        }
    }
    return utf8;
}

}  // namespace assay::http
