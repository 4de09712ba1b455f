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

    // Where its value came from and who read it: steps of a run, from 1; 0 = none. See Scopes::begin_step.
    std::uint32_t set_by = 0;
    mutable std::uint32_t read_at = 0;    // the last step that read it
    mutable std::uint32_t read_from = 0;  // who had set what that step read first
    mutable bool read_empty = false;      // and whether that was undefined or null
};

// A variable that a step read and that is not in its scope (any more).
struct MissedRead {
    std::string key;
    std::uint32_t set_by = 0;  // 0: there was none
};

// One list of variables. Of duplicates the last enabled one counts.
class Scope {
 public:
    Scope() = default;
    explicit Scope(std::vector<Variable> variables);

    // Null when absent or disabled. The pointer lives until the next change.
    [[nodiscard]] const Variable* find(std::string_view key) const;
    // The same, as a read of the step at work.
    [[nodiscard]] const Variable* read(std::string_view key) const;
    void set(std::string_view key, Value value);
    void unset(std::string_view key);  // every enabled variable of that name
    void clear();
    [[nodiscard]] const std::vector<Variable>& all() const { return variables_; }

    // The passage through JSON at the end of a script. `keeps_undefined`: pm.variables only.
    void settle(bool keeps_undefined);

    // From now on `step` reads; 0: nothing is noted. What it sets is nobody's output until it has an answer.
    void begin_step(std::uint32_t step);
    void answered() { writer_ = step_; }
    // What the step at work read and then removed.
    [[nodiscard]] const std::vector<MissedRead>& removed() const { return removed_; }

 private:
    void note_removal(const Variable& variable);

    std::vector<Variable> variables_;
    std::vector<MissedRead> removed_;
    std::uint32_t step_ = 0;
    std::uint32_t writer_ = 0;
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

    // Data flow between the steps of a run: each variable knows which step set it and which one read it last. Costs a
    // store a read; nothing is copied before somebody asks. A step's output is what it sets once the server has
    // answered: in its test scripts, or after a request of a script. A counter in a pre-request script is none.
    void begin_step(std::uint32_t step);
    void answered();
    // A name that no scope has was asked for.
    void note_missing(std::string_view key) const;
    [[nodiscard]] const std::vector<std::string>& missing() const { return missing_; }  // in the step at work

 private:
    std::uint32_t step_ = 0;
    mutable std::vector<std::string> missing_;
};

// Replaces every {{name}}; an unknown one stays as it stands. Values may hold templates: up to 19 rounds, as newman.
std::string resolve(std::string_view text, const Scopes& scopes, Dynamic& dynamic);

}  // namespace assay::suite
