#include "harness/cookie_store.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace assay::harness {
namespace {

using Json = nlohmann::ordered_json;
using Cookie = http::CookieJar::Cookie;

std::string iso(http::WallTime time) {
    using namespace std::chrono;
    const auto day = floor<days>(time);
    const year_month_day date(day);
    const hh_mm_ss clock(time - day);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                       clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

std::optional<http::WallTime> time_of(const Json& json) {
    if (!json.is_string()) return std::nullopt;
    int year = 0;
    unsigned month = 0, day = 0, hour = 0, minute = 0, second = 0, milli = 0;
    if (std::sscanf(json.get_ref<const std::string&>().c_str(), "%d-%u-%uT%u:%u:%u.%u", &year, &month, &day, &hour,
                    &minute, &second, &milli) < 6) {
        return std::nullopt;
    }
    using namespace std::chrono;
    return http::WallTime(sys_days(std::chrono::year(year) / static_cast<int>(month) / static_cast<int>(day))) +
           hours(hour) + minutes(minute) + seconds(second) + milliseconds(milli);
}

// `name`: "key" in tough-cookie's form, "name" in the collection format.
Json to_json(const Cookie& cookie, const char* name) {
    Json json = {{name, cookie.name},
                 {"value", cookie.value},
                 {"domain", cookie.domain},
                 {"path", cookie.path},
                 {"secure", cookie.secure},
                 {"httpOnly", cookie.http_only},
                 {"hostOnly", cookie.host_only},
                 {"creation", iso(cookie.created)}};
    if (cookie.max_age) json["maxAge"] = *cookie.max_age;
    if (cookie.expires) json["expires"] = iso(*cookie.expires);
    return json;
}

std::string text(const Json& json, const char* name) {
    const auto found = json.find(name);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Cookie from_json(const Json& json, http::WallTime now) {
    Cookie cookie;
    cookie.name = text(json, "key");
    cookie.value = text(json, "value");
    cookie.domain = text(json, "domain");
    cookie.path = text(json, "path");
    cookie.secure = json.value("secure", false);
    cookie.http_only = json.value("httpOnly", false);
    cookie.host_only = json.value("hostOnly", false);
    if (const auto age = json.find("maxAge"); age != json.end()) {
        if (age->is_number())
            cookie.max_age = static_cast<std::int64_t>(age->get<double>());
        else if (*age == "-Infinity")
            cookie.max_age = 0;
    }
    if (const auto date = json.find("expires"); date != json.end()) cookie.expires = time_of(*date);
    const auto created = json.find("creation");
    cookie.created = created == json.end() ? now : time_of(*created).value_or(now);
    return cookie;
}

}  // namespace

std::string call_cookie_store(http::CookieJar& jar, std::string_view method, std::string_view arguments,
                              std::string_view url, http::WallTime now) {
    const auto args = Json::parse(arguments, nullptr, false);
    const auto at = [&](std::size_t index) {
        return args.is_array() && index < args.size() && args[index].is_string() ? args[index].get<std::string>()
                                                                                 : std::string();
    };
    const auto object = [&](std::size_t index) {
        return args.is_array() && index < args.size() && args[index].is_object() ? args[index] : Json::object();
    };
    const auto domain = at(0), path = at(1), key = at(2);
    const auto is_the_one = [&](const Cookie& cookie) {
        return cookie.domain == domain && cookie.path == path && cookie.name == key;
    };
    Json answer = Json::object();
    if (method == "matching") {
        auto& list = answer["result"] = Json::array();
        const auto page = http::parse_url(domain.empty() ? url : std::string_view(domain));
        for (const auto* cookie : jar.select(page, now)) list.push_back(to_json(*cookie, "name"));
    } else if (method == "findCookie") {
        for (const auto& cookie : jar.all()) {
            if (is_the_one(cookie)) answer["result"] = to_json(cookie, "key");
        }
    } else if (method == "findCookies" || method == "getAllCookies") {
        // The caller chooses among these once more, by host, path and age.
        auto& list = answer["result"] = Json::array();
        for (const auto& cookie : jar.all()) {
            const bool near = cookie.domain == domain || domain.ends_with("." + cookie.domain);
            if (method == "getAllCookies" || near) list.push_back(to_json(cookie, "key"));
        }
    } else if (method == "putCookie" || method == "updateCookie") {
        jar.put(from_json(object(method == "putCookie" ? 0 : 1), now));
    } else if (method == "removeCookie") {
        jar.remove_if(is_the_one);
    } else if (method == "removeCookies") {
        jar.remove_if(
            [&](const Cookie& cookie) { return cookie.domain == domain && (path.empty() || cookie.path == path); });
    } else if (method == "removeAllCookies") {
        jar.clear();
    } else {
        answer["error"] = fmt::format("CookieStore: invalid method name '{}'", method);
    }
    return answer.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace assay::harness
