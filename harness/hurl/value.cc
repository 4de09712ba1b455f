#include "harness/hurl/value.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "harness/hurl/date.h"

namespace assay::hurl {
namespace {

template <typename... F>
struct Overloaded : F... {
    using F::operator()...;
};
template <typename... F>
Overloaded(F...) -> Overloaded<F...>;

std::string float_text(double value) {
    char text[400];
    const auto end = std::to_chars(std::begin(text), std::end(text), value, std::chars_format::fixed).ptr;
    std::string digits(text, end);
    if (digits.find_first_not_of("-0123456789") == std::string::npos) digits += ".0";
    return digits;
}

std::string hex(std::string_view bytes) {
    std::string text;
    for (const char c : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
    return text;
}

std::strong_ordering ordered(double a, double b) {
    if (a > b) return std::strong_ordering::greater;
    if (a < b) return std::strong_ordering::less;
    return std::strong_ordering::equal;
}

// A number's sign, digits before the point without leading zeros, digits after it without trailing ones.
struct Digits {
    bool negative = false;
    std::string whole;
    std::string fraction;
};
Digits digits_of(const Number& number) {
    std::string text = number_text(number);
    Digits digits;
    digits.negative = text.starts_with('-');
    if (digits.negative) text.erase(0, 1);
    const auto point = text.find('.');
    digits.whole = text.substr(0, point);
    if (point != std::string::npos) digits.fraction = text.substr(point + 1);
    digits.whole.erase(0, digits.whole.find_first_not_of('0'));
    digits.fraction.erase(digits.fraction.find_last_not_of('0') + 1);
    return digits;
}

// Builds a Value from nlohmann's events. The depth is bounded as serde_json bounds it: a body cannot exhaust the stack.
class Builder : public nlohmann::json_sax<nlohmann::json> {
 public:
    Value take() { return std::move(root_); }

    bool null() override { return put({Null{}}); }
    bool boolean(bool value) override { return put({value}); }
    bool number_integer(number_integer_t value) override { return put(integer(value)); }
    bool number_unsigned(number_unsigned_t value) override {
        if (value > static_cast<std::uint64_t>(INT64_MAX)) return put({Number(std::to_string(value))});
        return put(integer(static_cast<std::int64_t>(value)));
    }
    bool number_float(number_float_t value, const string_t& text) override {
        if (text.find_first_of(".eE") == std::string::npos) return put({Number(text)});
        return put({Number(value)});
    }
    bool string(string_t& value) override { return put({std::move(value)}); }
    bool binary(binary_t&) override { return false; }
    bool start_object(std::size_t) override { return open({Object{}}); }
    bool start_array(std::size_t) override { return open({List{}}); }
    bool key(string_t& name) override {
        names_.back() = std::move(name);
        return true;
    }
    bool end_object() override {
        auto& object = std::get<Object>(open_.back().data);
        std::stable_sort(object.begin(), object.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
        // Of one name the last counts.
        Object unique;
        for (auto& member : object) {
            if (!unique.empty() && unique.back().first == member.first)
                unique.back() = std::move(member);
            else
                unique.push_back(std::move(member));
        }
        object = std::move(unique);
        return close();
    }
    bool end_array() override { return close(); }
    bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception&) override { return false; }

 private:
    static constexpr std::size_t kDepth = 127;

    bool open(Value container) {
        if (open_.size() >= kDepth) return false;
        open_.push_back(std::move(container));
        names_.emplace_back();
        return true;
    }
    bool close() {
        Value done = std::move(open_.back());
        open_.pop_back();
        names_.pop_back();
        return put(std::move(done));
    }
    bool put(Value value) {
        if (open_.empty()) {
            root_ = std::move(value);
        } else if (auto* list = std::get_if<List>(&open_.back().data)) {
            list->push_back(std::move(value));
        } else {
            std::get<Object>(open_.back().data).push_back({std::move(names_.back()), std::move(value)});
        }
        return true;
    }
    std::vector<Value> open_;
    std::vector<std::string> names_;
    Value root_;
};

}  // namespace

const Value* Value::member(std::string_view name) const {
    const auto* object = as<Object>();
    if (object == nullptr) return nullptr;
    const auto at = std::lower_bound(object->begin(), object->end(), name,
                                     [](const auto& member, std::string_view wanted) { return member.first < wanted; });
    return at != object->end() && at->first == name ? &at->second : nullptr;
}

bool Value::operator==(const Value& other) const {
    return std::visit(Overloaded{
                          [](const Null&, const Null&) { return true; },
                          [](const Unit&, const Unit&) { return true; },
                          [](bool a, bool b) { return a == b; },
                          [](const Number& a, const Number& b) { return compare(a, b) == 0; },
                          [](const std::string& a, const std::string& b) { return a == b; },
                          [](const Bytes& a, const Bytes& b) { return a.data == b.data; },
                          [](const Date& a, const Date& b) { return a == b; },
                          [](const List& a, const List& b) { return a == b; },
                          [](const Object& a, const Object& b) { return a == b; },
                          [](const Nodeset& a, const Nodeset& b) { return a.size == b.size; },
                          [](const auto&, const auto&) { return false; },
                      },
                      data, other.data);
}

std::string number_text(const Number& number) {
    return std::visit(
        Overloaded{[](std::int64_t value) { return std::to_string(value); },
                   [](double value) { return float_text(value); }, [](const std::string& digits) { return digits; }},
        number);
}

std::strong_ordering compare(const Number& a, const Number& b) {
    const auto* whole_a = std::get_if<std::int64_t>(&a);
    const auto* whole_b = std::get_if<std::int64_t>(&b);
    if (whole_a != nullptr && whole_b != nullptr) return *whole_a <=> *whole_b;
    if (!std::holds_alternative<std::string>(a) && !std::holds_alternative<std::string>(b)) {
        const auto real = [](const Number& number) {
            const auto* whole = std::get_if<std::int64_t>(&number);
            return whole != nullptr ? static_cast<double>(*whole) : std::get<double>(number);
        };
        return ordered(real(a), real(b));
    }
    const auto left = digits_of(a), right = digits_of(b);
    if (left.negative != right.negative)
        return left.negative ? std::strong_ordering::less : std::strong_ordering::greater;
    auto order = left.whole.size() <=> right.whole.size();
    if (order == 0) order = left.whole <=> right.whole;
    if (order == 0) order = left.fraction <=> right.fraction;
    if (!left.negative || order == 0) return order;
    return order < 0 ? std::strong_ordering::greater : std::strong_ordering::less;
}

std::optional<std::strong_ordering> compare(const Value& a, const Value& b) {
    if (a.as<std::string>() && b.as<std::string>()) return *a.as<std::string>() <=> *b.as<std::string>();
    if (a.as<Number>() && b.as<Number>()) return compare(*a.as<Number>(), *b.as<Number>());
    if (a.as<Date>() && b.as<Date>()) return *a.as<Date>() <=> *b.as<Date>();
    return std::nullopt;
}

std::string kind_of(const Value& value) {
    return std::visit(
        Overloaded{
            [](const Null&) { return "null"; },
            [](const Unit&) { return "unit"; },
            [](bool) { return "boolean"; },
            [](const Number& number) { return std::holds_alternative<double>(number) ? "float" : "integer"; },
            [](const std::string&) { return "string"; },
            [](const Bytes&) { return "bytes"; },
            [](const Date&) { return "date"; },
            [](const List&) { return "list"; },
            [](const Object&) { return "object"; },
            [](const Nodeset&) { return "nodeset"; },
            [](const Redirect&) { return "http response"; },
            [](const std::shared_ptr<const Regex>&) { return "regex"; },
        },
        value.data);
}

std::string shown(const Value& value) {
    return std::visit(Overloaded{
                          [](const Null&) { return std::string("null"); },
                          [](const Unit&) { return std::string("Unit"); },
                          [](bool on) { return std::string(on ? "true" : "false"); },
                          [](const Number& number) { return number_text(number); },
                          [](const std::string& text) { return text; },
                          [](const Bytes& bytes) { return hex(bytes.data); },
                          [](const Date& date) { return date_text(date); },
                          [](const List& list) {
                              std::string text = "[";
                              for (const auto& item : list) text += (text.size() > 1 ? "," : "") + shown(item);
                              return text + "]";
                          },
                          [](const Object&) { return std::string("Object()"); },
                          [](const Nodeset& nodes) { return fmt::format("Nodeset(size={})", nodes.size); },
                          [](const Redirect& redirect) { return fmt::format("Response(status={})", redirect.status); },
                          [](const std::shared_ptr<const Regex>& regex) {
                              std::string text = "/";
                              for (const char c : regex->pattern())
                                  text += c == '/' ? std::string("\\/") : std::string(1, c);
                              return text + "/";
                          },
                      },
                      value.data);
}

std::string described(const Value& value) {
    return value.as<Unit>() ? std::string("unit") : fmt::format("{} <{}>", kind_of(value), shown(value));
}

std::optional<std::string> rendered(const Value& value) {
    if (const auto* date = value.as<Date>()) return iso_text(*date);
    if (value.as<bool>() || value.as<Null>() || value.as<Number>() || value.as<std::string>()) return shown(value);
    return std::nullopt;
}

std::optional<Value> parse_json(std::string_view text) {
    Builder builder;
    if (!nlohmann::json::sax_parse(text, &builder)) return std::nullopt;
    return builder.take();
}

}  // namespace assay::hurl
