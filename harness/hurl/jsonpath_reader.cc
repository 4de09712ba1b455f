#include <charconv>

#include "harness/hurl/jsonpath_query.h"

namespace assay::hurl::jsonpath {

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

}  // namespace

bool read(std::string_view text, Query& query) { return Reader(text).root(query); }

}  // namespace assay::hurl::jsonpath
