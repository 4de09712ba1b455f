#include "harness/http/request_writer.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <algorithm>
#include <chrono>
#include <iterator>

#include "harness/http/response_chars.h"

namespace assay::http {

namespace {

constexpr std::string_view kUserAgent = "PostmanRuntime/7.39.1";

bool is_token(std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return parsing::is(c, parsing::kToken); });
}

// Whether it goes out as it stands. Nearly all do: counting to the end is faster than asking after each byte.
bool plain(std::string_view value) {
    return std::count_if(value.begin(), value.end(), [](char c) { return (c < 0x20 && c != '\t') || c == 0x7F; }) == 0;
}

// Node sends header values as Latin-1: nullopt for what that cannot hold, or must not.
std::optional<std::string> to_latin1(std::string_view utf8) {
    std::string latin;
    for (std::size_t i = 0; i < utf8.size(); ++i) {
        const auto byte = static_cast<unsigned char>(utf8[i]);
        if (byte < 0x80) {
            if (byte != '\t' && (byte < 0x20 || byte == 0x7F)) return std::nullopt;
            latin += utf8[i];
        } else if ((byte == 0xC2 || byte == 0xC3) && i + 1 < utf8.size() &&
                   (static_cast<unsigned char>(utf8[i + 1]) & 0xC0) == 0x80) {
            latin += static_cast<char>((byte << 6) | (static_cast<unsigned char>(utf8[++i]) & 0x3F));
        } else {
            return std::nullopt;
        }
    }
    return latin;
}

std::string base64(std::string_view text) {
    constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string encoded;
    for (std::size_t i = 0; i < text.size(); i += 3) {
        unsigned group = 0;
        for (std::size_t k = 0; k < 3; ++k)
            group = (group << 8) | (i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0u);
        for (unsigned k = 0; k < 4; ++k) encoded += i + k <= text.size() ? digits[(group >> (18 - 6 * k)) & 63] : '=';
    }
    return encoded;
}

Failure refused(std::string code, std::string message) {
    return {Failure::Kind::invalid_request, std::move(code), std::move(message)};
}

bool has_word(std::string_view value, std::string_view word) {
    const auto in_word = [](char c) {
        return c == '_' || parsing::is_digit(c) || (parsing::lower(c) >= 'a' && parsing::lower(c) <= 'z');
    };
    for (std::size_t at = 0; at + word.size() <= value.size(); ++at) {
        if (!equal_ignoring_case(value.substr(at, word.size()), word)) continue;
        const std::size_t after = at + word.size();
        if ((at == 0 || !in_word(value[at - 1])) && (after == value.size() || !in_word(value[after]))) return true;
    }
    return false;
}

}  // namespace

bool may_lack_length(std::string_view method) {
    for (std::string_view known : {"GET", "HEAD", "TRACE", "DELETE", "CONNECT", "OPTIONS"})
        if (method == known) return true;
    return false;
}

RequestWriter::RequestWriter() {
    if (::getrandom(random_.data(), sizeof random_, 0) != static_cast<ssize_t>(sizeof random_)) {
        // A token only has to differ from others: the clock and an address do.
        random_ = {static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()),
                   reinterpret_cast<std::uintptr_t>(this) | 1};
    }
    if (random_[0] == 0 && random_[1] == 0) random_[0] = 1;
}

// A version 4 UUID from xorshift128+: the token tells requests apart, it guards nothing.
void RequestWriter::new_token() {
    static constexpr char digits[] = "0123456789abcdef";
    std::uint64_t bits[2];
    for (std::uint64_t& word : bits) {
        std::uint64_t x = random_[0];
        const std::uint64_t y = random_[1];
        random_[0] = y;
        x ^= x << 23;
        random_[1] = x ^ y ^ (x >> 17) ^ (y >> 26);
        word = random_[1] + y;
    }
    bits[0] = (bits[0] & ~0xF000ull) | 0x4000ull;
    bits[1] = (bits[1] & ~(3ull << 62)) | (2ull << 62);
    char* to = token_.data();
    const auto write = [&to](std::uint64_t word, int high, int count) {
        for (int shift = high; count > 0; --count, shift -= 4) *to++ = digits[(word >> shift) & 15];
    };
    write(bits[0], 60, 8);
    *to++ = '-';
    write(bits[0], 28, 4);
    *to++ = '-';
    write(bits[0], 12, 4);
    *to++ = '-';
    write(bits[1], 60, 4);
    *to++ = '-';
    write(bits[1], 44, 12);
}

RequestWriter::Known RequestWriter::recognise(std::string_view name) noexcept {
    const auto is = [name](std::string_view known) { return equal_ignoring_case(name, known); };
    switch (name.size()) {
        case 4: return is("host") ? Known::host : Known::other;
        case 6: return is("accept") ? Known::accept : is("cookie") ? Known::cookie : Known::other;
        case 7: return is("referer") ? Known::referer : Known::other;
        case 10: return is("user-agent") ? Known::user_agent : is("connection") ? Known::connection : Known::other;
        case 12: return is("content-type") ? Known::content_type : Known::other;
        case 13:
            return is("authorization")   ? Known::authorization
                   : is("cache-control") ? Known::cache_control
                   : is("postman-token") ? Known::postman_token
                                         : Known::other;
        case 14: return is("content-length") ? Known::content_length : Known::other;
        case 15: return is("accept-encoding") ? Known::accept_encoding : Known::other;
        case 17: return is("transfer-encoding") ? Known::transfer_encoding : Known::other;
        default: return Known::other;
    }
}

const RequestWriter::Line* RequestWriter::find(Known name) const {
    for (const Line& line : lines_)
        if (line.known == name) return &line;
    return nullptr;
}

void RequestWriter::set(Known known, std::string_view name, std::string_view value) {
    for (Line& line : lines_) {
        if (line.known != known) continue;
        line.value = value;
        return;
    }
    lines_.push_back({known, name, value});
}

void RequestWriter::remove(Known name) {
    std::erase_if(lines_, [name](const Line& line) { return line.known == name; });
}

void RequestWriter::set_cookies(std::string_view cookies) {
    if (cookies.empty()) return;
    set(Known::cookie, "Cookie",
        own(suite_cookie_.empty() ? std::string(cookies) : fmt::format("{}; {}", suite_cookie_, cookies)));
}

std::optional<Failure> RequestWriter::begin(const Request& request, const Url& url, std::string_view cookies) {
    owned_.clear();
    lines_.clear();
    method_ = request.method;
    for (char& c : method_)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c & ~0x20);
    body_ = request.body;
    keep_method_ = request.keep_method;
    keep_authorization_ = request.keep_authorization;
    no_referer_ = request.no_referer;
    if (!is_token(method_))
        return refused("ERR_INVALID_HTTP_TOKEN", fmt::format("Method must be a valid HTTP token [\"{}\"]", method_));

    if (request.verbatim) return begin_verbatim(request, cookies);
    for (const Header& header : request.headers) {
        if (header.name.empty()) continue;
        if (!is_token(header.name))
            return refused("ERR_INVALID_HTTP_TOKEN",
                           fmt::format("Header name must be a valid HTTP token [\"{}\"]", header.name));
        std::string_view value = header.value;
        if (!plain(value)) {
            auto latin = to_latin1(value);
            if (!latin)
                return refused("ERR_INVALID_CHAR",
                               fmt::format("Invalid character in header content [\"{}\"]", header.name));
            value = own(std::move(*latin));
        }
        // Of two of one name, the first has the place, the last the rest.
        const Known known = recognise(header.name);
        const auto old = std::find_if(lines_.begin(), lines_.end(), [&](const Line& line) {
            return line.known == known && (known != Known::other || equal_ignoring_case(line.name, header.name));
        });
        if (old == lines_.end()) {
            lines_.push_back({known, header.name, value});
        } else {
            *old = {known, header.name, value};
        }
    }
    const auto wanted = [&request](std::string_view name) {
        return std::none_of(request.without.begin(), request.without.end(),
                            [&](const std::string& off) { return equal_ignoring_case(off, name); });
    };
    const auto add_missing = [&](Known known, std::string_view name, std::string_view value) {
        if (!find(known) && wanted(name)) lines_.push_back({known, name, value});
    };
    new_token();
    add_missing(Known::user_agent, "User-Agent", kUserAgent);
    add_missing(Known::accept, "Accept", "*/*");
    add_missing(Known::cache_control, "Cache-Control", "no-cache");
    add_missing(Known::postman_token, "Postman-Token", {token_.data(), token_.size()});
    add_missing(Known::host, "Host", url.authority);
    add_missing(Known::accept_encoding, "Accept-Encoding", "gzip, deflate, br");
    add_missing(Known::connection, "Connection", "keep-alive");

    const bool multipart = request.form_content_type.starts_with("multipart/");
    if (!request.form_content_type.empty()) {
        const Line* type = find(Known::content_type);
        const bool fits = type && (multipart ? type->value.starts_with("multipart/form-data;") &&
                                                   type->value.find("boundary=") != std::string_view::npos
                                             : type->value.starts_with("application/x-www-form-urlencoded"));
        if (!fits && (type || wanted("content-type")))
            set(Known::content_type, "Content-Type", request.form_content_type);
    }
    if (url.auth && !find(Known::authorization))
        set(Known::authorization, "Authorization", own("Basic " + base64(percent_decode(*url.auth))));
    // A form of parts learns its length late, and so does a request that has none: after the cookies.
    const bool sized = find(Known::content_length) != nullptr || !wanted("content-length");
    if (!sized && !body_.empty() && !multipart)
        set(Known::content_length, "Content-Length", own(std::to_string(body_.size())));
    const Line* cookie = find(Known::cookie);
    suite_cookie_ = cookie ? cookie->value : std::string_view();
    set_cookies(cookies);
    if (!sized && (multipart ? !body_.empty() : body_.empty() && !may_lack_length(method_)))
        set(Known::content_length, "Content-Length", own(std::to_string(body_.size())));
    return std::nullopt;
}

// The headers as they stand. A line break would begin another one, or the body.
std::optional<Failure> RequestWriter::begin_verbatim(const Request& request, std::string_view cookies) {
    for (const Header& header : request.headers) {
        if (!is_token(header.name))
            return refused("ERR_INVALID_HTTP_TOKEN",
                           fmt::format("Header name must be a valid HTTP token [\"{}\"]", header.name));
        if (header.value.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos)
            return refused("ERR_INVALID_CHAR",
                           fmt::format("Invalid character in header content [\"{}\"]", header.name));
        lines_.push_back({recognise(header.name), header.name, header.value});
    }
    const Line* cookie = find(Known::cookie);
    suite_cookie_ = cookie ? cookie->value : std::string_view();
    set_cookies(cookies);
    return std::nullopt;
}

void RequestWriter::redirect(std::uint32_t status, const Url& from, const Url& to, std::string_view cookies) {
    const Line* host = find(Known::host);
    const std::string_view host_name = host ? host->name : "Host";
    remove(Known::host);
    if (from.host != to.host && !keep_authorization_) remove(Known::authorization);
    if (status != 307 && status != 308 && !keep_method_) {
        if (method_ != "HEAD") method_ = "GET";
        body_ = {};
        remove(Known::content_type);
        remove(Known::content_length);
    }
    if (!no_referer_) set(Known::referer, "Referer", own(from.href()));
    const bool default_port = to.port && *to.port == (to.secure() ? "443" : "80");
    set(Known::host, host_name, own(default_port ? to.host : to.authority));
    if (to.auth && !find(Known::authorization))
        set(Known::authorization, "Authorization", own("Basic " + base64(percent_decode(*to.auth))));
    set_cookies(cookies);
    if (body_.empty() && !may_lack_length(method_) && !find(Known::content_length))
        set(Known::content_length, "Content-Length", "0");
}

bool RequestWriter::asks_to_close() const {
    const Line* connection = find(Known::connection);
    return connection && has_word(connection->value, "close");
}

std::string_view RequestWriter::write(const Url& url) {
    const Line* coding = find(Known::transfer_encoding);
    const bool chunked = coding && has_word(coding->value, "chunked");
    constexpr std::string_view kVersion = " HTTP/1.1\r\n";
    std::size_t size = method_.size() + 1 + url.path.size() + (url.query ? url.query->size() + 1 : 0) +
                       kVersion.size() + 2 + body_.size();
    for (const Line& line : lines_) size += line.name.size() + line.value.size() + 4;
    if (chunked) size += 32;  // a size in hexadecimal digits, line ends, the last chunk
    // The buffer only grows: the bytes are copied once, to where they are sent from.
    if (out_.size() < size) out_.resize(size);
    char* to = out_.data();
    const auto put = [&to](std::string_view text) { to = std::copy(text.begin(), text.end(), to); };
    put(method_);
    put(" ");
    put(url.path);
    if (url.query) {
        put("?");
        put(*url.query);
    }
    put(kVersion);
    for (const Line& line : lines_) {
        put(line.name);
        put(": ");
        put(line.value);
        put("\r\n");
    }
    put("\r\n");
    if (chunked && !body_.empty()) {
        to = fmt::format_to(to, "{:x}\r\n", body_.size());
        put(body_);
        put("\r\n");
    } else {
        put(body_);
    }
    if (chunked) put("0\r\n\r\n");
    return {out_.data(), static_cast<std::size_t>(to - out_.data())};
}

}  // namespace assay::http
