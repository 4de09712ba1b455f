// JSONPath of RFC 9535 as Hurl has it: two small differences, both Hurl's, are that members are visited in the order of
// their names and that a number is equal to another when they are 1e-12 apart.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "harness/hurl/value.h"

namespace assay::hurl {

class JsonPath {
 public:
    // Empty when `text` is no query.
    static std::optional<JsonPath> parse(std::string_view text);
    // The nodes, in order; views into `root`.
    [[nodiscard]] std::vector<const Value*> find(const Value& root) const;

    ~JsonPath();
    JsonPath(JsonPath&&) noexcept;
    JsonPath& operator=(JsonPath&&) noexcept;

    struct Query;  // jsonpath_query.h

 private:
    explicit JsonPath(std::unique_ptr<Query> query);
    std::unique_ptr<Query> query_;
};

}  // namespace assay::hurl
