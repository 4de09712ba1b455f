// The cookies of one scenario run, with the rules of the jar in newman (tough-cookie 4 in its loose mode).
//
// Public suffixes are not rejected (newman's jar does not either); SameSite is kept by nobody, as every request of a
// suite is its own site. Not thread-safe, as any value.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/http/url.h"

namespace assay::http {

using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;

class CookieJar {
 public:
    struct Cookie {
        std::string name;
        std::string value;
        std::string domain;
        std::string path;
        bool host_only = true;
        bool secure = false;
        bool http_only = false;
        std::optional<std::int64_t> max_age;  // seconds from creation; has precedence over expires
        std::optional<WallTime> expires;
        WallTime created{};
        std::uint64_t index = 0;  // breaks ties of one millisecond
    };

    // One Set-Cookie value received from `url`. What the jar of newman refuses silently is refused silently.
    void store(std::string_view set_cookie, const Url& url, WallTime now);

    // name and value of what a request to `url` carries, in the order of the Cookie header: longer paths first, then
    // older cookies. A cookie without a name has an empty name.
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> matching(const Url& url, WallTime now) const;
    // The same as a header's value; empty when there is none.
    [[nodiscard]] std::string header(const Url& url, WallTime now) const;

    // What matching() names, whole. The pointers live until the next change.
    [[nodiscard]] std::vector<const Cookie*> select(const Url& url, WallTime now) const;

    // What scripts do with the jar: no rule is applied, a cookie of the same name, domain and path is replaced.
    [[nodiscard]] const std::vector<Cookie>& all() const noexcept { return cookies_; }
    void put(Cookie cookie);
    template <typename Rule>
    void remove_if(Rule rule) {
        std::erase_if(cookies_, rule);
    }

    [[nodiscard]] bool empty() const noexcept { return cookies_.empty(); }
    void clear() noexcept { cookies_.clear(); }

 private:
    static std::optional<Cookie> parse(std::string_view text);

    std::vector<Cookie> cookies_;
    std::uint64_t next_index_ = 0;
};

// A cookie date by RFC 6265, section 5.1.1: lenient, and nullopt when it is none.
[[nodiscard]] std::optional<WallTime> parse_cookie_date(std::string_view text);

}  // namespace assay::http
