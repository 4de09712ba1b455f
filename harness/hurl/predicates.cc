// Predicates: whether a value is as a suite says, and what to print when it is not.
#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>

#include "harness/hurl/evaluate.h"

namespace assay::hurl {
namespace {

using Kind = model::Predicate::Kind;

// One judgement. `comparable` false: the two have no common type, and neither "is" nor "is not" holds.
struct Judgement {
    bool holds = false;
    bool comparable = true;
    std::string actual;
    std::string expected;
};

bool is_uuid(std::string_view text) {
    if (text.starts_with("urn:uuid:"))
        text.remove_prefix(9);
    else if (text.starts_with('{') && text.ends_with('}') && text.size() == 38)
        text = text.substr(1, 36);
    if (text.size() != 36 && text.size() != 32) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const bool dash = text.size() == 36 && (i == 8 || i == 13 || i == 18 || i == 23);
        const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (dash ? c != '-' : !hex) return false;
    }
    return true;
}

bool is_address(int family, const std::string& text) {
    unsigned char address[16];
    return text.find('\0') == std::string::npos && ::inet_pton(family, text.c_str(), address) == 1;
}

bool contains(const List& list, const Value& value) { return std::find(list.begin(), list.end(), value) != list.end(); }

Judgement contained(const Value& actual, const Value& expected) {
    Judgement judged{false, true, described(actual), "contains " + described(expected)};
    if (const auto* list = actual.as<List>()) {
        judged.holds = contains(*list, expected);
    } else if (actual.as<std::string>() && expected.as<std::string>()) {
        judged.holds = actual.as<std::string>()->find(*expected.as<std::string>()) != std::string::npos;
    } else if (actual.as<Bytes>() && expected.as<Bytes>()) {
        judged.holds = actual.as<Bytes>()->data.find(expected.as<Bytes>()->data) != std::string::npos;
    } else {
        judged.comparable = false;
    }
    return judged;
}

Judgement at_an_end(const Value& actual, const Value& expected, bool start) {
    Judgement judged{false, true, described(actual), (start ? "starts with " : "ends with ") + described(expected)};
    const auto ends = [start](std::string_view text, std::string_view part) {
        return start ? text.starts_with(part) : text.ends_with(part);
    };
    if (actual.as<std::string>() && expected.as<std::string>()) {
        judged.holds = ends(*actual.as<std::string>(), *expected.as<std::string>());
    } else if (actual.as<Bytes>() && expected.as<Bytes>()) {
        judged.holds = ends(actual.as<Bytes>()->data, expected.as<Bytes>()->data);
    } else {
        judged.comparable = false;
    }
    return judged;
}

Judgement ordered(Kind kind, const Value& actual, const Value& expected) {
    const auto order = compare(actual, expected);
    Judgement judged{false, order.has_value(), described(actual), {}};
    const auto say = [&](bool holds, const char* words) {
        judged.holds = order && holds;
        judged.expected = fmt::format("{} {}", words, described(expected));
    };
    const auto sign = order.value_or(std::strong_ordering::equal);
    if (kind == Kind::greater) say(sign > 0, "greater than");
    if (kind == Kind::greater_or_equal) say(sign >= 0, "greater or equal than");
    if (kind == Kind::less) say(sign < 0, "less than");
    if (kind == Kind::less_or_equal) say(sign <= 0, "less or equal than");
    return judged;
}

std::optional<std::size_t> size_of(const Value& value) {
    if (const auto* list = value.as<List>()) return list->size();
    if (const auto* text = value.as<std::string>()) return text->size();
    if (const auto* nodes = value.as<Nodeset>()) return nodes->size;
    if (const auto* object = value.as<Object>()) return object->size();
    if (const auto* bytes = value.as<Bytes>()) return bytes->data.size();
    return std::nullopt;
}

// Predicates of texts alone.
Judgement of_text(const Value& actual, bool (*test)(const std::string&), const char* expected) {
    const auto* text = actual.as<std::string>();
    if (text == nullptr) return {false, false, described(actual), "string"};
    return {test(*text), true, *text, expected};
}

// Predicates without a value.
Judgement judge(Kind kind, const Value& actual) {
    const auto is = [&](bool holds, const char* name) { return Judgement{holds, true, described(actual), name}; };
    const auto* number = actual.as<Number>();
    const bool real = number != nullptr && std::holds_alternative<double>(*number);
    const bool list = actual.as<List>() || actual.as<Bytes>();
    const bool object = actual.as<Object>() || actual.as<Nodeset>();
    switch (kind) {
        case Kind::exists: {
            const auto* nodes = actual.as<Nodeset>();
            return is(nodes == nullptr || nodes->size > 0, "something");
        }
        case Kind::is_boolean: return is(actual.as<bool>() != nullptr, "boolean");
        case Kind::is_collection: return is(list || object, "collection");
        case Kind::is_date: return is(actual.as<Date>() != nullptr, "date");
        case Kind::is_float: return is(real, "float");
        case Kind::is_integer: return is(number != nullptr && !real, "integer");
        case Kind::is_list: return is(list, "list");
        case Kind::is_number: return is(number != nullptr, "number");
        case Kind::is_object: return is(object, "object");
        case Kind::is_string: return is(actual.as<std::string>() != nullptr, "string");
        case Kind::is_ipv4:
            return of_text(
                actual, [](const std::string& t) { return is_address(AF_INET, t); }, "string in IPv4 format");
        case Kind::is_ipv6:
            return of_text(
                actual, [](const std::string& t) { return is_address(AF_INET6, t); }, "string in IPv6 format");
        case Kind::is_uuid:
            return of_text(
                actual, [](const std::string& t) { return is_uuid(t); }, "string in UUID format");
        case Kind::is_iso_date:
            return of_text(
                actual, [](const std::string& t) { return is_rfc3339(t); },
                "string with format YYYY-MM-DDTHH:mm:ss.sssZ");
        case Kind::is_empty: {
            const auto size = size_of(actual);
            if (!size) return {false, false, described(actual), "count equals to 0"};
            return {*size == 0, true, fmt::format("count equals to {}", *size), "count equals to 0"};
        }
        default: return {};
    }
}

bool takes_value(Kind kind) { return kind <= Kind::matches; }

// What is expected of a value that is not there.
std::string expected_of_nothing(Kind kind, const Value& expected) {
    const auto words = [&](const char* text) { return fmt::format("{} {}", text, described(expected)); };
    switch (kind) {
        case Kind::equal:
        case Kind::not_equal: return described(expected);
        case Kind::greater: return fmt::format("greater than <{}>", described(expected));
        case Kind::greater_or_equal: return fmt::format("greater than or equals to <{}>", described(expected));
        case Kind::less: return fmt::format("less than <{}>", described(expected));
        case Kind::less_or_equal: return fmt::format("less than or equals to <{}>", described(expected));
        case Kind::starts_with: return words("starts with");
        case Kind::ends_with: return words("ends with");
        case Kind::contains: return words("contains");
        case Kind::includes: return words("include");
        case Kind::matches: {
            const auto* regex = expected.as<std::shared_ptr<const Regex>>();
            return fmt::format("matches regex <{}>", regex != nullptr ? (*regex)->pattern() : shown(expected));
        }
        case Kind::is_empty: return "empty";
        case Kind::is_ipv4: return "ipv4";
        case Kind::is_ipv6: return "ipv6";
        case Kind::is_uuid: return "uuid";
        case Kind::is_iso_date: return "date";
        default: return judge(kind, Value{}).expected;
    }
}

Evaluated<Judgement> matched(const model::Predicate& predicate, const Value& actual, const Value& expected) {
    Judgement judged{false, true, described(actual), fmt::format("matches regex <{}>", shown(expected))};
    std::shared_ptr<const Regex> regex;
    if (const auto* compiled = expected.as<std::shared_ptr<const Regex>>()) {
        regex = *compiled;
    } else if (const auto* source = expected.as<std::string>()) {
        auto made = Regex::compile(*source);
        if (!made) return tl::unexpected(Fault{predicate.span, "Invalid regex", "regex expression is not valid"});
        regex = *made;
    }
    const auto* text = actual.as<std::string>();
    judged.comparable = regex && text != nullptr;
    if (!judged.comparable) return judged;
    const auto found = regex->search(*text);
    if (!found) return tl::unexpected(Fault{predicate.span, "Invalid regex", "regex takes too much work"});
    judged.holds = found->has_value();
    return judged;
}

}  // namespace

Evaluated<Value> Evaluator::expected_value(const model::PredicateValue& value) const {
    if (const auto* on = std::get_if<bool>(&value.value)) return Value{*on};
    if (const auto* number = std::get_if<Number>(&value.value)) return Value{*number};
    if (const auto* placeholder = std::get_if<model::Placeholder>(&value.value)) return this->value(*placeholder);
    if (const auto* source = std::get_if<model::Template>(&value.value)) {
        ASSAY_TRY(auto result, text(*source));
        return Value{std::move(result)};
    }
    if (const auto* pattern = std::get_if<model::Pattern>(&value.value)) {
        ASSAY_TRY(auto regex, this->pattern(*pattern));
        return Value{std::move(regex)};
    }
    if (const auto* bytes = std::get_if<model::Body>(&value.value)) {
        ASSAY_TRY(auto data, body(*bytes));
        const bool is_bytes = bytes->kind == model::Body::Kind::bytes || bytes->kind == model::Body::Kind::file;
        return is_bytes ? Value{Bytes{std::move(data)}} : Value{std::move(data)};
    }
    return Value{Null{}};
}

Evaluated<void> Evaluator::predicate(const model::Predicate& predicate, const std::optional<Value>& actual) const {
    Value expected;
    if (takes_value(predicate.kind)) {
        ASSAY_TRY(expected, expected_value(predicate.value));
    }
    Judgement judged;
    if (!actual) {
        judged = {false, true, "none", expected_of_nothing(predicate.kind, expected)};
    } else {
        switch (predicate.kind) {
            case Kind::equal: judged = {*actual == expected, true, described(*actual), described(expected)}; break;
            case Kind::not_equal:
                judged = {!(*actual == expected), true, described(*actual), described(expected)};
                break;
            case Kind::greater:
            case Kind::greater_or_equal:
            case Kind::less:
            case Kind::less_or_equal: judged = ordered(predicate.kind, *actual, expected); break;
            case Kind::starts_with:
            case Kind::ends_with: judged = at_an_end(*actual, expected, predicate.kind == Kind::starts_with); break;
            case Kind::contains: judged = contained(*actual, expected); break;
            case Kind::includes: {
                const auto* list = actual->as<List>();
                judged = {list != nullptr && contains(*list, expected), list != nullptr, described(*actual),
                          "includes " + described(expected)};
                break;
            }
            case Kind::matches: {
                ASSAY_TRY(judged, matched(predicate, *actual, expected));
                break;
            }
            default: judged = judge(predicate.kind, *actual);
        }
    }
    if (judged.comparable && judged.holds != predicate.negated) return {};
    std::string message = fmt::format("   actual:   {}\n   expected: {}{}", judged.actual,
                                      predicate.negated ? "not " : "", judged.expected);
    if (!judged.comparable) message += "\n   >>> types between actual and expected are not consistent";
    const auto line = predicate.span.begin.line;
    return tl::unexpected(Fault{{{line, 0}, {line, 0}}, "Assert failure", std::move(message)});
}

}  // namespace assay::hurl
