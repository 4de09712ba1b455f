#include "harness/suite/script_tokens.h"

#include <algorithm>
#include <array>

namespace assay::suite {
namespace {

bool in_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
           static_cast<unsigned char>(c) >= 0x80;
}

void append_utf8(std::string& out, std::uint32_t code) {
    const auto add = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (code < 0x80) {
        add(code);
    } else if (code < 0x800) {
        add(0xc0 | (code >> 6));
        add(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        add(0xe0 | (code >> 12));
        add(0x80 | ((code >> 6) & 0x3f));
        add(0x80 | (code & 0x3f));
    } else {
        add(0xf0 | (code >> 18));
        add(0x80 | ((code >> 12) & 0x3f));
        add(0x80 | ((code >> 6) & 0x3f));
        add(0x80 | (code & 0x3f));
    }
}

class Lexer {
 public:
    explicit Lexer(std::string_view source) : source_(source) {}

    std::vector<Token> run() {
        while (skip_blank(), at_ < source_.size()) next();
        return std::move(tokens_);
    }

 private:
    [[nodiscard]] char look(std::size_t ahead = 0) const {
        return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0';
    }
    char take() {
        if (look() == '\n') ++line_;
        return source_[at_++];
    }

    void skip_blank() {
        while (at_ < source_.size()) {
            const char c = look();
            if (c == '/' && look(1) == '/') {
                while (at_ < source_.size() && look() != '\n') ++at_;
            } else if (c == '/' && look(1) == '*') {
                at_ += 2;
                while (at_ < source_.size() && !(look() == '*' && look(1) == '/')) take();
                at_ = std::min(at_ + 2, source_.size());
            } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v') {
                take();
            } else {
                return;
            }
        }
    }

    void next() {
        Token token;
        token.line = line_;
        const char c = look();
        if (c == '"' || c == '\'') {
            token.kind = Token::Kind::text;
            take();
            token.text = text_until(c);
            if (at_ < source_.size()) take();
        } else if (c == '`') {
            read_template(token);
        } else if ((c >= '0' && c <= '9') || in_name(c)) {
            token.kind = c >= '0' && c <= '9' ? Token::Kind::number : Token::Kind::name;
            while (in_name(look())) token.text += take();
        } else if (c == '/' && regex_may_stand()) {
            token.kind = Token::Kind::regex;
            read_regex(token);
        } else {
            read_punct(token);
        }
        tokens_.push_back(std::move(token));
    }

    // A quoted text or a part of a template, escapes resolved; stops in front of `end`, of "${" in a template, and of
    // a line break in a quoted text, which is a mistake.
    std::string text_until(char end) {
        std::string text;
        while (at_ < source_.size() && look() != end) {
            if (end == '`' ? (look() == '$' && look(1) == '{') : look() == '\n') break;
            const char c = take();
            if (c != '\\' || at_ >= source_.size()) {
                text += c;
                continue;
            }
            escape(text);
        }
        return text;
    }

    void escape(std::string& text) {
        const char c = take();
        switch (c) {
            case 'n': text += '\n'; break;
            case 't': text += '\t'; break;
            case 'r': text += '\r'; break;
            case 'b': text += '\b'; break;
            case 'f': text += '\f'; break;
            case 'v': text += '\v'; break;
            case '0': text += '\0'; break;
            case '\n': break;
            case 'x': append_utf8(text, hex(2)); break;
            case 'u':
                if (look() == '{') {
                    take();
                    append_utf8(text, hex(8));
                    if (look() == '}') take();
                } else {
                    std::uint32_t code = hex(4);
                    if (code >= 0xd800 && code < 0xdc00 && look() == '\\' && look(1) == 'u') {
                        at_ += 2;
                        code = 0x10000 + ((code - 0xd800) << 10) + (hex(4) - 0xdc00);
                    }
                    append_utf8(text, code & 0x1fffff);
                }
                break;
            default: text += c;
        }
    }

    std::uint32_t hex(int digits) {
        std::uint32_t code = 0;
        for (; digits > 0; --digits) {
            const char c = look();
            if (c >= '0' && c <= '9')
                code = code * 16 + static_cast<std::uint32_t>(c - '0');
            else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
                code = code * 16 + static_cast<std::uint32_t>((c | 0x20) - 'a') + 10;
            else
                break;
            take();
        }
        return code;
    }

    void read_template(Token& token) {
        token.kind = Token::Kind::template_text;
        take();
        token.text = text_until('`');
        while (look() == '$' && look(1) == '{') {
            at_ += 2;
            std::string expression;
            for (int depth = 0; at_ < source_.size() && (depth > 0 || look() != '}');) {
                depth += look() == '{' ? 1 : look() == '}' ? -1 : 0;
                expression += take();
            }
            if (at_ < source_.size()) take();
            token.pieces.push_back(std::move(expression));
            token.pieces.push_back(text_until('`'));
        }
        if (at_ < source_.size()) take();
    }

    void read_regex(Token& token) {
        take();
        bool in_class = false;
        while (at_ < source_.size() && look() != '\n' && (in_class || look() != '/')) {
            const char c = take();
            if (c == '[') in_class = true;
            if (c == ']') in_class = false;
            if (c == '\\' && at_ < source_.size() && look() != '\n') take();
        }
        if (look() == '/') take();
        while (in_name(look())) token.text += take();
    }

    void read_punct(Token& token) {
        static constexpr std::array<std::string_view, 14> kLong = {"===", "!==", "...", "&&=", "||=", "\?\?=", "=>",
                                                                   "==",  "!=",  "&&",  "||",  "??",  "?.",    "++"};
        for (const auto each : kLong) {
            if (source_.substr(at_, each.size()) != each) continue;
            if (each == "?." && look(2) >= '0' && look(2) <= '9') continue;  // a ? .5 : b
            token.text = each;
            at_ += each.size();
            return;
        }
        token.text = take();
    }

    // After a value a slash divides; elsewhere it begins a regular expression.
    [[nodiscard]] bool regex_may_stand() const {
        if (tokens_.empty()) return true;
        const Token& last = tokens_.back();
        if (last.kind == Token::Kind::punct) return !last.is(")") && !last.is("]") && !last.is("}");
        if (last.kind != Token::Kind::name) return false;
        static constexpr std::array<std::string_view, 8> kBefore = {"return", "typeof", "case", "in",
                                                                    "of",     "delete", "void", "else"};
        return std::find(kBefore.begin(), kBefore.end(), last.text) != kBefore.end();
    }

    std::string_view source_;
    std::size_t at_ = 0;
    std::uint32_t line_ = 1;
    std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokens_of(std::string_view source) { return Lexer(source).run(); }

}  // namespace assay::suite
