// JSON bodies of Hurl files: checked as JSON, kept as written, cut at their placeholders.
#include "harness/suite/hurl_parser.h"

namespace assay::suite::hurl {
namespace {

constexpr int kDepthLimit = 200;  // of lists and objects in each other; beyond it the reader's stack is at risk

bool is_blank(char32_t c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

Fault json_fault(Position at, std::string message) { return {at, false, "Parsing JSON", std::move(message)}; }

class JsonReader {
 public:
    JsonReader(Cursor& in, bool keep_blanks) : in_(in), keep_blanks_(keep_blanks) {}

    Parsed<void> value();
    Parsed<void> object();
    std::vector<JsonPiece> take() { return std::move(pieces_); }

 private:
    Parsed<void> element();  // a value where one must be
    Parsed<void> list();
    Parsed<void> string(bool key);
    Parsed<void> number();
    Parsed<Char> any_char();
    Parsed<char32_t> four_digits();
    Parsed<char32_t> unicode();

    void text(std::string_view more) {
        if (pieces_.empty() || pieces_.back().kind != JsonPiece::Kind::text) pieces_.emplace_back();
        pieces_.back().text.append(more);
    }
    void put(JsonPiece::Kind kind, Placeholder found) { pieces_.push_back({kind, {}, std::move(found)}); }
    void blanks() {
        const auto skipped = in_.read_while(is_blank);
        if (keep_blanks_) text(skipped);
    }
    Parsed<void> expect(std::string_view token) {
        const auto at = in_.position();
        if (!in_.take(token)) return not_this(expecting(at, token));
        text(token);
        return {};
    }
    // After a comma: the list or object must go on.
    Parsed<void> no_trailing(Position comma, char32_t close) {
        const auto here = in_.place();
        in_.read_while(is_blank);
        const bool trailing = in_.peek() == close;
        in_.seek(here);
        if (trailing) return not_this(json_fault(comma, "trailing comma is not allowed"));
        return {};
    }

    Cursor& in_;
    bool keep_blanks_;
    std::vector<JsonPiece> pieces_;
    int depth_ = 0;
};

Parsed<void> JsonReader::value() {
    const auto at = in_.position();
    for (const std::string_view word : {"null", "true", "false"}) {
        if (!in_.take(word)) continue;
        text(word);
        return {};
    }
    const char32_t c = in_.peek();
    if (c == '"') return string(false);
    if (c == '-' || is_digit(c)) return number();
    if (in_.looking_at("{{")) {
        ASSAY_TRY(auto found, placeholder(in_));
        put(JsonPiece::Kind::value, std::move(found));
        return {};
    }
    if (c == '[') return list();
    if (c == '{') return object();
    return not_this(expecting(at, "{", true));
}

Parsed<void> JsonReader::element() {
    const auto at = in_.position();
    if (in_.peek() == ',') return not_this(json_fault(at, "expecting an element; found empty element instead"));
    auto read = value();
    if (read || !read.error().recoverable) return read;
    return not_this(json_fault(read.error().at, "expecting a boolean, number, string, array, object or null"));
}

Parsed<void> JsonReader::list() {
    if (++depth_ > kDepthLimit) return not_this(json_fault(in_.position(), "too many lists and objects in each other"));
    ASSAY_CHECK(expect("["));
    blanks();
    if (in_.peek() != ']') {
        for (;;) {
            blanks();
            ASSAY_CHECK(element());
            blanks();
            const auto comma = in_.position();
            if (in_.peek() != ',') break;
            ASSAY_CHECK(expect(","));
            ASSAY_CHECK(no_trailing(comma, ']'));
        }
    }
    --depth_;
    return expect("]");
}

Parsed<void> JsonReader::object() {
    const auto begin = in_.position();
    if (in_.peek() != '{') return not_this(expecting(begin, "{", true));
    if (++depth_ > kDepthLimit) return not_this(json_fault(begin, "too many lists and objects in each other"));
    ASSAY_CHECK(expect("{"));
    blanks();
    if (in_.peek() != '}') {
        for (;;) {
            blanks();
            if (in_.peek() != '"') return not_this(expecting(in_.position(), "\""));
            ASSAY_CHECK(string(true));
            blanks();
            ASSAY_CHECK(expect(":"));
            const auto after = in_.position();
            blanks();
            if (in_.peek() == '}' || in_.at_end())
                return not_this(json_fault(after, "expecting an element; found empty element instead"));
            ASSAY_CHECK(element());
            blanks();
            const auto comma = in_.position();
            if (in_.peek() != ',') break;
            ASSAY_CHECK(expect(","));
            ASSAY_CHECK(no_trailing(comma, '}'));
        }
    }
    --depth_;
    return expect("}");
}

Parsed<void> JsonReader::number() {
    const auto start = in_.place();
    in_.take("-");
    const auto at = in_.position();
    if (!in_.take("0") && in_.read_while(is_digit).empty()) return not_this(expecting(at, "number", true));
    if (in_.take(".") && in_.read_while(is_digit).empty()) return not_this(expecting(in_.position(), "digits"));
    if (in_.take("e") || in_.take("E")) {
        if (!in_.take("-")) in_.take("+");
        in_.read_while(is_digit);
    }
    std::string digits(in_.since(start));
    for (char& c : digits)
        if (c == 'E') c = 'e';  // as Hurl writes it
    text(digits);
    return {};
}

Parsed<char32_t> JsonReader::four_digits() {
    char32_t value = 0;
    for (int i = 0; i < 4; ++i) {
        const auto at = in_.position();
        const char32_t c = in_.read();
        if (!is_hex_digit(c))
            return not_this({at, false, "Parsing hexadecimal number", "expecting a valid hexadecimal number"});
        value = value * 16 + (is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return value;
}

Parsed<char32_t> JsonReader::unicode() {
    const auto at = in_.position();
    ASSAY_TRY(const char32_t first, four_digits());
    if (first < 0xD800 || first > 0xDFFF) return first;
    const auto next = in_.position();
    if (!in_.take("\\u")) return not_this(expecting(next, "\\u"));
    ASSAY_TRY(const char32_t second, four_digits());
    if (first > 0xDBFF || second < 0xDC00 || second > 0xDFFF)
        return not_this({at, false, "Parsing unicode literal", "Invalid unicode literal"});
    return 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
}

Parsed<Char> JsonReader::any_char() {
    const auto start = in_.place();
    char32_t c = in_.read();
    if (c == '\\') {
        const auto at = in_.position();
        c = in_.read();
        switch (c) {
            case '"':
            case '\\':
            case '/': break;
            case 'b': c = U'\b'; break;
            case 'f': c = U'\f'; break;
            case 'n': c = U'\n'; break;
            case 'r': c = U'\r'; break;
            case 't': c = U'\t'; break;
            case 'u': {
                ASSAY_TRY(c, unicode());
                break;
            }
            default: return not_this({at, false, "Parsing escape character", "the escaping sequence is not valid"});
        }
    } else if (c == '\b' || c == '\n' || c == '\f' || c == '\r' || c == '\t') {
        return not_this(expecting(start.position, "char"));
    }
    return Char{c, std::string(in_.since(start)), start.position};
}

Parsed<void> JsonReader::string(bool key) {
    in_.take("\"");
    const auto begin = in_.position();
    std::vector<Char> chars;
    while (in_.peek() != '"' && !in_.at_end()) {
        ASSAY_TRY(auto c, any_char());
        chars.push_back(std::move(c));
    }
    const Span span{begin, in_.position()};
    if (!in_.take("\"")) return not_this(expecting(span.end, "\""));
    ASSAY_TRY(auto cut, cut_template(chars, span));
    text("\"");
    for (auto& piece : cut.pieces) {
        if (auto* literal = std::get_if<Literal>(&piece)) {
            text(key ? literal->value : literal->source);  // Hurl undoes the escapes of keys
        } else {
            put(key ? JsonPiece::Kind::in_key : JsonPiece::Kind::in_string, std::move(std::get<Placeholder>(piece)));
        }
    }
    text("\"");
    return {};
}

}  // namespace

Parsed<std::vector<JsonPiece>> json_value(Cursor& in, bool keep_blanks) {
    JsonReader reader(in, keep_blanks);
    ASSAY_CHECK(reader.value());
    return reader.take();
}

Parsed<std::vector<JsonPiece>> json_object(Cursor& in, bool keep_blanks) {
    JsonReader reader(in, keep_blanks);
    ASSAY_CHECK(reader.object());
    return reader.take();
}

bool begins_with_scalar(std::string_view text) {
    if (text.starts_with("null") || text.starts_with("true") || text.starts_with("false")) return true;
    if (text.starts_with("-")) text.remove_prefix(1);
    if (text.empty() || !is_digit(static_cast<unsigned char>(text.front()))) return false;
    std::size_t at = text.front() == '0' ? 1 : text.find_first_not_of("0123456789");
    if (at < text.size() && text[at] == '.')
        return at + 1 < text.size() && is_digit(static_cast<unsigned char>(text[at + 1]));
    return true;
}

}  // namespace assay::suite::hurl
