// Bodies of Hurl files in all their forms, byte strings, file names and numbers.
#include <fmt/format.h>

#include <charconv>

#include "harness/suite/hurl_parser.h"

namespace assay::suite::hurl {
namespace {

int hex_value(char32_t c) { return static_cast<int>(is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10); }

int base64_value(char32_t c) {
    if (c >= 'A' && c <= 'Z') return static_cast<int>(c - 'A');
    if (c >= 'a' && c <= 'z') return static_cast<int>(c - 'a' + 26);
    if (is_digit(c)) return static_cast<int>(c - '0' + 52);
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool is_name_start(char32_t c) { return c == '_' || c == ':' || c >= 0x80 || is_alphanumeric(c); }

// Finds the end of an XML document's root element: tags must match, the rest is the server's to judge.
class XmlScan {
 public:
    explicit XmlScan(Cursor& in) : in_(in) {}
    // False: it is no XML; the cursor stands where that shows.
    bool document() {
        do {
            if (in_.at_end()) return false;
            if (in_.peek() != '<') {
                if (open_.empty() && !blank(in_.peek())) return false;
                in_.read();
                continue;
            }
            if (!markup()) return false;
        } while (!done_);
        return true;
    }

 private:
    static bool blank(char32_t c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
    bool past(std::string_view end) {
        while (!in_.at_end())
            if (in_.take(end))
                return true;
            else
                in_.read();
        return false;
    }
    bool doctype() {
        for (int depth = 0; !in_.at_end();) {
            const char32_t c = in_.read();
            if (c == '[') ++depth;
            if (c == ']') --depth;
            if (c == '>' && depth <= 0) return true;
        }
        return false;
    }
    std::string_view name() {
        return in_.read_while([](char32_t c) { return is_name_start(c) || is_digit(c) || c == '-' || c == '.'; });
    }
    bool markup() {
        if (in_.take("<!--")) return past("-->");
        if (in_.take("<?")) return past("?>");
        if (in_.take("<![CDATA[")) return !open_.empty() && past("]]>");
        if (in_.looking_at("<!DOCTYPE")) return open_.empty() && doctype();
        if (in_.take("</")) {
            const auto tag = name();
            in_.read_while(blank);
            if (open_.empty() || tag != open_.back() || !in_.take(">")) return false;
            open_.pop_back();
            done_ = open_.empty();
            return true;
        }
        in_.read();
        const auto tag = name();
        return !tag.empty() && attributes(tag);
    }
    bool attributes(std::string_view tag) {
        for (;;) {
            in_.read_while(blank);
            if (in_.take("/>")) {
                done_ = open_.empty();
                return true;
            }
            if (in_.take(">")) {
                open_.emplace_back(tag);
                return true;
            }
            if (name().empty()) return false;
            in_.read_while(blank);
            if (!in_.take("=")) return false;
            in_.read_while(blank);
            const char32_t quote = in_.read();
            if (quote != '"' && quote != '\'') return false;
            const auto inside = in_.read_while([quote](char32_t c) { return c != quote && c != '<'; });
            (void)inside;
            if (in_.read() != quote) return false;
        }
    }

    Cursor& in_;
    std::vector<std::string_view> open_;
    bool done_ = false;
};

}  // namespace

// Any body. Recoverable when none begins here.
Parsed<Body> Parser::body_value() {
    if (in_.looking_at("```")) return multiline();
    if (in_.peek() == '`') return one_line();
    if (in_.peek() == '<') return xml();
    if (in_.looking_at("base64")) return base64();
    if (in_.looking_at("hex")) return hex();
    if (in_.looking_at("file")) return file();
    Body body;
    body.kind = Body::Kind::json;
    body.span.begin = in_.position();
    ASSAY_TRY(body.json, json_value(in_, true));
    body.span.end = in_.position();
    return body;
}

Parsed<Body> Parser::one_line() {
    Body body;
    body.kind = Body::Kind::one_line;
    ASSAY_TRY(body.text, quoted('`', U"`\n"));
    body.span = body.text.span;
    return body;
}

Parsed<Body> Parser::multiline() {
    if (!in_.take("```")) return not_this(expecting(in_.position(), "```", true));
    Body body;
    if (in_.take("json")) {
        body.kind = Body::Kind::json_text;
    } else if (in_.take("xml")) {
        body.kind = Body::Kind::xml_text;
    } else if (in_.take("graphql")) {
        return graphql(in_.position());
    } else if (in_.take("raw")) {
        body.kind = Body::Kind::raw_text;
    }
    in_.skip_blanks();
    const auto hint_at = in_.position();
    const auto hint = in_.read_while([](char32_t c) { return c != '\n' && c != '\r' && c != '`'; });
    if (!hint.empty())
        return not_this({hint_at, false, "Parsing multiline", fmt::format("Invalid language hint {}", hint)});
    if (!in_.take("\r\n") && !in_.take("\n")) return not_this(expecting(in_.position(), "newline"));

    const auto start = in_.place();
    std::vector<Char> chars;
    while (!in_.at_end() && !in_.looking_at("```")) {
        const auto from = in_.place();
        const char32_t c = in_.read();
        chars.push_back({c, std::string(in_.since(from)), from.position});
    }
    body.span = {start.position, in_.position()};
    body.literal = std::string(in_.since(start));
    ASSAY_CHECK(literal("```"));
    if (body.kind == Body::Kind::raw_text) return body;
    body.literal.clear();
    ASSAY_TRY(body.text, cut_template(chars, body.span));
    return body;
}

// The query, and after a line of its own "variables {...}".
Parsed<Body> Parser::graphql(Position) {
    Body body;
    body.kind = Body::Kind::graphql;
    in_.take(",");
    in_.skip_blanks();
    if (!in_.take("\r\n") && !in_.take("\n")) return not_this(expecting(in_.position(), "newline"));
    const auto start = in_.place();
    std::vector<Char> chars;
    while (!in_.at_end() && !in_.looking_at("```")) {
        const auto from = in_.place();
        const char32_t c = in_.read();
        chars.push_back({c, std::string(in_.since(from)), from.position});
        if (c != '\n' || !in_.looking_at("variables")) continue;
        body.span = {start.position, in_.position()};
        in_.take("variables");
        in_.skip_blanks();
        const auto at = in_.position();
        auto object = json_object(in_, false);
        if (!object)
            return not_this({at, false, "Parsing GraphQL variables", "GraphQL variables is not a valid JSON object"});
        body.json = std::move(*object);
        in_.read_while([](char32_t b) { return b == ' ' || b == '\t' || b == '\n' || b == '\r'; });
        break;
    }
    if (body.json.empty()) body.span = {start.position, in_.position()};
    ASSAY_CHECK(literal("```"));
    ASSAY_TRY(body.text, cut_template(chars, body.span));
    return body;
}

Parsed<Body> Parser::xml() {
    const auto start = in_.place();
    if (in_.peek() != '<') return not_this({start.position, true, "Parsing XML", "invalid XML"});
    if (!XmlScan(in_).document()) return not_this({in_.position(), false, "Parsing XML", "invalid XML"});
    Body body;
    body.kind = Body::Kind::xml;
    body.span = {start.position, in_.position()};
    body.literal = std::string(in_.since(start));
    return body;
}

Parsed<Body> Parser::hex() {
    if (!in_.take("hex")) return not_this(expecting(in_.position(), "hex", true));
    ASSAY_CHECK(literal(","));
    in_.skip_blanks();
    Body body;
    body.kind = Body::Kind::bytes;
    body.span.begin = in_.position();
    const auto digits = in_.read_while(is_hex_digit);
    body.span.end = in_.position();
    if (digits.size() % 2 != 0)
        return not_this({body.span.end, false, "Parsing hex bytearray", "expecting an even number of hex digits"});
    for (std::size_t i = 0; i < digits.size(); i += 2)
        body.literal += static_cast<char>(hex_value(static_cast<unsigned char>(digits[i])) * 16 +
                                          hex_value(static_cast<unsigned char>(digits[i + 1])));
    in_.skip_blanks();
    ASSAY_CHECK(literal(";"));
    return body;
}

Parsed<Body> Parser::base64() {
    if (!in_.take("base64")) return not_this(expecting(in_.position(), "base64", true));
    ASSAY_CHECK(literal(","));
    in_.skip_blanks();
    Body body;
    body.kind = Body::Kind::bytes;
    body.span.begin = in_.position();
    std::uint32_t bits = 0;
    int count = 0;
    while (!in_.at_end()) {
        const char32_t c = in_.peek();
        if (c == ' ' || c == '\n' || c == '\t') {
            in_.read();
            continue;
        }
        const int value = base64_value(c);
        if (value < 0) break;
        in_.read();
        bits = (bits << 6) | static_cast<std::uint32_t>(value);
        if (++count % 4 == 0) {
            for (const int shift : {16, 8, 0}) body.literal += static_cast<char>(bits >> shift);
            bits = 0;
        }
    }
    if (count % 4 == 2) body.literal += static_cast<char>(bits >> 4);
    if (count % 4 == 3) {
        body.literal += static_cast<char>(bits >> 10);
        body.literal += static_cast<char>(bits >> 2);
    }
    in_.read_while([](char32_t c) { return c == '='; });
    body.span.end = in_.position();
    in_.skip_blanks();
    ASSAY_CHECK(literal(";"));
    return body;
}

Parsed<Body> Parser::file() {
    if (!in_.take("file")) return not_this(expecting(in_.position(), "file", true));
    ASSAY_CHECK(literal(","));
    in_.skip_blanks();
    Body body;
    body.kind = Body::Kind::file;
    ASSAY_TRY(body.text, file_name());
    body.span = body.text.span;
    in_.skip_blanks();
    ASSAY_CHECK(literal(";"));
    return body;
}

Parsed<Number> Parser::number() {
    const auto start = in_.place();
    in_.take("-");
    const auto at = in_.position();
    const std::string digits(in_.read_while(is_digit));
    if (digits.empty()) {
        in_.seek(start);
        return not_this(expecting(at, "number", true));
    }
    if (digits.size() > 1 && digits.front() == '0') return not_this(expecting(in_.position(), "natural"));
    if (in_.take(".")) {
        if (in_.read_while(is_digit).empty()) return not_this(expecting(in_.position(), "decimal digits"));
        const auto text = in_.since(start);
        double value = 0;
        std::from_chars(text.data(), text.data() + text.size(), value);
        return Number(value);
    }
    const auto text = in_.since(start);
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{}) return Number(digits);  // Hurl drops the sign here
    return Number(value);
}

Parsed<std::int64_t> Parser::integer(bool may_be_negative, std::string_view name) {
    const auto start = in_.place();
    if (may_be_negative) in_.take("-");
    const auto digits = in_.read_while(is_digit);
    if (digits.empty()) {
        in_.seek(start);
        return not_this(expecting(start.position, name, true));
    }
    const auto text = in_.since(start);
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || (digits.size() > 1 && digits.front() == '0'))
        return not_this(expecting(start.position, name));
    return value;
}

}  // namespace assay::suite::hurl
