// Characters, lines, names, strings and templates of Hurl files.
#include <fmt/format.h>

#include "harness/suite/hurl_parser.h"

namespace assay::suite::hurl {

char32_t Cursor::peek() const {
    if (at_end()) return kEnd;
    const auto first = static_cast<unsigned char>(text_[place_.offset]);
    if (first < 0x80) return first;
    const int more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
    char32_t c = first & (0x3F >> more);
    for (int i = 1; i <= more && place_.offset + static_cast<std::size_t>(i) < text_.size(); ++i)
        c = (c << 6) | (static_cast<unsigned char>(text_[place_.offset + static_cast<std::size_t>(i)]) & 0x3F);
    return c;
}

char32_t Cursor::read() {
    if (at_end()) return kEnd;
    const char32_t c = peek();
    const auto first = static_cast<unsigned char>(text_[place_.offset]);
    place_.offset += first < 0x80 ? 1u : first >= 0xF0 ? 4u : first >= 0xE0 ? 3u : 2u;
    place_.offset = std::min(place_.offset, text_.size());
    if (c == '\n') {
        ++place_.position.line;
        place_.position.column = 1;
    } else {
        ++place_.position.column;
    }
    return c;
}

bool Cursor::take(std::string_view ascii) {
    if (!looking_at(ascii)) return false;
    for (std::size_t i = 0; i < ascii.size(); ++i) read();
    return true;
}

std::size_t Cursor::skip_blanks() {
    return read_while([](char32_t c) { return c == ' ' || c == '\t'; }).size();
}

bool is_digit(char32_t c) { return c >= '0' && c <= '9'; }
bool is_hex_digit(char32_t c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

bool is_alphanumeric(char32_t c) {
    if (c < 0x80) return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (c < 0xC0) return c == 0xAA || c == 0xB2 || c == 0xB3 || c == 0xB5 || c == 0xB9 || c == 0xBA;
    if (c == 0xD7 || c == 0xF7 || c == kEnd) return false;
    const bool punctuation = (c >= 0x2000 && c <= 0x206F) || (c >= 0x20A0 && c <= 0x20CF) ||
                             (c >= 0x2190 && c <= 0x245F) || (c >= 0x2500 && c <= 0x2BFF) ||
                             (c >= 0x2E00 && c <= 0x2E7F) || (c >= 0x3000 && c <= 0x3004) ||
                             (c >= 0x3008 && c <= 0x3020) || (c >= 0xE000 && c <= 0xF8FF) ||
                             (c >= 0xFF01 && c <= 0xFF0F) || (c >= 0x1F000 && c <= 0x1FAFF);
    return !punctuation;
}

void append_utf8(std::string& text, char32_t c) {
    if (c < 0x80) {
        text += static_cast<char>(c);
        return;
    }
    const auto tail = [&](int shift) { text += static_cast<char>(0x80 | ((c >> shift) & 0x3F)); };
    if (c < 0x800) {
        text += static_cast<char>(0xC0 | (c >> 6));
    } else if (c < 0x10000) {
        text += static_cast<char>(0xE0 | (c >> 12));
        tail(6);
    } else {
        text += static_cast<char>(0xF0 | (c >> 18));
        tail(12);
        tail(6);
    }
    tail(0);
}

Fault expecting(Position at, std::string_view what, bool recoverable) {
    return {at, recoverable, "Parsing literal", fmt::format("expecting '{}'", what)};
}

std::string suggestion(const std::vector<std::string_view>& valid, std::string_view given) {
    const auto lower = [](std::string_view text) {
        std::string low(text);
        for (char& c : low)
            if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
        return low;
    };
    // Equal but for one letter that is changed, missing or too many.
    const auto near = [&](const std::string& a, const std::string& b) {
        std::size_t front = 0;
        while (front < a.size() && front < b.size() && a[front] == b[front]) ++front;
        std::size_t back = 0;
        while (back < a.size() - front && back < b.size() - front && a[a.size() - 1 - back] == b[b.size() - 1 - back])
            ++back;
        return a.size() - front - back <= 1 && b.size() - front - back <= 1;
    };
    for (const auto word : valid)
        if (near(lower(word), lower(given))) return fmt::format("Did you mean {}?", word);
    return fmt::format("Valid values are {}", fmt::join(valid, ", "));
}

// Lines.

Parsed<void> Parser::literal(std::string_view text) {
    const auto at = in_.position();
    if (!in_.take(text)) return not_this(expecting(at, text));
    return {};
}

Parsed<void> Parser::blanks() {
    const auto at = in_.position();
    if (in_.skip_blanks() == 0) return not_this({at, false, "Parsing space", "expecting a space"});
    return {};
}

// Blanks, a comment, and the line break or the file's end.
Parsed<void> Parser::line_end() {
    in_.skip_blanks();
    if (in_.peek() == '#') {
        in_.read();
        while (!in_.at_end() && !in_.looking_at("\n") && !in_.looking_at("\r\n")) in_.read();
    }
    if (in_.at_end() || in_.take("\r\n") || in_.take("\n")) return {};
    return not_this(expecting(in_.position(), "line_terminator"));
}

// Skips empty lines and comments; how many. The cursor stands at the first line that has something, or at the end.
std::size_t Parser::skip_lines(std::vector<std::string>* comments) {
    std::size_t lines = 0;
    while (!in_.at_end()) {
        const auto start = in_.place();
        in_.skip_blanks();
        const auto comment = in_.place();
        const bool has_comment = in_.peek() == '#';
        if (!line_end()) {
            in_.seek(start);
            break;
        }
        ++lines;
        if (comments == nullptr) continue;
        std::string text(has_comment ? in_.since(comment).substr(1) : std::string_view());
        while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
        comments->push_back(has_comment ? text : std::string("\n"));
    }
    return lines;
}

// Templates.

namespace {

bool is_name_char(char32_t c) { return is_alphanumeric(c) || c == '_' || c == '-'; }

// What stands between the braces; blanks around it are skipped.
Parsed<Placeholder> expression(Cursor& in) {
    in.skip_blanks();
    Placeholder found;
    found.span.begin = in.position();
    found.name = std::string(in.read_while(is_name_char));
    found.span.end = in.position();
    if (found.name.empty())
        return not_this({found.span.begin, false, "Parsing template variable", "expecting a variable"});
    if (found.name == "newDate") found.kind = Placeholder::Kind::new_date;
    if (found.name == "newUuid") found.kind = Placeholder::Kind::new_uuid;
    in.skip_blanks();
    return found;
}

}  // namespace

Parsed<Placeholder> placeholder(Cursor& in) {
    const auto at = in.position();
    if (!in.take("{{")) return not_this(expecting(at, "{{", true));
    ASSAY_TRY(auto found, expression(in));
    const auto end = in.position();
    if (!in.take("}}")) return not_this(expecting(end, "}}"));
    return found;
}

Parsed<Template> cut_template(const std::vector<Char>& chars, Span span) {
    Template result;
    result.span = span;
    Literal text;
    const auto flush = [&] {
        if (!text.value.empty()) result.pieces.emplace_back(std::move(text));
        text = {};
    };
    for (std::size_t i = 0; i < chars.size();) {
        const bool opens = i + 1 < chars.size() && chars[i].source == "{" && chars[i + 1].source == "{";
        if (!opens) {
            append_utf8(text.value, chars[i].value);
            text.source += chars[i].source;
            ++i;
            continue;
        }
        flush();
        std::string inside;
        std::size_t end = i + 2;
        for (; end < chars.size(); ++end) {
            if (end + 1 < chars.size() && chars[end].source == "}" && chars[end + 1].source == "}") break;
            inside += chars[end].source;
        }
        if (end >= chars.size()) return not_this(expecting(span.end, "}}"));
        Cursor in(inside, end > i + 2 ? chars[i + 2].at : chars[end].at);
        ASSAY_TRY(auto found, expression(in));
        result.pieces.emplace_back(std::move(found));
        i = end + 2;
    }
    flush();
    return result;
}

// Strings.

Parsed<char32_t> Parser::unicode_escape() {
    ASSAY_CHECK(literal("{"));
    const auto at = in_.position();
    const auto digits = in_.read_while(is_hex_digit);
    if (digits.empty())
        return not_this({at, false, "Parsing hexadecimal number", "expecting a valid hexadecimal number"});
    char32_t value = 0;
    for (const char c : digits) {
        value = value * 16 + static_cast<char32_t>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
        if (value > 0x10FFFF) break;
    }
    if (value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
        return not_this({in_.position(), false, "Parsing unicode literal", "Invalid unicode literal"});
    ASSAY_CHECK(literal("}"));
    return value;
}

// A backslash and one of `known`, where b, f, n, r, t and u mean what they mean in JSON.
Parsed<char32_t> Parser::escape(std::string_view known) {
    const auto begin = in_.position();
    if (!in_.take("\\")) return not_this(expecting(begin, "\\", true));
    const auto at = in_.position();
    const char32_t c = in_.read();
    if (c < 0x80 && known.find(static_cast<char>(c)) != std::string_view::npos) {
        switch (c) {
            case 'b': return U'\b';
            case 'f': return U'\f';
            case 'n': return U'\n';
            case 'r': return U'\r';
            case 't': return U'\t';
            case 'u': return unicode_escape();
            default: return c;
        }
    }
    return not_this({at, false, "Parsing escape character", "the escaping sequence is not valid"});
}

Parsed<Char> Parser::any_char(std::u32string_view except) {
    const auto start = in_.place();
    if (in_.peek() == '\\') {
        ASSAY_TRY(const char32_t value, escape("#\"`\\/bnfrtu"));
        return Char{value, std::string(in_.since(start)), start.position};
    }
    const char32_t c = in_.read();
    if (c == kEnd || except.find(c) != std::u32string_view::npos ||
        std::u32string_view(U"\b\n\f\r\t").find(c) != std::u32string_view::npos) {
        in_.seek(start);
        return not_this(expecting(start.position, "char", true));
    }
    return Char{c, std::string(in_.since(start)), start.position};
}

// Up to a comment or the line's end; blanks at the end belong to the line.
Parsed<Template> Parser::unquoted() {
    const auto start = in_.place();
    auto end = start;
    std::vector<Char> chars;
    std::size_t kept = 0;
    for (;;) {
        auto next = any_char(U"#");
        if (!next && next.error().recoverable) break;
        if (!next) return not_this(std::move(next).error());
        const bool blank = next->source == " ";
        chars.push_back(std::move(*next));
        if (blank) continue;
        kept = chars.size();
        end = in_.place();
    }
    in_.seek(end);
    chars.resize(kept, Char{});
    return cut_template(chars, {start.position, end.position});
}

Parsed<Template> Parser::quoted(char32_t quote, std::u32string_view except) {
    const auto start = in_.position();
    const std::string mark(1, static_cast<char>(quote));
    if (!in_.take(mark)) return not_this(expecting(start, mark, true));
    std::vector<Char> chars;
    for (;;) {
        auto next = any_char(except);
        if (!next && next.error().recoverable) break;
        if (!next) return not_this(std::move(next).error());
        chars.push_back(std::move(*next));
    }
    const auto end = in_.position();
    ASSAY_CHECK(literal(mark));
    ASSAY_TRY(auto result, cut_template(chars, {start, end}));
    result.span.end = in_.position();
    return result;
}

Parsed<Template> Parser::quoted_template() { return quoted('"', U"\""); }

// Names and file names: plain characters, escapes and placeholders, without quotes.
Parsed<Template> Parser::pieces_of_name(std::string_view escapes, bool (*plain)(char32_t), bool keep_escaped_colon) {
    Template result;
    result.span.begin = in_.position();
    for (;;) {
        if (in_.looking_at("{{")) {
            ASSAY_TRY(auto found, placeholder(in_));
            result.pieces.emplace_back(std::move(found));
            continue;
        }
        const auto start = in_.place();
        Literal text;
        for (;;) {
            if (in_.peek() == '\\') {
                ASSAY_TRY(const char32_t c, escape(escapes));
                if (keep_escaped_colon && c == ':') text.value += '\\';
                append_utf8(text.value, c);
            } else if (!in_.at_end() && plain(in_.peek())) {
                append_utf8(text.value, in_.read());
            } else {
                break;
            }
        }
        if (text.value.empty()) break;
        text.source = std::string(in_.since(start));
        result.pieces.emplace_back(std::move(text));
    }
    result.span.end = in_.position();
    return result;
}

Parsed<Template> Parser::key_string() {
    const auto plain = [](char32_t c) {
        return is_alphanumeric(c) ||
               (c < 0x80 && std::string_view("_-.[]@$").find(static_cast<char>(c)) != std::string_view::npos);
    };
    const auto at = in_.position();
    const bool bracket = in_.peek() == '[';
    ASSAY_TRY(auto result, pieces_of_name("#:\\/bfnrtu", plain, false));
    if (result.pieces.empty() || bracket) return not_this(expecting(at, "key-string"));
    return result;
}

Parsed<Template> Parser::file_name(bool keep_escaped_colon) {
    const auto plain = [](char32_t c) {
        return c >= 0x80 || std::string_view("#;{} \n\r\\").find(static_cast<char>(c)) == std::string_view::npos;
    };
    const auto at = in_.position();
    const bool bracket = in_.peek() == '[';
    ASSAY_TRY(auto result,
              pieces_of_name(keep_escaped_colon ? "\\bfnrt#; {}:u" : "\\bfnrt#; {}u", plain, keep_escaped_colon));
    if (result.pieces.empty()) return not_this({at, false, "Parsing filename", "expecting a filename"});
    if (bracket) return not_this(expecting(at, "filename"));
    return result;
}

}  // namespace assay::suite::hurl
