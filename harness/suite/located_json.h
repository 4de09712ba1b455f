// JSON with line numbers: the parser behind the readers of this room.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace assay::suite {

using Json = nlohmann::ordered_json;

// Parses; the items and events of a collection get a hidden member kLine, the line of their opening brace.
// Errors name `file`:line and the remedy.
Result<Json> parse_located(std::string_view text, const std::string& file);

inline constexpr const char* kLine = "\x01line";

// The line recorded in an object, 0 when there is none.
std::uint32_t line_of(const Json& object);

// Reads a whole file. Errors name the path.
Result<std::string> read_text(const std::string& path);

}  // namespace assay::suite
