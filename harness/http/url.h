// URLs as newman takes them apart and percent-encodes them: neither RFC 3986 nor the WHATWG's rules to the letter.
//
// Source: postman-url-encoder 3 under newman 6.2.2, observed. Nothing is normalised (no "..", no default port);
// what is already percent-encoded stays. A host name with letters beyond ASCII is not turned into punycode: it is
// looked up as it stands.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace assay::http {

struct Url {
    std::string scheme;               // "http", lower case; "http" when the text names none
    std::optional<std::string> auth;  // "user:password", percent-encoded
    std::string host;                 // without the brackets of an IPv6 address
    std::string authority;            // host and port as written: what the Host header says
    std::optional<std::string> port;  // as written, may be empty or no number
    std::string path;                 // percent-encoded, begins with '/'
    std::optional<std::string> query;
    std::optional<std::string> fragment;

    [[nodiscard]] bool secure() const { return scheme == "https"; }
    [[nodiscard]] std::string target() const;  // path and query: what the request line says
    [[nodiscard]] std::string href() const;    // all of it, percent-encoded
    // The port to connect to; an empty or missing one is the scheme's. nullopt when it is no number up to 65535.
    [[nodiscard]] std::optional<std::uint16_t> port_number() const;
};

// Never fails: newman sends whatever it made of the text. An empty host is for the caller to refuse.
[[nodiscard]] Url parse_url(std::string_view text);

// What a Location header means on a page at `base`; the result is for parse_url().
[[nodiscard]] std::string resolve_url(const Url& base, std::string_view location);

// "a%20b" -> "a b"; what is no escape stays. As Node's querystring.unescape on well-formed input.
[[nodiscard]] std::string percent_decode(std::string_view text);

// A name or value of an application/x-www-form-urlencoded body as newman writes it: all but letters, digits and
// "-._~" escaped, a space as %20.
[[nodiscard]] std::string encode_form_component(std::string_view text);

}  // namespace assay::http
