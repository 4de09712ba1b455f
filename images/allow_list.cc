#include "images/allow_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace assay::images {
namespace {

std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return result;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (status != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
    return port;
}

// A host name or an address; what a resolver would read in another way than we compare it is none.
std::optional<std::string> parse_host(std::string_view text) {
    const bool brackets = text.starts_with('[') && text.ends_with(']');
    if (brackets) text = text.substr(1, text.size() - 2);
    if (text.ends_with('.')) text.remove_suffix(1);
    if (text.empty() || text.size() > 253) return std::nullopt;
    const std::string_view letters =
        brackets ? "0123456789abcdefABCDEF:." : "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.";
    if (text.find_first_not_of(letters) != std::string_view::npos) return std::nullopt;
    return lower(text);
}

std::string percent_decoded(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned value = 0;
        if (text[i] == '%' && i + 2 < text.size() &&
            std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16).ptr == text.data() + i + 3) {
            result += static_cast<char>(value);
            i += 2;
        } else {
            result += text[i];
        }
    }
    return result;
}

// Host and port of an authority; `fallback` when no port is written.
std::optional<HostPort> parse_authority(std::string_view text, std::uint16_t fallback) {
    std::uint16_t port = fallback;
    const auto colon = text.rfind(':');
    if (colon != std::string_view::npos && text.find(']', colon) == std::string_view::npos) {
        const auto written = parse_port(text.substr(colon + 1));
        if (!written) return std::nullopt;
        port = *written;
        text = text.substr(0, colon);
    }
    auto host = parse_host(text);
    if (!host || port == 0) return std::nullopt;
    return HostPort{std::move(*host), port};
}

}  // namespace

std::optional<HostPort> parse_host_port(std::string_view text) { return parse_authority(text, 0); }

std::optional<Url> parse_url(std::string_view text) {
    const auto scheme_end = text.find("://");
    if (scheme_end == std::string_view::npos || scheme_end == 0) return std::nullopt;
    Url url;
    url.scheme = lower(text.substr(0, scheme_end));
    const std::string_view rest = text.substr(scheme_end + 3);
    const auto path = rest.find_first_of("/?#");
    std::string_view authority = rest.substr(0, path);
    url.target = path == std::string_view::npos ? "/" : std::string(rest.substr(path, rest.find('#') - path));
    if (!url.target.starts_with('/')) url.target.insert(0, "/");
    if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
        url.user = percent_decoded(authority.substr(0, at));
        authority.remove_prefix(at + 1);
    }
    const auto parsed = parse_authority(authority, url.scheme == "https" ? 443 : url.scheme == "http" ? 80 : 0);
    if (!parsed) return std::nullopt;
    url.host = parsed->host;
    url.port = parsed->port;
    return url;
}

Result<void> AllowList::add(std::string_view text) {
    const auto refuse = [&] {
        return fail("read allowed host", "'" + std::string(text) + "'", "write host, host:port, *.domain or a URL");
    };
    Entry entry{{}, 443, false};
    if (const auto url = parse_url(text)) {
        entry.host = url->host;
        entry.port = url->port;
    } else {
        std::string_view rest = text;
        if (rest.starts_with("*.")) {
            entry.below = true;
            rest.remove_prefix(2);
        }
        const auto parsed = parse_authority(rest, 443);
        if (!parsed) return refuse();
        entry.host = parsed->host;
        entry.port = parsed->port;
    }
    const auto same = [&](const Entry& known) {
        return known.host == entry.host && known.port == entry.port && known.below == entry.below;
    };
    if (std::none_of(entries_.begin(), entries_.end(), same)) entries_.push_back(std::move(entry));
    return {};
}

bool AllowList::allows(std::string_view host, std::uint16_t port) const {
    const bool v6 = host.find(':') != std::string_view::npos;
    const auto parsed = parse_host(v6 ? fmt::format("[{}]", host) : std::string(host));
    if (!parsed) return false;
    return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
        if (entry.port != port) return false;
        if (!entry.below) return *parsed == entry.host;
        return parsed->size() > entry.host.size() + 1 && parsed->ends_with(entry.host) &&
               (*parsed)[parsed->size() - entry.host.size() - 1] == '.';
    });
}

std::vector<std::string> AllowList::entries() const {
    std::vector<std::string> names;
    for (const Entry& entry : entries_)
        names.push_back(fmt::format("{}{}:{}", entry.below ? "*." : "", entry.host, entry.port));
    return names;
}

}  // namespace assay::images
