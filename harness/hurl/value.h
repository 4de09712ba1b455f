// What queries find, filters change and predicates look at: Hurl's values.
//
// Source of the words and of what equals what: hurl 8.0.1, observed.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "harness/hurl/date.h"
#include "harness/hurl/regex.h"
#include "harness/suite/hurl_model.h"

namespace assay::hurl {

using suite::hurl::Number;

struct Null {};
struct Unit {};  // a cookie's attribute that is there and has no value
struct Bytes {
    std::string data;
};
struct Nodeset {
    std::size_t size = 0;
};

struct Redirect {
    std::uint32_t status = 0;
    std::string location;
};

struct Value;
using List = std::vector<Value>;
struct Member;
using Object = std::vector<Member>;  // sorted by name, each name once

struct Value {
    std::variant<Null, bool, Number, std::string, Bytes, Date, List, Object, Nodeset, Redirect, Unit,
                 std::shared_ptr<const Regex>>
        data;

    template <typename T>
    [[nodiscard]] const T* as() const {
        return std::get_if<T>(&data);
    }
    [[nodiscard]] const Value* member(std::string_view name) const;  // of an object; else null
    bool operator==(const Value& other) const;
};

// No std::pair, which must know whether a Value can be made before Value is known.
struct Member {
    std::string first;
    Value second;
    bool operator==(const Member&) const = default;
};

inline Value integer(std::int64_t value) { return {Number(value)}; }

// "integer", "list", ...
std::string kind_of(const Value& value);
// As messages show a value: "hello", "[1,2]", "Object()".
std::string shown(const Value& value);
// With its kind: "string <hello>".
std::string described(const Value& value);
// As a template puts it into a text; empty for what has no such form (lists, bytes, ...).
std::optional<std::string> rendered(const Value& value);

std::string number_text(const Number& number);
std::strong_ordering compare(const Number& a, const Number& b);
// Of two texts, numbers or dates; empty for any other pair.
std::optional<std::strong_ordering> compare(const Value& a, const Value& b);

// A JSON text; empty when it is none. Numbers keep what 64 bits cannot hold.
std::optional<Value> parse_json(std::string_view text);

}  // namespace assay::hurl
