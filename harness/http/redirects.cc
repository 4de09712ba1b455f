#include "harness/http/redirects.h"

#include "harness/http/text.h"

namespace assay::http {

std::optional<std::string> redirect_location(std::uint32_t status, const Fields& fields) {
    if (status < 300 || status >= 400) return std::nullopt;
    const auto location = fields.find("location");  // of two, Node shows the first
    if (!location || location->empty()) return std::nullopt;
    return latin1_to_utf8(*location);
}

}  // namespace assay::http
