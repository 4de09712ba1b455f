#include "harness/http/url.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/hex.h"

namespace assay::http {

namespace {

bool is_hex(char c) { return hex_digit(c) >= 0; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

using EncodeSet = std::array<bool, 256>;

// Controls and all beyond ASCII are always encoded; `more` beside them.
constexpr EncodeSet make_set(std::string_view more) {
    EncodeSet set{};
    for (unsigned c = 0; c < 256; ++c) set[c] = c < 0x20 || c >= 0x7F;
    for (char c : more) set[static_cast<unsigned char>(c)] = true;
    return set;
}

constexpr EncodeSet kQuery = make_set(" \"#'<>");
constexpr EncodeSet kFragment = make_set(" \"<>`");
constexpr EncodeSet kPath = make_set(" \"<>`#?{}");
constexpr EncodeSet kUserInfo = make_set(" \"<>`#?{}/:;=@[\\]^|");
constexpr char kHexDigits[] = "0123456789ABCDEF";

void append_escape(std::string& to, char c) {
    const auto byte = static_cast<unsigned char>(c);
    to += '%';
    to += kHexDigits[byte >> 4];
    to += kHexDigits[byte & 15];
}

std::string encode(std::string_view text, const EncodeSet& set) {
    const auto in_set = [&set](char c) { return set[static_cast<unsigned char>(c)]; };
    if (std::none_of(text.begin(), text.end(), in_set)) return std::string(text);
    std::string encoded;
    encoded.reserve(text.size());
    for (char c : text) {  // an escape's own bytes are in no set
        if (in_set(c)) {
            append_escape(encoded, c);
        } else {
            encoded += c;
        }
    }
    return encoded;
}

// "127.1", "0x7f.0.0.1" and "2130706433" are all 127.0.0.1 to a browser, and to newman. nullopt: not an address.
std::optional<std::string> canonical_ipv4(std::string_view host) {
    if (!host.empty() && host.back() == '.') host.remove_suffix(1);
    std::array<std::uint64_t, 4> parts{};
    std::size_t count = 0;
    while (true) {
        const std::size_t dot = host.find('.');
        std::string_view part = host.substr(0, dot);
        if (part.empty() || count == 4) return std::nullopt;
        int base = 10;
        if (part.size() > 1 && part[0] == '0') {
            base = lower(part[1]) == 'x' ? 16 : 8;
            part.remove_prefix(base == 16 ? 2 : 1);
        }
        std::uint64_t value = 0;
        if (!part.empty()) {
            auto [rest, status] = std::from_chars(part.data(), part.data() + part.size(), value, base);
            if (status != std::errc{} || rest != part.data() + part.size()) return std::nullopt;
        }
        parts[count++] = value;
        if (dot == std::string_view::npos) break;
        host.remove_prefix(dot + 1);
    }
    for (std::size_t i = 0; i + 1 < count; ++i)
        if (parts[i] > 255) return std::nullopt;
    if (parts[count - 1] >= (std::uint64_t{1} << (8 * (5 - count)))) return std::nullopt;
    std::uint64_t address = parts[count - 1];
    for (std::size_t i = 0; i + 1 < count; ++i) address |= parts[i] << (8 * (3 - i));
    std::string text;
    for (int shift = 24; shift >= 0; shift -= 8) {
        text += std::to_string((address >> shift) & 255);
        if (shift > 0) text += '.';
    }
    return text;
}

std::string_view default_port(std::string_view scheme) { return scheme == "https" ? "443" : "80"; }

}  // namespace

std::string Url::target() const {
    std::string text = path;
    if (query) text.append("?").append(*query);
    return text;
}

std::string Url::href() const {
    std::string text;
    text.reserve(scheme.size() + authority.size() + path.size() + (query ? query->size() : 0) + 8);
    text.append(scheme).append("://");
    if (auth) text.append(*auth).append("@");
    text.append(authority).append(path);
    if (query) text.append("?").append(*query);
    if (fragment) text.append("#").append(*fragment);
    return text;
}

std::optional<std::uint16_t> Url::port_number() const {
    const std::string_view text = port && !port->empty() ? std::string_view(*port) : default_port(scheme);
    std::uint16_t number = 0;
    auto [rest, status] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (status != std::errc{} || rest != text.data() + text.size()) return std::nullopt;
    return number;
}

Url parse_url(std::string_view text) {
    Url url;
    while (!text.empty() && (text.front() == ' ' || (text.front() >= '\t' && text.front() <= '\r')))
        text.remove_prefix(1);
    if (const auto at = text.find('#'); at != std::string_view::npos) {
        url.fragment = encode(text.substr(at + 1), kFragment);
        text = text.substr(0, at);
    }
    if (const auto at = text.find('?'); at != std::string_view::npos) {
        url.query = encode(text.substr(at + 1), kQuery);
        text = text.substr(0, at);
    }
    std::string slashed;
    std::string_view rest = text;
    if (text.find('\\') != std::string_view::npos) {
        slashed.assign(text);
        std::replace(slashed.begin(), slashed.end(), '\\', '/');
        rest = slashed;
    }

    url.scheme = "http";
    if (const auto at = rest.find("://"); at != std::string_view::npos) {
        url.scheme.assign(rest.substr(0, at));
        std::transform(url.scheme.begin(), url.scheme.end(), url.scheme.begin(), lower);
        rest.remove_prefix(at + 3);
        while (!rest.empty() && rest.front() == '/') rest.remove_prefix(1);
    }
    if (const auto at = rest.find('/'); at != std::string_view::npos) {
        url.path = encode(rest.substr(at), kPath);
        rest = rest.substr(0, at);
    } else {
        url.path = "/";
    }
    if (const auto at = rest.rfind('@'); at != std::string_view::npos) {
        const std::string_view auth = rest.substr(0, at);
        const auto colon = auth.find(':');
        url.auth = encode(auth.substr(0, colon), kUserInfo);
        if (colon != std::string_view::npos) url.auth->append(":").append(encode(auth.substr(colon + 1), kUserInfo));
        rest.remove_prefix(at + 1);
    }
    if (const auto at = rest.rfind(':'); at != std::string_view::npos && rest.find(']', at) == std::string_view::npos) {
        url.port = std::string(rest.substr(at + 1));
        rest = rest.substr(0, at);
    }
    url.host.assign(rest);
    std::transform(url.host.begin(), url.host.end(), url.host.begin(), lower);
    if (auto address = canonical_ipv4(url.host)) url.host = std::move(*address);
    url.authority = url.host;
    if (url.port) url.authority.append(":").append(*url.port);
    if (url.host.size() >= 2 && url.host.front() == '[' && url.host.back() == ']')
        url.host = url.host.substr(1, url.host.size() - 2);
    return url;
}

std::string resolve_url(const Url& base, std::string_view location) {
    const auto absolute = [](std::string_view text) {
        const auto at = std::min(text.find("://"), text.find(":\\\\"));
        if (at == std::string_view::npos || at == 0 || at + 3 >= text.size()) return false;
        return std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), [](char c) {
            const char l = lower(c);
            return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '+' || c == '-';
        });
    };
    std::string upto = base.scheme + "://";
    if (base.auth) upto.append(*base.auth).append("@");
    upto.append(base.authority);
    if (location.empty()) {
        Url plain = base;
        plain.fragment.reset();
        return plain.href();
    }
    if (location.starts_with("//") || location.starts_with("\\\\")) return base.scheme + ":" + std::string(location);
    if (location.front() == '/' || location.front() == '\\') return upto.append(location);
    if (location.front() == '#') return upto.append(base.target()).append(location);
    if (location.front() == '?') return upto.append(base.path).append(location);
    if (absolute(location)) return std::string(location);
    return upto.append(base.path, 0, base.path.rfind('/') + 1).append(location);
}

std::string percent_decode(std::string_view text) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size() && is_hex(text[i + 1]) && is_hex(text[i + 2])) {
            unsigned byte = 0;
            std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16);
            decoded += static_cast<char>(byte);
            i += 2;
        } else {
            decoded += text[i];
        }
    }
    return decoded;
}

std::string encode_form_component(std::string_view text) {
    std::string encoded;
    encoded.reserve(text.size());
    for (char c : text) {
        const char l = lower(c);
        const bool plain =
            (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '~';
        if (plain) {
            encoded += c;
        } else {
            append_escape(encoded, c);
        }
    }
    return encoded;
}

}  // namespace assay::http
