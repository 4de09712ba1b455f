// Bytes from the wire as text.
#pragma once

#include <string>
#include <string_view>

namespace assay::http {

[[nodiscard]] std::string latin1_to_utf8(std::string_view bytes);
// With U+FFFD for each byte sequence that is no UTF-8, as a browser's decoder puts it.
[[nodiscard]] std::string repair_utf8(std::string_view bytes);

}  // namespace assay::http
