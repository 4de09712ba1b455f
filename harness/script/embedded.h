// The JavaScript files that stand in the program: prelude/*.js as "core", npm files as "lib/chai/chai.js".
#pragma once

#include <optional>
#include <string_view>

namespace assay::script {

std::optional<std::string_view> embedded(std::string_view name);

}  // namespace assay::script
