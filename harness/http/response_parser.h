// HTTP/1 responses, byte for byte as Node 20 takes them: llhttp 9.3 in its strict mode, and the rules that Node's
// HTTP client puts on top (informational responses skipped, header limits, at most 1000 fields kept).
//
// Pure: bytes go in, events come out; no socket, no clock. Any split of the bytes gives the same events, but one
// thing stays visible as it does in Node: bytes after a finished response are judged only if the caller feeds them.
// Source: llhttp 9.3.1 as built into Node 20.20, observed through Node's own binding byte by byte.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "harness/http/fields.h"

namespace assay::http {

class ResponseParser {
 public:
    enum class Event {
        need_more,  // the input is used up
        headers,    // status line and fields are there; told once a response, never for an informational one
        body,       // a piece of the body, in transfer-decoded form
        complete,   // the response ended; feeding more begins the next one
        error,      // see error(); the parser takes no more
    };
    struct Error {
        std::string_view code;    // "HPE_INVALID_HEADER_TOKEN"
        std::string_view reason;  // "Invalid header token": Node's message is "Parse Error: " and this
    };

    // Forgets everything and awaits a response; `to_head`: it answers a HEAD, so no body follows its fields.
    void begin(bool to_head) noexcept;

    // Consumes bytes from the front of `input` until there is something to tell. `piece` is set for Event::body and
    // points into what was input.
    Event next(std::string_view& input, std::string_view& piece);

    // The peer has closed: complete when the close ends the body, need_more when the response is cut short (or
    // never began).
    Event finish() noexcept;

    // Valid from headers to the next begin() or response.
    [[nodiscard]] std::uint32_t code() const noexcept { return code_; }
    [[nodiscard]] std::uint8_t version() const noexcept { return static_cast<std::uint8_t>(major_ * 10 + minor_); }
    [[nodiscard]] std::string_view reason() const noexcept { return reason_; }  // as received, may be empty
    [[nodiscard]] const Fields& fields() const noexcept { return fields_; }
    // Whether the connection may carry a further response after this one.
    [[nodiscard]] bool keep_alive() const noexcept { return keep_; }
    // 101 with Upgrade and Connection: upgrade. What follows is another protocol; newman waits for ever.
    [[nodiscard]] bool upgraded() const noexcept { return upgraded_; }
    // A guess of the body's size from Content-Length, for reserving; 0 when unknown. Not bounded: it is the peer's.
    [[nodiscard]] std::uint64_t announced_length() const noexcept;

    [[nodiscard]] Error error() const noexcept { return error_; }

 private:
    // In this order: a status line, a field's name, a field's value, the body's framing, the end.
    enum class State : std::uint8_t {
        start,
        protocol,
        major,
        dot,
        minor,
        version_end,
        code,
        code_end,
        reason_start,
        reason,
        line_cr,
        first_field,
        field_start,
        field_name,
        headers_cr,
        value_blank,     // blanks before a value
        value_blank_cr,  // ... of which there turned out to be none
        value_blank_lf,
        value,
        value_length,
        value_length_blank,
        value_connection,  // at the start of one of its tokens
        value_connection_blank,
        value_connection_token,
        value_coding,  // Transfer-Encoding, likewise
        value_coding_chunked,
        value_coding_token,
        value_coding_blank,
        value_cr,
        value_lf,
        chunk_size,
        extension,
        extension_name,
        extension_value,
        extension_quoted,
        extension_escape,
        extension_quote_end,
        chunk_size_cr,
        chunk_data_cr,
        chunk_data_lf,
        chunk_data,
        body_length,
        body_to_close,
        message_end,
        closed,
        dead,
    };
    enum class Known : std::uint8_t { no, connection, content_length, transfer_encoding, upgrade };
    enum class Token : std::uint8_t { none, close, keep_alive, upgrade, chunked };

    Event fail(std::string_view code, std::string_view reason) noexcept;
    Event overflow() noexcept { return fail("HPE_HEADER_OVERFLOW", "Header overflow"); }
    bool track(std::size_t bytes) noexcept;  // false: Node's limit on header bytes is reached
    Event next_line(const char*& p, const char* end);
    Event next_field(const char*& p, const char* end);
    Event name_ended();
    Event headers_done();
    // harness/http/response_values.cc
    Event next_value(const char*& p, const char* end);
    Event value_begins();
    Event value_step(const char*& p, const char* end);
    Event span_ends(const char*& p, const char* from);
    void value_ended();
    void connection_token_ended() noexcept;
    bool match(const char*& p, std::string_view literal) noexcept;
    // harness/http/response_chunks.cc
    Event next_chunk(const char*& p, const char* end);
    [[nodiscard]] bool needs_close() const noexcept;
    [[nodiscard]] bool may_keep() const noexcept;

    State state_ = State::start;
    bool to_head_ = false;
    bool trailer_ = false;
    bool upgraded_ = false;
    bool keep_ = false;
    std::uint8_t flags_ = 0;
    std::uint8_t major_ = 0;
    std::uint8_t minor_ = 0;
    std::uint8_t digits_ = 0;   // of the status code, or of a chunk size so far
    std::uint8_t matched_ = 0;  // bytes of a literal matched so far
    std::uint8_t protocol_ = 0;
    Known known_ = Known::no;
    Token token_ = Token::none;
    std::uint32_t code_ = 0;
    std::uint64_t length_ = 0;     // of the body, or of the chunk: what is still to come
    std::uint64_t announced_ = 0;  // Content-Length
    std::uint64_t header_bytes_ = 0;
    std::uint64_t extension_bytes_ = 0;
    std::string reason_;
    Fields fields_;
    Error error_;
};

}  // namespace assay::http
