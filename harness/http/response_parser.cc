#include "harness/http/response_parser.h"

#include "harness/http/response_chars.h"

namespace assay::http {

using namespace parsing;

namespace {
constexpr std::string_view kProtocols[] = {"HTTP/", "RTSP/", "ICE/"};
constexpr std::string_view kBadVersion = "HPE_INVALID_VERSION";
}  // namespace

void ResponseParser::begin(bool to_head) noexcept {
    state_ = State::start;
    to_head_ = to_head;
    upgraded_ = keep_ = false;
    flags_ = 0;
    code_ = 0;
    reason_.clear();
    fields_.clear();
    error_ = {};
}

ResponseParser::Event ResponseParser::fail(std::string_view code, std::string_view reason) noexcept {
    error_ = {code, reason};
    state_ = State::dead;
    return Event::error;
}

bool ResponseParser::track(std::size_t bytes) noexcept {
    header_bytes_ += bytes;
    return header_bytes_ < kHeaderLimit;
}

// Only a close can end this message.
bool ResponseParser::needs_close() const noexcept {
    if (code_ / 100 == 1 || code_ == 204 || code_ == 304 || (flags_ & kSkipBody)) return false;
    if ((flags_ & kTransferEncoding) && !(flags_ & kChunked)) return true;
    return !(flags_ & (kChunked | kContentLength));
}

bool ResponseParser::may_keep() const noexcept {
    const bool http11 = major_ > 0 && minor_ > 0;
    if (http11 ? (flags_ & kClose) != 0 : (flags_ & kKeepAlive) == 0) return false;
    return !needs_close();
}

std::uint64_t ResponseParser::announced_length() const noexcept { return (flags_ & kContentLength) ? announced_ : 0; }

ResponseParser::Event ResponseParser::finish() noexcept {
    if (state_ == State::body_to_close) {
        state_ = State::closed;
        return Event::complete;
    }
    return state_ == State::dead ? Event::error : Event::need_more;
}

ResponseParser::Event ResponseParser::next(std::string_view& input, std::string_view& piece) {
    const char* p = input.data();
    const char* const end = p + input.size();
    Event event = Event::need_more;
    while (event == Event::need_more) {
        if (state_ == State::message_end) {
            state_ = may_keep() ? State::start : State::closed;
            if (code_ >= 100 && code_ < 200 && code_ != 101) continue;  // nobody heard of its headers either
            if (code_ == 101) p = end;                                  // of another protocol: not ours to judge
            event = Event::complete;
            break;
        }
        if (p == end) break;
        switch (state_) {
            case State::dead: event = Event::error; break;
            case State::closed:
                if (*p == '\r' || *p == '\n') {
                    ++p;
                } else {
                    event = fail("HPE_CLOSED_CONNECTION", "Data after `Connection: close`");
                }
                break;
            case State::body_to_close:
                piece = {p, static_cast<std::size_t>(end - p)};
                p = end;
                event = Event::body;
                break;
            case State::body_length:
            case State::chunk_data: {
                std::size_t take = static_cast<std::size_t>(end - p);
                if (length_ < take) take = static_cast<std::size_t>(length_);
                piece = {p, take};
                p += take;
                length_ -= take;
                if (length_ == 0) state_ = state_ == State::chunk_data ? State::chunk_data_cr : State::message_end;
                event = Event::body;
                break;
            }
            default:
                if (state_ <= State::line_cr) {
                    event = next_line(p, end);
                } else if (state_ <= State::headers_cr) {
                    event = next_field(p, end);
                } else if (state_ <= State::value_lf) {
                    event = next_value(p, end);
                } else {
                    event = next_chunk(p, end);
                }
        }
    }
    input.remove_prefix(static_cast<std::size_t>(p - input.data()));
    return event;
}

// "HTTP/1.1 200 OK\r\n"
ResponseParser::Event ResponseParser::next_line(const char*& p, const char* end) {
    while (p != end) {
        const char c = *p;
        switch (state_) {
            case State::start:
                if (c == '\r' || c == '\n') {
                    ++p;
                    break;
                }
                flags_ = digits_ = matched_ = 0;
                code_ = 0;
                trailer_ = false;
                announced_ = header_bytes_ = 0;
                reason_.clear();
                fields_.clear();
                protocol_ = c == 'R' ? 1 : c == 'I' ? 2 : 0;
                state_ = State::protocol;
                break;
            case State::protocol:
                if (c != kProtocols[protocol_][matched_])
                    return fail("HPE_INVALID_CONSTANT", "Expected HTTP/, RTSP/ or ICE/");
                ++p;
                if (++matched_ == kProtocols[protocol_].size()) state_ = State::major;
                break;
            case State::major:
                if (!is_digit(c)) return fail(kBadVersion, "Invalid major version");
                major_ = static_cast<std::uint8_t>(c - '0');
                ++p;
                state_ = State::dot;
                break;
            case State::dot:
                if (c != '.') return fail(kBadVersion, "Expected dot");
                ++p;
                state_ = State::minor;
                break;
            case State::minor: {
                if (!is_digit(c)) return fail(kBadVersion, "Invalid minor version");
                minor_ = static_cast<std::uint8_t>(c - '0');
                const int version = major_ * 10 + minor_;
                if (version != 9 && version != 10 && version != 11 && version != 20)
                    return fail(kBadVersion, "Invalid HTTP version");
                ++p;
                state_ = State::version_end;
                break;
            }
            case State::version_end:
                if (c != ' ') return fail(kBadVersion, "Expected space after version");
                ++p;
                state_ = State::code;
                break;
            case State::code:
                if (!is_digit(c)) return fail("HPE_INVALID_STATUS", "Invalid status code");
                code_ = code_ * 10 + static_cast<std::uint32_t>(c - '0');
                ++p;
                if (++digits_ == 3) state_ = State::code_end;
                break;
            case State::code_end:
            case State::reason_start:
                if (c == '\r') {
                    ++p;
                    state_ = State::line_cr;
                } else if (c == '\n' && state_ == State::reason_start) {
                    return fail(kNoCr, "Missing expected CR after response line");
                } else if (state_ == State::reason_start) {
                    state_ = State::reason;
                } else if (c == ' ') {
                    ++p;
                    state_ = State::reason_start;
                } else {
                    return fail("HPE_INVALID_STATUS", "Invalid response status");
                }
                break;
            case State::reason: {
                const char* from = p;
                while (p != end && *p != '\r' && *p != '\n') ++p;
                const auto size = static_cast<std::size_t>(p - from);
                reason_.append(from, size);
                if (!track(size)) return overflow();
                if (p == end) break;
                if (*p == '\n') return fail(kNoCr, "Missing expected CR after response line");
                ++p;
                state_ = State::line_cr;
                break;
            }
            case State::line_cr:
                if (c != '\n' && c != '\r') return fail(kStrict, "Expected LF after CR");
                ++p;
                state_ = State::first_field;
                return Event::need_more;
            default: return Event::need_more;
        }
    }
    return Event::need_more;
}

// A field's name up to its colon, or the blank line.
ResponseParser::Event ResponseParser::next_field(const char*& p, const char* end) {
    while (p != end) {
        const char c = *p;
        switch (state_) {
            case State::first_field:
                if (c == ' ') return fail("HPE_UNEXPECTED_SPACE", "Unexpected space after start line");
                state_ = State::field_start;
                break;
            case State::field_start:
                if (c == '\r') {
                    ++p;
                    state_ = State::headers_cr;
                } else if (c == '\n') {
                    return fail(kInvalidToken, "Invalid header field char");
                } else if (c == ':') {
                    return fail(kInvalidToken, "Invalid header token");
                } else {
                    state_ = State::field_name;
                }
                break;
            case State::field_name: {
                const char* from = p;
                while (p != end && is(*p, kToken)) ++p;
                const std::string_view part(from, static_cast<std::size_t>(p - from));
                fields_.append(part);
                if (p != end && *p != ':') {
                    const bool known = name_ended() == Event::need_more && known_ != Known::no;
                    return fail(kInvalidToken,
                                known && *p == ' ' ? "Invalid header field char" : "Invalid header token");
                }
                if (!track(part.size())) return overflow();
                if (p == end) break;
                ++p;
                return name_ended();
            }
            case State::headers_cr:
                if (c != '\n') return fail(kStrict, "Expected LF after headers");
                ++p;
                return headers_done();
            default: return Event::need_more;
        }
    }
    return Event::need_more;
}

// The colon: is this a name that steers the parser?
ResponseParser::Event ResponseParser::name_ended() {
    const std::string_view name = fields_.open_name();
    known_ = Known::no;
    token_ = Token::none;
    switch (name.size()) {
        case 7:
            if (equal_ignoring_case(name, "upgrade")) known_ = Known::upgrade;
            break;
        case 10:
            if (equal_ignoring_case(name, "connection")) known_ = Known::connection;
            break;
        case 14:
            if (equal_ignoring_case(name, "content-length")) known_ = Known::content_length;
            break;
        case 16:
            if (equal_ignoring_case(name, "proxy-connection")) known_ = Known::connection;
            break;
        case 17:
            if (equal_ignoring_case(name, "transfer-encoding")) known_ = Known::transfer_encoding;
            break;
        default: break;
    }
    if (known_ == Known::content_length && (flags_ & kTransferEncoding))
        return fail(kBadLength, "Content-Length can't be present with Transfer-Encoding");
    if (known_ == Known::transfer_encoding && (flags_ & kContentLength))
        return fail("HPE_INVALID_TRANSFER_ENCODING", "Transfer-Encoding can't be present with Content-Length");
    fields_.end_name();
    state_ = State::value_blank;
    return Event::need_more;
}

// The blank line has been read: the status code decides what follows, then the fields.
ResponseParser::Event ResponseParser::headers_done() {
    header_bytes_ = extension_bytes_ = 0;
    if (trailer_) {
        state_ = State::message_end;
        return Event::need_more;
    }
    upgraded_ = (flags_ & kUpgrade) && (flags_ & kConnectionUpgrade) && code_ == 101;
    const bool informational = code_ >= 100 && code_ < 200 && code_ != 101;
    keep_ = may_keep();  // as Node asks for it: before it says that a HEAD has no body
    if (to_head_ || informational) flags_ = static_cast<std::uint8_t>(flags_ | kSkipBody);
    length_ = 0;
    if (code_ == 101 || (flags_ & kSkipBody) || code_ == 204 || code_ == 304) {
        state_ = State::message_end;
    } else if (flags_ & kChunked) {
        digits_ = 0;
        state_ = State::chunk_size;
    } else if (needs_close()) {
        state_ = State::body_to_close;
    } else {
        length_ = announced_length();
        state_ = length_ == 0 ? State::message_end : State::body_length;
    }
    return informational ? Event::need_more : Event::headers;
}

}  // namespace assay::http
