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

bool plain(std::string_view value) {
    return std::all_of(value.begin(), value.end(), [](char c) { return c == '\t' || (c >= 0x20 && c <= 0x7E); });
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
    constexpr char digits[] = "0123456789abcdef";
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
    std::size_t at = 0;
    for (unsigned i = 0; i < 32; ++i) {
        if (i == 8 || i == 12 || i == 16 || i == 20) token_[at++] = '-';
        token_[at++] = digits[(bits[i / 16] >> (60 - 4 * (i % 16))) & 15];
    }
}

const RequestWriter::Line* RequestWriter::find(std::string_view name) const {
    for (const Line& line : lines_)
        if (equal_ignoring_case(line.name, name)) return &line;
    return nullptr;
}

void RequestWriter::set(std::string_view name, std::string_view value) {
    for (Line& line : lines_) {
        if (!equal_ignoring_case(line.name, name)) continue;
        line.value = value;
        return;
    }
    lines_.push_back({name, value});
}

void RequestWriter::remove(std::string_view name) {
    std::erase_if(lines_, [&](const Line& line) { return equal_ignoring_case(line.name, name); });
}

void RequestWriter::set_cookies(std::string_view cookies) {
    if (cookies.empty()) return;
    set("Cookie", own(suite_cookie_.empty() ? std::string(cookies) : fmt::format("{}; {}", suite_cookie_, cookies)));
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
        const auto old = std::find_if(lines_.begin(), lines_.end(),
                                      [&](const Line& line) { return equal_ignoring_case(line.name, header.name); });
        if (old == lines_.end()) {
            lines_.push_back({header.name, value});
        } else {
            *old = {header.name, value};
        }
    }
    const auto wanted = [&request](std::string_view name) {
        return std::none_of(request.without.begin(), request.without.end(),
                            [&](const std::string& off) { return equal_ignoring_case(off, name); });
    };
    const auto add_missing = [&](std::string_view name, std::string_view value) {
        if (!find(name) && wanted(name)) lines_.push_back({name, value});
    };
    new_token();
    add_missing("User-Agent", kUserAgent);
    add_missing("Accept", "*/*");
    add_missing("Cache-Control", "no-cache");
    add_missing("Postman-Token", {token_.data(), token_.size()});
    add_missing("Host", url.authority);
    add_missing("Accept-Encoding", "gzip, deflate, br");
    add_missing("Connection", "keep-alive");

    const bool multipart = request.form_content_type.starts_with("multipart/");
    if (!request.form_content_type.empty()) {
        const Line* type = find("content-type");
        const bool fits = type && (multipart ? type->value.starts_with("multipart/form-data;") &&
                                                   type->value.find("boundary=") != std::string_view::npos
                                             : type->value.starts_with("application/x-www-form-urlencoded"));
        if (!fits && (type || wanted("content-type"))) set("Content-Type", request.form_content_type);
    }
    if (url.auth && !find("authorization")) set("Authorization", own("Basic " + base64(percent_decode(*url.auth))));
    // A form of parts learns its length late, and so does a request that has none: after the cookies.
    const bool sized = find("content-length") != nullptr || !wanted("content-length");
    if (!sized && !body_.empty() && !multipart) set("Content-Length", own(std::to_string(body_.size())));
    const Line* cookie = find("cookie");
    suite_cookie_ = cookie ? cookie->value : std::string_view();
    set_cookies(cookies);
    if (!sized && (multipart ? !body_.empty() : body_.empty() && !may_lack_length(method_)))
        set("Content-Length", own(std::to_string(body_.size())));
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
        lines_.push_back({header.name, header.value});
    }
    const Line* cookie = find("cookie");
    suite_cookie_ = cookie ? cookie->value : std::string_view();
    set_cookies(cookies);
    return std::nullopt;
}

void RequestWriter::redirect(std::uint32_t status, const Url& from, const Url& to, std::string_view cookies) {
    const Line* host = find("host");
    const std::string_view host_name = host ? host->name : "Host";
    remove("host");
    if (from.host != to.host && !keep_authorization_) remove("authorization");
    if (status != 307 && status != 308 && !keep_method_) {
        if (method_ != "HEAD") method_ = "GET";
        body_ = {};
        remove("content-type");
        remove("content-length");
    }
    if (!no_referer_) set("Referer", own(from.href()));
    const bool default_port = to.port && *to.port == (to.secure() ? "443" : "80");
    set(host_name, own(default_port ? to.host : to.authority));
    if (to.auth && !find("authorization")) set("Authorization", own("Basic " + base64(percent_decode(*to.auth))));
    set_cookies(cookies);
    if (body_.empty() && !may_lack_length(method_) && !find("content-length")) set("Content-Length", "0");
}

bool RequestWriter::asks_to_close() const {
    const Line* connection = find("connection");
    return connection && has_word(connection->value, "close");
}

std::string_view RequestWriter::write(const Url& url) {
    const Line* coding = find("transfer-encoding");
    const bool chunked = coding && has_word(coding->value, "chunked");
    out_.clear();
    out_.append(method_).append(" ").append(url.path);
    if (url.query) out_.append("?").append(*url.query);
    out_.append(" HTTP/1.1\r\n");
    for (const Line& line : lines_) out_.append(line.name).append(": ").append(line.value).append("\r\n");
    out_.append("\r\n");
    if (chunked && !body_.empty()) {
        fmt::format_to(std::back_inserter(out_), "{:x}\r\n{}\r\n", body_.size(), body_);
    } else {
        out_.append(body_);
    }
    if (chunked) out_.append("0\r\n\r\n");
    return out_;
}

}  // namespace assay::http
