#include "harness/hurl/jsonpath.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace assay::hurl {

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

struct JsonPath::Query {
    bool relative = false;  // "@"
    std::vector<Segment> segments;
};

namespace {

using Query = JsonPath::Query;

// What a comparison or a function takes: a literal, the one node of a query, or what a function made.
struct Operand {
    enum class Kind { literal, query, length, count, value };
    Kind kind = Kind::literal;
    Value literal;
    Query query;
    std::shared_ptr<const Operand> argument;  // of length()
};

}  // namespace

struct Expression {
    enum class Kind { any, all, negation, compare, exists, match, search };
    Kind kind = Kind::exists;
    std::vector<Expression> parts;
    std::string comparison;  // "==", ...
    Operand left, right;
    Query query;
    std::shared_ptr<const Regex> pattern;  // of match and search, where it is a literal
};

namespace {

constexpr int kDepth = 50;  // of parentheses and filters in each other
constexpr std::int64_t kSafe = 9007199254740991;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

class Reader {
 public:
    explicit Reader(std::string_view text) : in_(text) {}

    bool root(Query& query) { return take("$") && segments(query.segments) && at_ == in_.size(); }

 private:
    [[nodiscard]] char peek() const { return at_ < in_.size() ? in_[at_] : '\0'; }
    bool take(std::string_view token) {
        if (!in_.substr(at_).starts_with(token)) return false;
        at_ += token.size();
        return true;
    }
    void blanks() {
        while (at_ < in_.size() && std::string_view(" \t\n\r").find(in_[at_]) != std::string_view::npos) ++at_;
    }

    bool segments(std::vector<Segment>& all) {
        for (;;) {
            const auto start = at_;
            blanks();
            Segment next;
            next.descendants = take("..");
            if (peek() == '[') {
                if (!brackets(next.selectors)) return false;
            } else if (next.descendants || take(".")) {
                Selector selector;
                if (!take("*")) {
                    selector.kind = Selector::Kind::name;
                    if (!member_name(selector.name)) return false;
                }
                next.selectors.push_back(std::move(selector));
            } else {
                at_ = start;
                return true;
            }
            all.push_back(std::move(next));
        }
    }

    bool member_name(std::string& name) {
        while (at_ < in_.size()) {
            const char c = in_[at_];
            const bool letter =
                c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<signed char>(c) < 0;
            if (!letter && (name.empty() || !is_digit(c))) break;
            name += c;
            ++at_;
        }
        return !name.empty();
    }

    bool brackets(std::vector<Selector>& all) {
        take("[");
        do {
            blanks();
            Selector next;
            if (!selector(next)) return false;
            all.push_back(std::move(next));
            blanks();
        } while (take(","));
        return take("]");
    }

    bool selector(Selector& next) {
        const char c = peek();
        if (c == '"' || c == '\'') {
            next.kind = Selector::Kind::name;
            return quoted(next.name);
        }
        if (take("*")) return true;
        if (take("?")) {
            next.kind = Selector::Kind::filter;
            blanks();
            auto filter = std::make_shared<Expression>();
            if (++depth_ > kDepth || !either(*filter)) return false;
            --depth_;
            next.filter = std::move(filter);
            return true;
        }
        next.kind = Selector::Kind::index;
        if (c != ':' && !index(next.begin)) return false;
        const auto here = at_;
        blanks();
        if (!take(":")) {
            at_ = here;
            return next.begin.has_value();
        }
        next.kind = Selector::Kind::slice;
        blanks();
        if (is_digit(peek()) || peek() == '-') {
            if (!index(next.end)) return false;
            blanks();
        }
        if (take(":")) {
            blanks();
            std::optional<std::int64_t> step;
            if ((is_digit(peek()) || peek() == '-') && !index(step)) return false;
            next.step = step.value_or(1);
        }
        return true;
    }

    bool index(std::optional<std::int64_t>& into) {
        const auto start = at_;
        take("-");
        const auto digits = at_;
        while (is_digit(peek())) ++at_;
        const auto text = in_.substr(start, at_ - start);
        if (digits == at_ || (in_[digits] == '0' && text != "0")) return false;
        std::int64_t value = 0;
        if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc{}) return false;
        if (value > kSafe || value < -kSafe) return false;
        into = value;
        return true;
    }

    bool hex4(char32_t& code) {
        code = 0;
        for (int i = 0; i < 4; ++i, ++at_) {
            const char c = peek();
            const bool letter = (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
            if (!is_digit(c) && !letter) return false;
            code = code * 16 + static_cast<char32_t>(is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
        }
        return true;
    }

    bool quoted(std::string& text) {
        const char quote = in_[at_++];
        while (at_ < in_.size()) {
            const char c = in_[at_++];
            if (c == quote) return true;
            if (static_cast<unsigned char>(c) < 0x20) return false;
            if (c != '\\') {
                text += c;
                continue;
            }
            const char escaped = at_ < in_.size() ? in_[at_++] : '\0';
            switch (escaped) {
                case 'b': text += '\b'; break;
                case 'f': text += '\f'; break;
                case 'n': text += '\n'; break;
                case 'r': text += '\r'; break;
                case 't': text += '\t'; break;
                case '/':
                case '\\': text += escaped; break;
                case 'u': {
                    char32_t code = 0, low = 0;
                    if (!hex4(code) || (code >= 0xDC00 && code <= 0xDFFF)) return false;
                    if (code >= 0xD800 && code <= 0xDBFF) {
                        if (!take("\\u") || !hex4(low) || low < 0xDC00 || low > 0xDFFF) return false;
                        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
                    }
                    utf8(text, code);
                    break;
                }
                default:
                    if (escaped != quote) return false;
                    text += escaped;
            }
        }
        return false;
    }

    static void utf8(std::string& text, char32_t c) {
        if (c < 0x80) {
            text += static_cast<char>(c);
            return;
        }
        const int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
        constexpr int kFirst[] = {0, 0xC0, 0xE0, 0xF0};
        text += static_cast<char>(static_cast<char32_t>(kFirst[more]) | (c >> (6 * more)));
        for (int i = more - 1; i >= 0; --i) text += static_cast<char>(0x80 | ((c >> (6 * i)) & 0x3F));
    }

    bool either(Expression& result) {
        Expression first;
        if (!both(first)) return false;
        result.kind = Expression::Kind::any;
        result.parts.push_back(std::move(first));
        for (blanks(); take("||"); blanks()) {
            blanks();
            result.parts.emplace_back();
            if (!both(result.parts.back())) return false;
        }
        return true;
    }

    bool both(Expression& result) {
        result.kind = Expression::Kind::all;
        do {
            blanks();
            result.parts.emplace_back();
            if (!basic(result.parts.back())) return false;
            blanks();
        } while (take("&&"));
        return true;
    }

    bool basic(Expression& result) {
        const auto start = at_;
        const bool negated = take("!");
        blanks();
        if (take("(")) {
            Expression inside;
            blanks();
            if (++depth_ > kDepth || !either(inside)) return false;
            --depth_;
            blanks();
            if (!take(")")) return false;
            return finish(result, std::move(inside), negated);
        }
        if (!negated) {
            if (comparison(result)) return true;
            at_ = start;
        }
        Expression test;
        if (peek() == '@' || peek() == '$') {
            if (!query(test.query)) return false;
        } else if (!matching(test)) {
            return false;
        }
        return finish(result, std::move(test), negated);
    }

    static bool finish(Expression& result, Expression inside, bool negated) {
        if (!negated) {
            result = std::move(inside);
            return true;
        }
        result.kind = Expression::Kind::negation;
        result.parts.push_back(std::move(inside));
        return true;
    }

    bool query(Query& query) {
        query.relative = peek() == '@';
        ++at_;
        return segments(query.segments);
    }

    // One that finds at most one node: names and indices alone.
    bool singular(Query& query) {
        if (peek() != '@' && peek() != '$') return false;
        if (!this->query(query)) return false;
        return std::all_of(query.segments.begin(), query.segments.end(), [](const Segment& segment) {
            return !segment.descendants && segment.selectors.size() == 1 &&
                   (segment.selectors[0].kind == Selector::Kind::name ||
                    segment.selectors[0].kind == Selector::Kind::index);
        });
    }

    bool comparison(Expression& result) {
        result.kind = Expression::Kind::compare;
        if (!operand(result.left)) return false;
        blanks();
        for (const std::string_view sign : {"==", "!=", "<=", "<", ">=", ">"}) {
            if (!take(sign)) continue;
            result.comparison = sign;
            blanks();
            return operand(result.right);
        }
        return false;
    }

    bool operand(Operand& result) {
        if (literal(result.literal)) return true;
        if (peek() == '@' || peek() == '$') {
            result.kind = Operand::Kind::query;
            return singular(result.query);
        }
        if (take("length(")) {
            result.kind = Operand::Kind::length;
            auto argument = std::make_shared<Operand>();
            blanks();
            if (++depth_ > kDepth || !operand(*argument)) return false;
            --depth_;
            result.argument = std::move(argument);
        } else if (take("count(") || take("value(")) {
            result.kind = in_[at_ - 2] == 't' ? Operand::Kind::count : Operand::Kind::value;
            blanks();
            if ((peek() != '@' && peek() != '$') || !query(result.query)) return false;
        } else {
            return false;
        }
        blanks();
        return take(")");
    }

    bool literal(Value& value) {
        if (take("null"))
            value = {Null{}};
        else if (take("true"))
            value = {true};
        else if (take("false"))
            value = {false};
        else if (peek() == '"' || peek() == '\'') {
            std::string text;
            if (!quoted(text)) return false;
            value = {std::move(text)};
        } else if (is_digit(peek()) || peek() == '-') {
            return number(value);
        } else {
            return false;
        }
        return true;
    }

    bool number(Value& value) {
        const auto start = at_;
        take("-");
        const auto digits = at_;
        while (is_digit(peek())) ++at_;
        if (at_ == digits || (in_[digits] == '0' && at_ - digits > 1)) return false;
        bool real = false;
        if (take(".")) {
            real = true;
            if (!is_digit(peek())) return false;
            while (is_digit(peek())) ++at_;
        }
        if (take("e") || take("E")) {
            real = true;
            if (!take("+")) take("-");
            if (!is_digit(peek())) return false;
            while (is_digit(peek())) ++at_;
        }
        const auto text = in_.substr(start, at_ - start);
        std::int64_t whole = 0;
        if (!real && std::from_chars(text.data(), text.data() + text.size(), whole).ec == std::errc{}) {
            value = integer(whole);
            return true;
        }
        double number = 0;
        if (std::from_chars(text.data(), text.data() + text.size(), number).ec != std::errc{}) return false;
        value = real ? Value{Number(number)} : Value{Number(std::string(text))};
        return true;
    }

    // match(value, pattern) and search(value, pattern)
    bool matching(Expression& result) {
        if (take("match("))
            result.kind = Expression::Kind::match;
        else if (take("search("))
            result.kind = Expression::Kind::search;
        else
            return false;
        blanks();
        if (!operand(result.left)) return false;
        blanks();
        if (!take(",")) return false;
        blanks();
        if (!operand(result.right)) return false;
        if (const auto* text = result.right.literal.as<std::string>();
            text && result.right.kind == Operand::Kind::literal) {
            const auto pattern = Regex::compile(*text);
            if (!pattern) return false;
            const auto whole = result.kind == Expression::Kind::match ? Regex::compile("^" + *text + "$") : pattern;
            if (!whole) return false;
            result.pattern = *whole;
        }
        blanks();
        return take(")");
    }

    std::string_view in_;
    std::size_t at_ = 0;
    int depth_ = 0;
};

// Evaluation.

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
    if (!Reader(text).root(*query)) return std::nullopt;
    return JsonPath(std::move(query));
}

std::vector<const Value*> JsonPath::find(const Value& root) const { return run(*query_, root, root); }

}  // namespace assay::hurl
