// Failures in Node's words: what newman prints, and what its users search for.
#pragma once

#include <boost/system/error_code.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "harness/http/client.h"
#include "harness/http/url.h"

namespace assay::http {

// "ECONNREFUSED"; "EUNKNOWN" and the number for an errno that nobody named here.
[[nodiscard]] std::string errno_name(int code);

// "connect ECONNREFUSED 127.0.0.1:8080"; Node leaves out a port of 0.
[[nodiscard]] Failure connect_failure(int code, std::string_view address, std::uint16_t port);
[[nodiscard]] Failure connect_timeout();                 // "ETIMEDOUT"
[[nodiscard]] Failure idle_timeout();                    // "ESOCKETTIMEDOUT"
[[nodiscard]] Failure not_found(std::string_view host);  // "getaddrinfo ENOTFOUND host"
[[nodiscard]] Failure try_again(std::string_view host);  // "getaddrinfo EAI_AGAIN host"
[[nodiscard]] Failure read_failure(int code);            // "read ECONNRESET"
[[nodiscard]] Failure write_failure(int code);           // "write EPIPE"
[[nodiscard]] Failure hang_up();                         // closed before an answer: "socket hang up"
[[nodiscard]] Failure aborted();                         // closed within an answer: "aborted"
[[nodiscard]] Failure parse_failure(std::string_view code, std::string_view reason);
[[nodiscard]] Failure too_large();  // "Maximum response size reached"
[[nodiscard]] Failure invalid_url(std::string code, std::string message);

// Why nothing is sent to this URL; empty: it may be.
[[nodiscard]] std::optional<Failure> refused_url(const Url& url);

// The phrase that newman shows when a status line has none; empty for a code that it does not know.
[[nodiscard]] std::string_view reason_phrase(std::uint32_t code) noexcept;

}  // namespace assay::http
