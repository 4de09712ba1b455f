#include "harness/http/redirects.h"

namespace assay::http {

std::optional<std::string> redirect_location(std::uint32_t status, const Fields& fields) {
    if (status < 300 || status >= 400) return std::nullopt;
    const auto location = fields.find("location");  // of two, Node shows the first
    if (!location || location->empty()) return std::nullopt;
    std::string utf8;  // the bytes are Latin-1
    for (char c : *location) {
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

}  // namespace assay::http
