#include "harness/hurl_detour.h"

#include <charconv>

namespace assay::harness {
namespace {

bool is_port(const std::string& text, std::uint16_t port) { return text.empty() || text == std::to_string(port); }

// At colons outside of brackets; the last part takes the rest.
std::vector<std::string> split(const std::string& rule, std::size_t most) {
    std::vector<std::string> parts(1);
    bool bracket = false;
    for (const char c : rule) {
        bracket = c == '[' || (bracket && c != ']');
        if (c == ':' && !bracket && parts.size() < most)
            parts.emplace_back();
        else
            parts.back() += c;
    }
    return parts;
}

}  // namespace

void Detour::set(const HurlEntryOptions& options) {
    connect_to_ = options.connect_to;
    resolve_ = options.resolve;
}

// Sets `host_` and `port` to where the rules lead.
void Detour::redirect(std::string_view host, std::uint16_t& port) {
    const std::uint16_t from = port;
    host_ = host;
    for (const auto& rule : connect_to_) {
        const auto parts = split(rule, 4);
        if (parts.size() != 4 || (!parts[0].empty() && parts[0] != host) || !is_port(parts[1], from)) continue;
        if (!parts[2].empty()) host_ = parts[2];
        if (!parts[3].empty()) (void)std::from_chars(parts[3].data(), parts[3].data() + parts[3].size(), port);
        break;
    }
    for (const auto& rule : resolve_) {
        const auto parts = split(rule, 3);
        if (parts.size() == 3 && parts[0] == host_ && is_port(parts[1], port)) host_ = parts[2];
    }
    if (host_.size() > 2 && host_.front() == '[') host_ = host_.substr(1, host_.size() - 2);
}

http::Awaitable<http::Exchange<http::Socket>> Detour::connect(std::string_view host, std::uint16_t port) {
    redirect(host, port);
    return direct_.connect(host_, port);
}

std::optional<http::Socket> Detour::connect_at_once(std::string_view host, std::uint16_t port) {
    redirect(host, port);
    return direct_.connect_at_once(host_, port);
}

}  // namespace assay::harness
