// JSON with line numbers: for messages that say where.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace assay::batch {

class JsonText {
 public:
    // `name` and `first_line` are used in errors: "NAME:LINE:COLUMN: what".
    static Result<JsonText> parse(std::string_view text, std::string name, std::uint32_t first_line = 1);

    [[nodiscard]] const nlohmann::json& value() const { return value_; }
    [[nodiscard]] nlohmann::json& value() { return value_; }
    // Of the key that a JSON pointer names ("/repoMetadata/port"), else of its nearest ancestor's.
    [[nodiscard]] std::uint32_t line_of(std::string pointer) const;
    // "NAME:LINE", and an Error that says so.
    [[nodiscard]] std::string where(const std::string& pointer) const;

 private:
    nlohmann::json value_;
    std::map<std::string, std::uint32_t> lines_;  // of keys, by pointer, the first four levels
    std::string name_;
    std::uint32_t first_line_ = 1;
};

}  // namespace assay::batch
