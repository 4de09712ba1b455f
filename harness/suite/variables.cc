#include "harness/suite/variables.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

namespace assay::suite {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kRounds = 19;

std::string text_of(const Json& json, bool inside_array) {
    switch (json.type()) {
        case Json::value_t::string: return json.get<std::string>();
        case Json::value_t::null: return inside_array ? "" : "null";
        case Json::value_t::boolean: return json.get<bool>() ? "true" : "false";
        case Json::value_t::object: return "[object Object]";
        case Json::value_t::array: {
            std::string joined;
            for (std::size_t i = 0; i < json.size(); ++i) {
                if (i > 0) joined += ',';
                joined += text_of(json[i], true);
            }
            return joined;
        }
        default: return number_text(json.get<double>());
    }
}

std::optional<double> number_of_text(std::string_view text) {
    const auto blank = " \t\r\n\f\v";
    const auto first = text.find_first_not_of(blank);
    if (first == std::string_view::npos) return 0;
    text = text.substr(first, text.find_last_not_of(blank) - first + 1);
    if (text.starts_with('+')) text.remove_prefix(1);
    if (text == "Infinity") return INFINITY;
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    const char lead = text[text.front() == '-' && text.size() > 1 ? 1 : 0];
    return (lead >= '0' && lead <= '9') || lead == '.' ? std::optional(number) : std::nullopt;  // no "inf", no "nan"
}

double to_number(const Value& value) {
    struct Visitor {
        double operator()(const Undefined&) const { return NAN; }
        double operator()(const Null&) const { return 0; }
        double operator()(bool b) const { return b ? 1 : 0; }
        double operator()(double d) const { return d; }
        double operator()(const std::string& s) const { return number_of_text(s).value_or(NAN); }
        double operator()(const JsonText& j) const { return number_of_text(to_text(Value(j))).value_or(NAN); }
    };
    return std::visit(Visitor{}, value);
}

std::string string_of(const Value& value) {
    return std::holds_alternative<Undefined>(value) ? "undefined" : to_text(value);
}

// What a typed variable keeps of a value: string, boolean and number convert; a text that is not an array (object)
// reads back as undefined from a variable declared so.
Value converted(Value value, Cast cast) {
    switch (cast) {
        case Cast::any: return value;
        case Cast::string: return string_of(value);
        case Cast::boolean: return truthy(value);
        case Cast::number: return to_number(value);
        case Cast::array:
        case Cast::object: break;
    }
    if (auto* text = std::get_if<std::string>(&value)) {
        auto parsed = value_of_json(*text);
        if (!parsed) return Undefined{};
        value = std::move(*parsed);
    }
    const auto* json = std::get_if<JsonText>(&value);
    if (json == nullptr) return Undefined{};
    return (json->text.front() == '[') == (cast == Cast::array) ? value : Value(Undefined{});
}

const Variable* find_for_template(const Scopes& scopes, std::string_view key) {
    if (const auto* found = scopes.local.read(key)) return found;
    // A data row is a plain object to newman: null in it does not resolve, but hides the outer scopes.
    if (const auto* found = scopes.data.read(key)) return found;
    if (const auto* found = scopes.environment.read(key)) return found;
    if (const auto* found = scopes.collection.read(key)) return found;
    return scopes.globals.read(key);
}

std::optional<std::string> replacement(std::string_view token, const Scopes& scopes, Dynamic& dynamic) {
    if (const auto* found = find_for_template(scopes, token)) {
        const bool empty = found->value.index() <= 1;
        if (empty && found == scopes.data.find(token) && scopes.local.find(token) == nullptr) return std::nullopt;
        return to_text(found->value);
    }
    if (token.starts_with('$')) return dynamic.make(token);
    scopes.note_missing(token);
    return std::nullopt;
}

// One left-to-right pass. False when nothing changed.
bool resolve_once(std::string& text, const Scopes& scopes, Dynamic& dynamic) {
    std::string out;
    bool changed = false;
    std::size_t copied = 0;
    for (std::size_t at = text.find("{{"); at != std::string::npos;) {
        const std::size_t brace = text.find_first_of("{}", at + 2);
        if (brace == std::string::npos) break;
        if (text.compare(brace, 2, "}}") != 0) {  // not a token: look again from the next brace
            at = text.find("{{", at + 1);
            continue;
        }
        const std::string_view token(text.data() + at + 2, brace - at - 2);
        if (auto value = replacement(token, scopes, dynamic)) {
            out.append(text, copied, at - copied).append(*value);
            copied = brace + 2;
            changed = true;
        }
        at = text.find("{{", brace + 2);
    }
    if (changed) {
        out.append(text, copied);
        text = std::move(out);
    }
    return changed;
}

}  // namespace

std::string number_text(double number) {
    if (std::isnan(number)) return "NaN";
    if (std::isinf(number)) return number < 0 ? "-Infinity" : "Infinity";
    if (number == 0) return "0";
    // Shortest digits that read back as the same number, then ECMA-262's Number::toString layout.
    char buffer[64];
    const auto end =
        std::to_chars(buffer, buffer + sizeof buffer, std::fabs(number), std::chars_format::scientific).ptr;
    std::string_view scientific(buffer, static_cast<std::size_t>(end - buffer));
    const auto e = scientific.find('e');
    std::string digits(scientific.substr(0, e));
    std::erase(digits, '.');
    const int exponent = std::atoi(std::string(scientific.substr(e + 1)).c_str());
    const int n = exponent + 1, k = static_cast<int>(digits.size());
    std::string text = number < 0 ? "-" : "";
    const auto at = [](int index) { return static_cast<std::size_t>(index); };
    if (k <= n && n <= 21) return text + digits + std::string(at(n - k), '0');
    if (0 < n && n <= 21) return text + digits.substr(0, at(n)) + "." + digits.substr(at(n));
    if (-6 < n && n <= 0) return text + "0." + std::string(at(-n), '0') + digits;
    text += digits[0];
    if (k > 1) text += "." + digits.substr(1);
    return text + "e" + (n > 0 ? "+" : "-") + std::to_string(std::abs(n - 1));
}

std::string to_text(const Value& value) {
    struct Visitor {
        std::string operator()(const Undefined&) const { return ""; }
        std::string operator()(const Null&) const { return "null"; }
        std::string operator()(bool b) const { return b ? "true" : "false"; }
        std::string operator()(double d) const { return number_text(d); }
        std::string operator()(const std::string& s) const { return s; }
        std::string operator()(const JsonText& j) const {
            return text_of(Json::parse(j.text, nullptr, /*allow_exceptions=*/false), false);
        }
    };
    return std::visit(Visitor{}, value);
}

bool truthy(const Value& value) {
    struct Visitor {
        bool operator()(const Undefined&) const { return false; }
        bool operator()(const Null&) const { return false; }
        bool operator()(bool b) const { return b; }
        bool operator()(double d) const { return d != 0 && !std::isnan(d); }
        bool operator()(const std::string& s) const { return !s.empty(); }
        bool operator()(const JsonText&) const { return true; }
    };
    return std::visit(Visitor{}, value);
}

std::optional<Value> value_of_json(std::string_view text) {
    const auto json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    switch (json.type()) {
        case Json::value_t::discarded: return std::nullopt;
        case Json::value_t::null: return Null{};
        case Json::value_t::boolean: return json.get<bool>();
        case Json::value_t::string: return json.get<std::string>();
        case Json::value_t::object:
        case Json::value_t::array: return JsonText{json.dump()};
        default: return json.get<double>();
    }
}

Cast cast_named(std::string_view name) {
    if (name == "string") return Cast::string;
    if (name == "boolean") return Cast::boolean;
    if (name == "number") return Cast::number;
    if (name == "array") return Cast::array;
    if (name == "object") return Cast::object;
    return Cast::any;
}

Scope::Scope(std::vector<Variable> variables) : variables_(std::move(variables)) {
    for (auto& variable : variables_) variable.value = converted(std::move(variable.value), variable.cast);
}

const Variable* Scope::find(std::string_view key) const {
    for (auto it = variables_.rbegin(); it != variables_.rend(); ++it) {
        if (it->key == key && !it->disabled) return &*it;
    }
    return nullptr;
}

const Variable* Scope::read(std::string_view key) const {
    const auto* found = find(key);
    // A suite's own scopes are shared by threads: they have no step, and nothing is written.
    if (found == nullptr || step_ == 0 || found->read_at == step_ || found->set_by == step_) return found;
    found->read_at = step_;
    found->read_from = found->set_by;
    found->read_empty = found->value.index() <= 1;
    return found;
}

void Scope::set(std::string_view key, Value value) {
    unsettled_ = true;
    if (const auto* found = find(key)) {
        auto& variable = variables_[static_cast<std::size_t>(found - variables_.data())];
        variable.value = converted(std::move(value), variable.cast);
        variable.set_by = writer_;
        return;
    }
    variables_.push_back({std::string(key), std::move(value), Cast::any, false});
    variables_.back().set_by = writer_;
}

void Scope::note_removal(const Variable& variable) {
    if (step_ != 0 && variable.read_at == step_) removed_.push_back({variable.key, variable.read_from});
}

void Scope::begin_step(std::uint32_t step) {
    step_ = step;
    writer_ = 0;
    removed_.clear();
}

void Scope::unset(std::string_view key) {
    for (const auto& variable : variables_) {
        if (variable.key == key && !variable.disabled) note_removal(variable);
    }
    std::erase_if(variables_, [&](const Variable& v) { return v.key == key && !v.disabled; });
}

void Scope::clear() {
    for (const auto& variable : variables_) note_removal(variable);
    variables_.clear();
}

void Scope::settle(bool keeps_undefined) {
    if (!unsettled_) return;
    unsettled_ = false;
    for (auto& variable : variables_) {
        const auto* number = std::get_if<double>(&variable.value);
        const bool lost = number != nullptr && !std::isfinite(*number);
        if (lost || (!keeps_undefined && std::holds_alternative<Undefined>(variable.value))) variable.value = Null{};
    }
}

void Scopes::begin_step(std::uint32_t step) {
    step_ = step;
    missing_.clear();
    for (Scope* scope : {&local, &data, &environment, &collection, &globals}) scope->begin_step(step);
}

void Scopes::answered() {
    for (Scope* scope : {&local, &data, &environment, &collection, &globals}) scope->answered();
}

void Scopes::note_missing(std::string_view key) const {
    if (step_ == 0 || std::find(missing_.begin(), missing_.end(), key) != missing_.end()) return;
    missing_.emplace_back(key);
}

std::string resolve(std::string_view text, const Scopes& scopes, Dynamic& dynamic) {
    std::string out(text);
    for (int round = 0; round < kRounds && resolve_once(out, scopes, dynamic); ++round) {
    }
    return out;
}

}  // namespace assay::suite
