// A JSONPath query as its reader makes it and its evaluation takes it: the syntax tree of RFC 9535, plain data.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/hurl/jsonpath.h"
#include "harness/hurl/regex.h"

namespace assay::hurl {

namespace jsonpath {

struct Expression;

struct Selector {
    enum class Kind { name, wildcard, index, slice, filter };
    Kind kind = Kind::wildcard;
    std::string name;
    std::optional<std::int64_t> begin, end;  // an index is `begin`
    std::int64_t step = 1;
    std::shared_ptr<const Expression> filter;
};

struct Segment {
    bool descendants = false;
    std::vector<Selector> selectors;
};

}  // namespace jsonpath

struct JsonPath::Query {
    bool relative = false;  // "@"
    std::vector<jsonpath::Segment> segments;
};

namespace jsonpath {

using Query = JsonPath::Query;

// What a comparison or a function takes: a literal, the one node of a query, or what a function made.
struct Operand {
    enum class Kind { literal, query, length, count, value };
    Kind kind = Kind::literal;
    Value literal;
    Query query;
    std::shared_ptr<const Operand> argument;  // of length()
};

struct Expression {
    enum class Kind { any, all, negation, compare, exists, match, search };
    Kind kind = Kind::exists;
    std::vector<Expression> parts;
    std::string comparison;  // "==", ...
    Operand left, right;
    Query query;
    std::shared_ptr<const Regex> pattern;  // of match and search, where it is a literal
};

// False when `text` is no query, from "$" to its end.
bool read(std::string_view text, Query& query);

}  // namespace jsonpath

}  // namespace assay::hurl
