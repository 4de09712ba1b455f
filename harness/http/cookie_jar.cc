#include "harness/http/cookie_jar.h"

#include <algorithm>
#include <charconv>

#include "harness/http/fields.h"

namespace assay::http {

namespace {

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::string_view trim(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

std::string lowered(std::string_view text) {
    std::string copy(text);
    for (char& c : copy)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
    return copy;
}

bool is_ipv4(std::string_view host) {
    int dots = 0;
    for (char c : host) {
        if (c == '.') {
            ++dots;
        } else if (c < '0' || c > '9') {
            return false;
        }
    }
    return dots == 3;
}

bool domain_matches(std::string_view host, std::string_view domain) {
    if (host == domain) return true;
    if (domain.empty() || !host.ends_with(domain) || host[host.size() - domain.size() - 1] != '.') return false;
    // newman's store looks a cookie up by the domains from the registrable one downwards; a bare label is none.
    return domain.find('.') != std::string_view::npos && !is_ipv4(host);
}

bool path_matches(std::string_view path, std::string_view cookie_path) {
    if (!path.starts_with(cookie_path)) return false;
    return path.size() == cookie_path.size() || cookie_path.ends_with('/') || path[cookie_path.size()] == '/';
}

std::string default_path(std::string_view path) {
    const auto slash = path.rfind('/');
    return path.empty() || path.front() != '/' || slash == 0 ? "/" : std::string(path.substr(0, slash));
}

// Cookies marked secure travel over TLS, and to this machine itself.
bool secure_enough(const Url& url) {
    return url.secure() || url.host == "localhost" || url.host.ends_with(".localhost") || url.host == "::1" ||
           (is_ipv4(url.host) && url.host.starts_with("127."));
}

// `least` to `most` digits at the front; what follows them must be no digit, and only then may anything follow.
std::optional<int> leading_number(std::string_view text, std::size_t least, std::size_t most, bool trailer) {
    std::size_t digits = 0;
    while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
    if (digits < least || digits > most || (!trailer && digits != text.size())) return std::nullopt;
    int number = 0;
    std::from_chars(text.data(), text.data() + digits, number);
    return number;
}

struct TimeOfDay {
    int hour, minute, second;
};

std::optional<TimeOfDay> parse_time(std::string_view text) {
    int parts[3];
    for (int i = 0; i < 3; ++i) {
        const auto colon = text.find(':');
        if ((colon == std::string_view::npos) != (i == 2)) return std::nullopt;
        const auto number = leading_number(text.substr(0, colon), 1, 2, i == 2);
        if (!number) return std::nullopt;
        parts[i] = *number;
        if (i < 2) text.remove_prefix(colon + 1);
    }
    return TimeOfDay{parts[0], parts[1], parts[2]};
}

std::optional<unsigned> parse_month(std::string_view text) {
    constexpr std::string_view names[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                          "jul", "aug", "sep", "oct", "nov", "dec"};
    const std::string month = lowered(text.substr(0, 3));
    for (unsigned i = 0; i < 12; ++i)
        if (month == names[i]) return i + 1;
    return std::nullopt;
}

bool is_date_delimiter(char c) {
    return c == '\t' || (c >= ' ' && c <= '/') || (c >= ';' && c <= '@') || (c >= '[' && c <= '`') ||
           (c >= '{' && c <= '~');
}

}  // namespace

std::optional<WallTime> parse_cookie_date(std::string_view text) {
    std::optional<TimeOfDay> time;
    std::optional<int> day, year;
    std::optional<unsigned> month;
    while (!text.empty()) {
        const auto end =
            static_cast<std::size_t>(std::find_if(text.begin(), text.end(), is_date_delimiter) - text.begin());
        const std::string_view token = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (token.empty()) continue;
        if (!time && (time = parse_time(token))) continue;
        if (!day && (day = leading_number(token, 1, 2, true))) continue;
        if (!month && (month = parse_month(token))) continue;
        if (!year && (year = leading_number(token, 2, 4, true)))
            *year += *year >= 70 && *year <= 99 ? 1900 : *year <= 69 ? 2000 : 0;
    }
    if (!time || !day || !month || !year || *day < 1 || *day > 31 || *year < 1601) return std::nullopt;
    if (time->hour > 23 || time->minute > 59 || time->second > 59) return std::nullopt;
    using namespace std::chrono;
    // The 31st of a shorter month runs into the next, as JavaScript's Date has it.
    const sys_days date = sys_days(std::chrono::year(*year) / std::chrono::month(*month) / 1) + days(*day - 1);
    return WallTime(date) + hours(time->hour) + minutes(time->minute) + seconds(time->second);
}

std::optional<CookieJar::Cookie> CookieJar::parse(std::string_view text) {
    text = trim(text);
    if (text.empty()) return std::nullopt;
    const auto semicolon = text.find(';');
    std::string_view pair = text.substr(0, semicolon);
    pair = pair.substr(0, pair.find_first_of(std::string_view("\n\r\0", 3)));
    if (pair.starts_with('=')) pair.remove_prefix(1);
    Cookie cookie;
    if (const auto equals = pair.find('='); equals == std::string_view::npos || equals == 0) {
        cookie.value = trim(pair);
    } else {
        cookie.name = trim(pair.substr(0, equals));
        cookie.value = trim(pair.substr(equals + 1));
    }
    const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20; };
    if (std::any_of(cookie.name.begin(), cookie.name.end(), control) ||
        std::any_of(cookie.value.begin(), cookie.value.end(), control))
        return std::nullopt;

    std::string_view rest = semicolon == std::string_view::npos ? "" : text.substr(semicolon + 1);
    while (!rest.empty()) {
        const auto end = rest.find(';');
        const std::string_view attribute = trim(rest.substr(0, end));
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
        const auto equals = attribute.find('=');
        const std::string_view key = trim(attribute.substr(0, equals));
        const std::string_view value = equals == std::string_view::npos ? "" : trim(attribute.substr(equals + 1));
        if (equal_ignoring_case(key, "expires")) {
            if (auto date = parse_cookie_date(value)) cookie.expires = date;
        } else if (equal_ignoring_case(key, "max-age")) {
            std::int64_t seconds = 0;
            auto [last, status] = std::from_chars(value.data(), value.data() + value.size(), seconds);
            if (!value.empty() && last == value.data() + value.size() && status != std::errc::invalid_argument)
                cookie.max_age = status == std::errc{} ? seconds : value.front() == '-' ? 0 : INT32_MAX;
        } else if (equal_ignoring_case(key, "domain")) {
            const std::string_view domain = value.starts_with('.') ? value.substr(1) : value;
            if (!domain.empty()) cookie.domain = lowered(domain);
        } else if (equal_ignoring_case(key, "path")) {
            cookie.path = value.starts_with('/') ? value : "";
        } else if (equal_ignoring_case(key, "secure")) {
            cookie.secure = true;
        } else if (equal_ignoring_case(key, "httponly")) {
            cookie.http_only = true;
        }
    }
    return cookie;
}

void CookieJar::store(std::string_view set_cookie, const Url& url, WallTime now) {
    auto cookie = parse(set_cookie);
    if (!cookie) return;
    if (cookie->domain.empty()) {
        cookie->domain = url.host;
    } else {
        if (url.host != cookie->domain && (!url.host.ends_with("." + cookie->domain) || is_ipv4(url.host))) return;
        cookie->host_only = false;
    }
    if (cookie->path.empty()) cookie->path = default_path(url.path);
    if (cookie->name.starts_with("__Secure-") && !cookie->secure) return;
    if (cookie->name.starts_with("__Host-") && !(cookie->secure && cookie->host_only && cookie->path == "/")) return;
    cookie->created = now;
    put(std::move(*cookie));
}

void CookieJar::put(Cookie cookie) {
    cookie.index = next_index_++;
    for (Cookie& old : cookies_) {
        if (old.name != cookie.name || old.domain != cookie.domain || old.path != cookie.path) continue;
        cookie.created = old.created;  // also what a new Max-Age counts from, in newman's jar
        cookie.index = old.index;
        old = std::move(cookie);
        return;
    }
    cookies_.push_back(std::move(cookie));
}

std::vector<const CookieJar::Cookie*> CookieJar::select(const Url& url, WallTime now) const {
    std::vector<const Cookie*> chosen;
    for (const Cookie& cookie : cookies_) {
        if (cookie.host_only ? cookie.domain != url.host : !domain_matches(url.host, cookie.domain)) continue;
        if (!path_matches(url.path, cookie.path) || (cookie.secure && !secure_enough(url))) continue;
        if (cookie.max_age ? *cookie.max_age <= 0 || cookie.created + std::chrono::seconds(*cookie.max_age) <= now
                           : cookie.expires && *cookie.expires <= now)
            continue;
        chosen.push_back(&cookie);
    }
    std::sort(chosen.begin(), chosen.end(), [](const Cookie* a, const Cookie* b) {
        if (a->path.size() != b->path.size()) return a->path.size() > b->path.size();
        return a->created != b->created ? a->created < b->created : a->index < b->index;
    });
    return chosen;
}

std::vector<std::pair<std::string, std::string>> CookieJar::matching(const Url& url, WallTime now) const {
    std::vector<std::pair<std::string, std::string>> pairs;
    for (const Cookie* cookie : select(url, now)) pairs.emplace_back(cookie->name, cookie->value);
    return pairs;
}

std::string CookieJar::header(const Url& url, WallTime now) const {
    std::string text;
    for (const Cookie* cookie : select(url, now)) {
        if (!text.empty()) text += "; ";
        if (!cookie->name.empty()) text.append(cookie->name).append("=");
        text += cookie->value;
    }
    return text;
}

}  // namespace assay::http
