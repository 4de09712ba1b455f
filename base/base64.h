// Base64 (RFC 4648).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace assay {

struct Base64 {
    bool url_safe = false;  // with - and _ for + and /, and without padding
};

std::string base64_encode(std::string_view bytes, Base64 form = {});
// Nothing when it is not of that form, to the last bit.
std::optional<std::string> base64_decode(std::string_view text, Base64 form = {});

}  // namespace assay
