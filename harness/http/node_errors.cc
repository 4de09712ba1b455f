#include "harness/http/node_errors.h"

#include <fmt/format.h>

#include <cerrno>

namespace assay::http {

std::string errno_name(int code) {
    switch (code) {
        case ECONNREFUSED: return "ECONNREFUSED";
        case ECONNRESET: return "ECONNRESET";
        case ECONNABORTED: return "ECONNABORTED";
        case ETIMEDOUT: return "ETIMEDOUT";
        case EHOSTUNREACH: return "EHOSTUNREACH";
        case EHOSTDOWN: return "EHOSTDOWN";
        case ENETUNREACH: return "ENETUNREACH";
        case ENETDOWN: return "ENETDOWN";
        case EADDRNOTAVAIL: return "EADDRNOTAVAIL";
        case EAFNOSUPPORT: return "EAFNOSUPPORT";
        case EACCES: return "EACCES";
        case EPERM: return "EPERM";
        case EPIPE: return "EPIPE";
        case EINVAL: return "EINVAL";
        case EMFILE: return "EMFILE";
        case ENFILE: return "ENFILE";
        case ENOBUFS: return "ENOBUFS";
        case ENOMEM: return "ENOMEM";
        case ENOTCONN: return "ENOTCONN";
        case EPROTO: return "EPROTO";
        default: return fmt::format("EUNKNOWN{}", code);
    }
}

Failure connect_failure(int code, std::string_view address, std::uint16_t port) {
    std::string name = errno_name(code);
    std::string message =
        port == 0 ? fmt::format("connect {} {}", name, address) : fmt::format("connect {} {}:{}", name, address, port);
    return {Failure::Kind::connect, std::move(name), std::move(message)};
}

Failure connect_timeout() { return {Failure::Kind::timeout, "ETIMEDOUT", "ETIMEDOUT"}; }
Failure idle_timeout() { return {Failure::Kind::timeout, "ESOCKETTIMEDOUT", "ESOCKETTIMEDOUT"}; }

Failure not_found(std::string_view host) {
    return {Failure::Kind::resolve, "ENOTFOUND", fmt::format("getaddrinfo ENOTFOUND {}", host)};
}

Failure try_again(std::string_view host) {
    return {Failure::Kind::resolve, "EAI_AGAIN", fmt::format("getaddrinfo EAI_AGAIN {}", host)};
}

Failure read_failure(int code) {
    std::string name = errno_name(code);
    return {Failure::Kind::reset, name, "read " + name};
}

Failure write_failure(int code) {
    std::string name = errno_name(code);
    return {Failure::Kind::reset, name, "write " + name};
}

Failure hang_up() { return {Failure::Kind::reset, "ECONNRESET", "socket hang up"}; }
Failure aborted() { return {Failure::Kind::reset, "ECONNRESET", "aborted"}; }

Failure parse_failure(std::string_view code, std::string_view reason) {
    return {Failure::Kind::parse, std::string(code), fmt::format("Parse Error: {}", reason)};
}

Failure too_large() { return {Failure::Kind::too_large, "", "Maximum response size reached"}; }

Failure invalid_url(std::string code, std::string message) {
    return {Failure::Kind::invalid_url, std::move(code), std::move(message)};
}

std::optional<Failure> refused_url(const Url& url) {
    if (url.host.empty() && url.authority.empty())
        return invalid_url("", fmt::format("Invalid URI \"{}\"", url.href()));
    if (url.scheme != "http" && url.scheme != "https")
        return invalid_url("", fmt::format("Invalid protocol: {}:", url.scheme));
    if (!url.port_number())
        return invalid_url("ERR_SOCKET_BAD_PORT",
                           fmt::format("Port should be >= 0 and < 65536. Received type string ('{}').", *url.port));
    return std::nullopt;
}

std::string_view reason_phrase(std::uint32_t code) noexcept {
    switch (code) {
        case 100: return "Continue";
        case 101: return "Switching Protocols";
        case 102: return "Processing (WebDAV) (RFC 2518)";
        case 103: return "Checkpoint";
        case 122: return "Request-URI too long";
        case 200: return "OK";
        case 201: return "Created";
        case 202: return "Accepted";
        case 203: return "Non-Authoritative Information (since HTTP/1.1)";
        case 204: return "No Content";
        case 205: return "Reset Content";
        case 206: return "Partial Content";
        case 207: return "Multi-Status (WebDAV) (RFC 4918)";
        case 208: return "Already Reported (WebDAV) (RFC 5842)";
        case 226: return "IM Used (RFC 3229)";
        case 300: return "Multiple Choices";
        case 301: return "Moved Permanently";
        case 302: return "Found";
        case 303: return "See Other";
        case 304: return "Not Modified";
        case 305: return "Use Proxy (since HTTP/1.1)";
        case 306: return "Switch Proxy";
        case 307: return "Temporary Redirect (since HTTP/1.1)";
        case 308: return "Resume Incomplete";
        case 400: return "Bad Request";
        case 401: return "Unauthorized";
        case 402: return "Payment Required";
        case 403: return "Forbidden";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 406: return "Not Acceptable";
        case 407: return "Proxy Authentication Required";
        case 408: return "Request Timeout";
        case 409: return "Conflict";
        case 410: return "Gone";
        case 411: return "Length Required";
        case 412: return "Precondition Failed";
        case 413: return "Request Entity Too Large";
        case 414: return "Request-URI Too Long";
        case 415: return "Unsupported Media Type";
        case 416: return "Requested Range Not Satisfiable";
        case 417: return "Expectation Failed";
        case 418: return "I'm a teapot (RFC 2324)";
        case 422: return "Unprocessable Entity (WebDAV) (RFC 4918)";
        case 423: return "Locked (WebDAV) (RFC 4918)";
        case 424: return "Failed Dependency (WebDAV) (RFC 4918)";
        case 425: return "Unordered Collection (RFC 3648)";
        case 426: return "Upgrade Required (RFC 2817)";
        case 428: return "Precondition Required";
        case 429: return "Too Many Requests";
        case 431: return "Request Header Fields Too Large";
        case 444: return "No Response";
        case 449: return "Retry With";
        case 450: return "Blocked by Windows Parental Controls";
        case 499: return "Client Closed Request";
        case 500: return "Internal Server Error";
        case 501: return "Not Implemented";
        case 502: return "Bad Gateway";
        case 503: return "Service Unavailable";
        case 504: return "Gateway Timeout";
        case 505: return "HTTP Version Not Supported";
        case 506: return "Variant Also Negotiates (RFC 2295)";
        case 507: return "Insufficient Storage (WebDAV) (RFC 4918)";
        case 508: return "Loop Detected (WebDAV) (RFC 5842)";
        case 509: return "Bandwidth Limit Exceeded (Apache bw/limited extension)";
        case 510: return "Not Extended (RFC 2774)";
        case 511: return "Network Authentication Required";
        case 598: return "Network read timeout error";
        case 599: return "Network connect timeout error[23]";
        default: return {};
    }
}

}  // namespace assay::http
