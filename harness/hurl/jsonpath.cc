#include "harness/hurl/jsonpath.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "harness/hurl/jsonpath_query.h"

namespace assay::hurl {

namespace {

using jsonpath::Expression;
using jsonpath::Operand;
using jsonpath::Query;
using jsonpath::Segment;
using jsonpath::Selector;

using Nodes = std::vector<const Value*>;

Nodes run(const Query& query, const Value& current, const Value& root);
bool holds(const Expression& expression, const Value& current, const Value& root);

std::optional<Value> value_of(const Operand& operand, const Value& current, const Value& root) {
    switch (operand.kind) {
        case Operand::Kind::literal: return operand.literal;
        case Operand::Kind::count: return integer(static_cast<std::int64_t>(run(operand.query, current, root).size()));
        case Operand::Kind::query:
        case Operand::Kind::value: {
            const auto nodes = run(operand.query, current, root);
            return nodes.size() == 1 ? std::optional<Value>(*nodes[0]) : std::nullopt;
        }
        case Operand::Kind::length: {
            const auto of = value_of(*operand.argument, current, root);
            if (!of) return std::nullopt;
            if (const auto* list = of->as<List>()) return integer(static_cast<std::int64_t>(list->size()));
            if (const auto* object = of->as<Object>()) return integer(static_cast<std::int64_t>(object->size()));
            const auto* text = of->as<std::string>();
            if (text == nullptr) return std::nullopt;
            return integer(std::count_if(text->begin(), text->end(), [](char c) { return (c & 0xC0) != 0x80; }));
        }
    }
    return std::nullopt;
}

double real(const Number& number) {
    if (const auto* whole = std::get_if<std::int64_t>(&number)) return static_cast<double>(*whole);
    if (const auto* value = std::get_if<double>(&number)) return *value;
    const auto& digits = std::get<std::string>(number);
    double value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
}

constexpr double kNear = 1e-12;

bool equal(const std::optional<Value>& a, const std::optional<Value>& b) {
    if (!a || !b) return !a && !b;
    if (a->as<Number>() && b->as<Number>()) return std::abs(real(*a->as<Number>()) - real(*b->as<Number>())) < kNear;
    return *a == *b;
}

bool less(const std::optional<Value>& a, const std::optional<Value>& b) {
    if (!a || !b) return false;
    if (a->as<std::string>() && b->as<std::string>()) return *a->as<std::string>() < *b->as<std::string>();
    return a->as<Number>() && b->as<Number>() && real(*b->as<Number>()) - real(*a->as<Number>()) > kNear;
}

bool compared(const Expression& expression, const Value& current, const Value& root) {
    const auto a = value_of(expression.left, current, root), b = value_of(expression.right, current, root);
    const auto& sign = expression.comparison;
    if (sign == "==") return equal(a, b);
    if (sign == "!=") return !equal(a, b);
    if (sign == "<") return less(a, b);
    if (sign == "<=") return less(a, b) || equal(a, b);
    if (sign == ">") return less(b, a);
    return less(b, a) || equal(a, b);
}

bool matched(const Expression& expression, const Value& current, const Value& root) {
    const auto subject = value_of(expression.left, current, root);
    const auto* text = subject ? subject->as<std::string>() : nullptr;
    if (text == nullptr) return false;
    auto pattern = expression.pattern;
    if (!pattern) {
        const auto given = value_of(expression.right, current, root);
        const auto* source = given ? given->as<std::string>() : nullptr;
        if (source == nullptr) return false;
        const auto made = Regex::compile(expression.kind == Expression::Kind::match ? "^" + *source + "$" : *source);
        if (!made) return false;
        pattern = *made;
    }
    const auto found = pattern->search(*text);
    return found && *found;
}

bool holds(const Expression& expression, const Value& current, const Value& root) {
    const auto each = [&](const Expression& part) { return holds(part, current, root); };
    const auto& parts = expression.parts;
    switch (expression.kind) {
        case Expression::Kind::any: return std::any_of(parts.begin(), parts.end(), each);
        case Expression::Kind::all: return std::all_of(parts.begin(), parts.end(), each);
        case Expression::Kind::negation: return !each(parts[0]);
        case Expression::Kind::compare: return compared(expression, current, root);
        case Expression::Kind::exists: return !run(expression.query, current, root).empty();
        case Expression::Kind::match:
        case Expression::Kind::search: return matched(expression, current, root);
    }
    return false;
}

template <typename Use>
void children(const Value& value, Use use) {
    if (const auto* list = value.as<List>()) {
        for (const auto& item : *list) use(item);
    } else if (const auto* object = value.as<Object>()) {
        for (const auto& member : *object) use(member.second);
    }
}

void slice(const Selector& selector, const List& list, Nodes& found) {
    const auto size = static_cast<std::int64_t>(list.size());
    const auto step = selector.step;
    if (step == 0) return;
    const auto counted = [size](std::int64_t index) { return index >= 0 ? index : size + index; };
    const auto begin = counted(selector.begin.value_or(step > 0 ? 0 : size - 1));
    const auto end = counted(selector.end.value_or(step > 0 ? size : -size - 1));
    if (step > 0) {
        const auto last = std::clamp<std::int64_t>(end, 0, size);
        for (auto i = std::clamp<std::int64_t>(begin, 0, size); i < last; i += step)
            found.push_back(&list[static_cast<std::size_t>(i)]);
    } else {
        const auto last = std::clamp<std::int64_t>(end, -1, size - 1);
        for (auto i = std::clamp<std::int64_t>(begin, -1, size - 1); i > last; i += step)
            found.push_back(&list[static_cast<std::size_t>(i)]);
    }
}

void select(const Selector& selector, const Value& value, const Value& root, Nodes& found) {
    const auto* list = value.as<List>();
    switch (selector.kind) {
        case Selector::Kind::name:
            if (const auto* member = value.member(selector.name)) found.push_back(member);
            return;
        case Selector::Kind::wildcard: children(value, [&](const Value& child) { found.push_back(&child); }); return;
        case Selector::Kind::index: {
            if (list == nullptr) return;
            const auto size = static_cast<std::int64_t>(list->size());
            const auto index = *selector.begin >= 0 ? *selector.begin : size + *selector.begin;
            if (index >= 0 && index < size) found.push_back(&(*list)[static_cast<std::size_t>(index)]);
            return;
        }
        case Selector::Kind::slice:
            if (list != nullptr) slice(selector, *list, found);
            return;
        case Selector::Kind::filter:
            children(value, [&](const Value& child) {
                if (holds(*selector.filter, child, root)) found.push_back(&child);
            });
            return;
    }
}

void descend(const Segment& segment, const Value& value, const Value& root, Nodes& found) {
    for (const auto& selector : segment.selectors) select(selector, value, root, found);
    if (segment.descendants) children(value, [&](const Value& child) { descend(segment, child, root, found); });
}

Nodes run(const Query& query, const Value& current, const Value& root) {
    Nodes nodes{query.relative ? &current : &root};
    for (const auto& segment : query.segments) {
        Nodes next;
        for (const auto* node : nodes) descend(segment, *node, root, next);
        nodes = std::move(next);
    }
    return nodes;
}

}  // namespace

JsonPath::JsonPath(std::unique_ptr<Query> query) : query_(std::move(query)) {}
JsonPath::~JsonPath() = default;
JsonPath::JsonPath(JsonPath&&) noexcept = default;
JsonPath& JsonPath::operator=(JsonPath&&) noexcept = default;

std::optional<JsonPath> JsonPath::parse(std::string_view text) {
    auto query = std::make_unique<Query>();
    if (!jsonpath::read(text, *query)) return std::nullopt;
    return JsonPath(std::move(query));
}

std::vector<const Value*> JsonPath::find(const Value& root) const { return run(*query_, root, root); }

}  // namespace assay::hurl
