// Header values, of which four steer the parser: Connection, Content-Length, Transfer-Encoding, Upgrade.
#include <limits>

#include "harness/http/response_chars.h"
#include "harness/http/response_parser.h"

namespace assay::http {

using namespace parsing;

ResponseParser::Event ResponseParser::next_value(const char*& p, const char* end) {
    while (p != end) {
        const char c = *p;
        switch (state_) {
            case State::value_blank:
                if (c == ' ' || c == '\t') {
                    ++p;
                } else if (c == '\r') {
                    ++p;
                    state_ = State::value_blank_cr;
                } else if (c == '\n') {
                    return fail(kInvalidToken, "Invalid header value char");
                } else if (value_begins() == Event::error) {
                    return Event::error;
                }
                break;
            case State::value_blank_cr:
                if (c != '\n') return fail(kStrict, "Expected LF after CR");
                ++p;
                state_ = State::value_blank_lf;
                break;
            case State::value_blank_lf:
                if (c == ' ' || c == '\t') return fail(kInvalidToken, "Invalid header value char");
                if (known_ == Known::content_length) return fail(kBadLength, "Empty Content-Length");
                value_ended();
                return Event::need_more;
            case State::value_cr:
                if (c != '\n') return fail("HPE_LF_EXPECTED", "Missing expected LF after header value");
                ++p;
                state_ = State::value_lf;
                break;
            case State::value_lf:
                if (c == ' ' || c == '\t') return fail(kInvalidToken, "Unexpected whitespace after header value");
                connection_token_ended();
                value_ended();
                return Event::need_more;
            default:
                if (value_step(p, end) == Event::error) return Event::error;
        }
    }
    return Event::need_more;
}

ResponseParser::Event ResponseParser::value_begins() {
    matched_ = 0;
    state_ = State::value;
    switch (known_) {
        case Known::no: break;
        case Known::connection: state_ = State::value_connection; break;
        case Known::upgrade: flags_ = static_cast<std::uint8_t>(flags_ | kUpgrade); break;
        case Known::content_length:
            if (flags_ & kContentLength) return fail("HPE_UNEXPECTED_CONTENT_LENGTH", "Duplicate Content-Length");
            state_ = State::value_length;
            break;
        case Known::transfer_encoding:
            flags_ = static_cast<std::uint8_t>((flags_ | kTransferEncoding) & ~kChunked);  // the last one decides
            state_ = State::value_coding;
            break;
    }
    return Event::need_more;
}

// Consumes bytes of a value, to its end or the input's.
ResponseParser::Event ResponseParser::value_step(const char*& p, const char* end) {
    const char* const from = p;
    while (p != end) {
        const char c = *p;
        switch (state_) {
            case State::value:
                while (p != end && is(*p, kValue)) ++p;
                if (p != end) return span_ends(p, from);
                break;
            case State::value_length: {
                if (!is_digit(c)) {
                    state_ = State::value_length_blank;
                    break;
                }
                const auto digit = static_cast<std::uint64_t>(c - '0');
                constexpr auto kMax = std::numeric_limits<std::uint64_t>::max();
                if (announced_ > kMax / 10 || announced_ * 10 > kMax - digit)
                    return fail(kBadLength, "Content-Length overflow");
                announced_ = announced_ * 10 + digit;
                ++p;
                break;
            }
            case State::value_length_blank:
                if (c == ' ') {
                    ++p;
                    break;
                }
                if (c != '\r' && c != '\n') return fail(kBadLength, "Invalid character in Content-Length");
                flags_ = static_cast<std::uint8_t>(flags_ | kContentLength);
                return span_ends(p, from);
            case State::value_connection: {
                if (matched_ == 0) {
                    if (c == ' ' || c == '\t') {
                        ++p;
                        break;
                    }
                    const char l = lower(c);
                    token_ = l == 'c'   ? Token::close
                             : l == 'k' ? Token::keep_alive
                             : l == 'u' ? Token::upgrade
                                        : Token::none;
                }
                const std::string_view literal = token_ == Token::close        ? "close"
                                                 : token_ == Token::keep_alive ? "keep-alive"
                                                 : token_ == Token::upgrade    ? "upgrade"
                                                                               : "";
                if (!match(p, literal)) {
                    token_ = Token::none;
                    state_ = State::value_connection_token;
                } else if (matched_ == literal.size()) {
                    state_ = State::value_connection_blank;
                }
                break;
            }
            case State::value_connection_blank:
                if (c == ',') {
                    connection_token_ended();
                    ++p;
                    matched_ = 0;
                    state_ = State::value_connection;
                } else if (c == ' ') {
                    ++p;
                } else if (c == '\r' || c == '\n') {
                    return span_ends(p, from);
                } else {
                    token_ = Token::none;
                    state_ = State::value_connection_token;
                }
                break;
            case State::value_connection_token:
                if (c == ',') {
                    ++p;
                    matched_ = 0;
                    state_ = State::value_connection;
                } else if (is(c, kListed)) {
                    ++p;
                } else {
                    state_ = State::value;
                }
                break;
            case State::value_coding:
                if (!match(p, "chunked")) {
                    state_ = State::value_coding_token;
                } else if (matched_ == 7) {
                    state_ = State::value_coding_chunked;
                }
                break;
            case State::value_coding_chunked:
                if (c == ' ') {
                    ++p;
                } else if (c == '\r' || c == '\n') {
                    token_ = Token::chunked;
                    return span_ends(p, from);
                } else {
                    matched_ = 0;
                    state_ = c == ',' ? State::value_coding : State::value_coding_token;
                }
                break;
            case State::value_coding_token:
                if (c == ',') {
                    ++p;
                    state_ = State::value_coding_blank;
                } else if (is(c, kListed)) {
                    ++p;
                } else {
                    state_ = State::value;
                }
                break;
            case State::value_coding_blank:
                if (c == ' ' || c == '\t') {
                    ++p;
                } else {
                    matched_ = 0;
                    state_ = State::value_coding;
                }
                break;
            default: return Event::need_more;
        }
    }
    const std::string_view part(from, static_cast<std::size_t>(p - from));
    fields_.append(part);
    return track(part.size()) ? Event::need_more : overflow();
}

// At a byte that is not of the value.
ResponseParser::Event ResponseParser::span_ends(const char*& p, const char* from) {
    const std::string_view part(from, static_cast<std::size_t>(p - from));
    fields_.append(part);
    if (!track(part.size())) return overflow();
    if (*p == '\n') return fail(kNoCr, "Missing expected CR after header value");
    if (*p != '\r') return fail(kInvalidToken, "Invalid header value char");
    ++p;
    state_ = State::value_cr;
    return Event::need_more;
}

// The next byte of a literal, in any case. False: this is not the literal; the byte is not consumed.
bool ResponseParser::match(const char*& p, std::string_view literal) noexcept {
    if (matched_ >= literal.size() || lower(*p) != literal[matched_]) return false;
    ++p;
    ++matched_;
    return true;
}

void ResponseParser::connection_token_ended() noexcept {
    unsigned flag = 0;
    switch (token_) {
        case Token::none: break;
        case Token::close: flag = kClose; break;
        case Token::keep_alive: flag = kKeepAlive; break;
        case Token::upgrade: flag = kConnectionUpgrade; break;
        case Token::chunked: flag = kChunked; break;
    }
    flags_ = static_cast<std::uint8_t>(flags_ | flag);
    token_ = Token::none;
}

void ResponseParser::value_ended() {
    if (trailer_ || fields_.size() >= kFieldLimit) {
        fields_.drop_open();
    } else {
        fields_.end_value();
    }
    state_ = State::field_start;
}

}  // namespace assay::http
