// Chunked bodies: sizes, extensions (checked and ignored), the line ends around the data.
#include "base/hex.h"
#include "harness/http/response_chars.h"
#include "harness/http/response_parser.h"

namespace assay::http {

using namespace parsing;

namespace {
constexpr std::string_view kBadChunk = "HPE_INVALID_CHUNK_SIZE";
}

ResponseParser::Event ResponseParser::next_chunk(const char*& p, const char* end) {
    const char* extension = p;  // where the extension's bytes of this input begin
    const auto extensions_fit = [&](const char* to) {
        extension_bytes_ += static_cast<std::size_t>(to - extension);
        extension = to;
        return extension_bytes_ < kExtensionLimit;
    };
    const auto too_long = [&] { return fail("HPE_CHUNK_EXTENSIONS_OVERFLOW", "Chunk extensions overflow"); };
    while (p != end) {
        const char c = *p;
        switch (state_) {
            case State::chunk_size: {
                const int digit = hex_digit(c);
                if (digit >= 0) {
                    if (digits_ == 0) length_ = 0;
                    if (length_ >> 60) return fail(kBadChunk, "Chunk size overflow");
                    length_ = length_ * 16 + static_cast<unsigned>(digit);
                    digits_ = 1;
                    ++p;
                } else if (digits_ == 0) {
                    return fail(kBadChunk, "Invalid character in chunk size");
                } else if (c == '\r') {
                    ++p;
                    state_ = State::chunk_size_cr;
                } else if (c == '\n') {
                    return fail(kNoCr, "Missing expected CR after chunk size");
                } else if (c == ';') {
                    ++p;
                    extension = p;
                    state_ = State::extension;
                } else {
                    return fail(kBadChunk, "Invalid character in chunk size");
                }
                break;
            }
            case State::extension:
                if (c == ' ' || c == '\r') return fail(kStrict, "Invalid character in chunk extensions");
                state_ = State::extension_name;
                break;
            case State::extension_name:
            case State::extension_value:
            case State::extension_quote_end:
                if (is(c, kToken) && state_ != State::extension_quote_end) {
                    ++p;
                    break;
                }
                if (!extensions_fit(p)) return too_long();
                if (c == '\r') {
                    ++p;
                    state_ = State::chunk_size_cr;
                } else if (c == ';') {
                    ++p;
                    extension = p;
                    state_ = State::extension;
                } else if (c == '=' && state_ == State::extension_name) {
                    ++p;
                    extension = p;
                    state_ = State::extension_value;
                } else if (c == '"' && state_ == State::extension_value) {
                    ++p;
                    state_ = State::extension_quoted;
                } else if (c == '\n' && state_ == State::extension_name) {
                    return fail(kNoCr, "Missing expected CR after chunk extension name");
                } else if (c == '\n') {
                    return fail(kNoCr, "Missing expected CR after chunk extension value");
                } else if (state_ == State::extension_name) {
                    return fail(kStrict, "Invalid character in chunk extensions name");
                } else if (state_ == State::extension_value) {
                    return fail(kStrict, "Invalid character in chunk extensions value");
                } else {
                    return fail(kStrict, "Invalid character in chunk extensions quote value");
                }
                break;
            case State::extension_quoted:
                if (c == '"') {
                    state_ = State::extension_quote_end;
                } else if (c == '\\') {
                    state_ = State::extension_escape;
                } else if (!is(c, kQuoted)) {
                    return fail(kStrict, "Invalid character in chunk extensions quoted value");
                }
                ++p;
                break;
            case State::extension_escape:
                if (!is(c, kValue)) return fail(kStrict, "Invalid quoted-pair in chunk extensions quoted value");
                ++p;
                state_ = State::extension_quoted;
                break;
            case State::chunk_size_cr:
                if (c != '\n') return fail(kStrict, "Expected LF after chunk size");
                ++p;
                digits_ = 0;
                header_bytes_ = extension_bytes_ = 0;
                trailer_ = length_ == 0;
                state_ = trailer_ ? State::field_start : State::chunk_data;
                return Event::need_more;
            case State::chunk_data_cr:
                if (c == '\n') return fail(kNoCr, "Missing expected CR after chunk data");
                if (c != '\r') return fail(kStrict, "Expected LF after chunk data");
                ++p;
                state_ = State::chunk_data_lf;
                break;
            case State::chunk_data_lf:
                if (c != '\n') return fail(kStrict, "Expected LF after chunk data");
                ++p;
                state_ = State::chunk_size;
                break;
            default: return Event::need_more;
        }
    }
    const bool in_extension = state_ >= State::extension && state_ <= State::extension_quote_end;
    if (in_extension && !extensions_fit(p)) return too_long();
    return Event::need_more;
}

}  // namespace assay::http
