// Variables of a suite: values, scopes and the {{name}} substitution, as newman does them.
//
// Source of the rules: newman 6.2.2 (postman-collection 4.4.0), observed. A value is what JavaScript would hold;
// between two scripts it passes through JSON: undefined and NaN become null, functions null, objects stay objects.
// Nothing here is thread-safe: one run owns its scopes.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace assay::suite {

struct Undefined {
    bool operator==(const Undefined&) const = default;
};
struct Null {
    bool operator==(const Null&) const = default;
};
struct JsonText {
    std::string text;  // an object or an array, valid JSON
    bool operator==(const JsonText&) const = default;
};
using Value = std::variant<Undefined, Null, bool, double, std::string, JsonText>;

// What a template shows: "" for undefined, "null", JavaScript's number format, "[object Object]", "1,2".
std::string to_text(const Value& value);
// The number as JavaScript's String(number) writes it.
std::string number_text(double number);
// JavaScript's truthiness.
bool truthy(const Value& value);
// A JSON document as a value: objects and arrays stay text, the rest becomes its own type. Empty if not JSON.
std::optional<Value> value_of_json(std::string_view json);

// The declared type of a variable: what is set is converted to it. Unknown types are `any`.
enum class Cast { any, string, boolean, number, array, object };
Cast cast_named(std::string_view name);

struct Variable {
    std::string key;
    Value value;
    Cast cast = Cast::any;
    bool disabled = false;
};

// One list of variables. Of duplicates the last enabled one counts.
class Scope {
 public:
    Scope() = default;
    explicit Scope(std::vector<Variable> variables);

    // Null when absent or disabled. The pointer lives until the next change.
    [[nodiscard]] const Variable* find(std::string_view key) const;
    void set(std::string_view key, Value value);
    void unset(std::string_view key);  // every enabled variable of that name
    void clear();
    [[nodiscard]] const std::vector<Variable>& all() const { return variables_; }

    // The passage through JSON at the end of a script. `keeps_undefined`: pm.variables only.
    void settle(bool keeps_undefined);

 private:
    std::vector<Variable> variables_;
    bool unsettled_ = false;
};

// {{$guid}} and its relatives. Deterministic for a seed.
class Dynamic {
 public:
    explicit Dynamic(std::uint64_t seed) : random_(seed) {}
    // Empty for an unknown name. `name` includes the dollar sign.
    std::optional<std::string> make(std::string_view name);

 private:
    std::mt19937_64 random_;
};

// The five scopes of a run, innermost first.
struct Scopes {
    Scope local;        // pm.variables
    Scope data;         // the iteration's row
    Scope environment;  //
    Scope collection;   //
    Scope globals;      //
    std::string environment_name;
};

// Replaces every {{name}}; an unknown one stays as it stands. Values may hold templates: up to 19 rounds, as newman.
std::string resolve(std::string_view text, const Scopes& scopes, Dynamic& dynamic);

}  // namespace assay::suite
