#include "harness/http/cookie_jar.h"

#include <gtest/gtest.h>

using namespace assay::http;
using namespace std::chrono_literals;

namespace {
const WallTime kNow{std::chrono::milliseconds(1'700'000'000'000)};

// The Cookie header for `ask` after `set` came from `from`.
std::string sent(const std::vector<std::string>& set, const std::string& ask = "http://h.example/a/b",
                 const std::string& from = "http://h.example/a/b", WallTime when = kNow) {
    CookieJar jar;
    for (const std::string& cookie : set) jar.store(cookie, parse_url(from), kNow);
    return jar.header(parse_url(ask), when);
}
}  // namespace

TEST(CookieJar, SendsLongerPathsThenOlderCookiesFirst) {
    EXPECT_EQ(sent({"a=1; Path=/", "b=2; Path=/a", "c=3; Path=/a"}), "b=2; c=3; a=1");
    EXPECT_EQ(sent({"a=1", "b=2", "a=3"}), "a=3; b=2");  // replaced in its place
}

TEST(CookieJar, MatchesHosts) {
    EXPECT_EQ(sent({"a=1"}, "http://other.example/a/b"), "");
    EXPECT_EQ(sent({"a=1"}, "http://x.h.example/a/b"), "");  // host-only
    EXPECT_EQ(sent({"a=1; Domain=.h.example"}, "http://x.h.example/a/b"), "a=1");
    EXPECT_EQ(sent({"a=1; Domain=other.example"}), "");
    EXPECT_EQ(sent({"a=1; Domain=example"}), "");                                     // a bare label
    EXPECT_EQ(sent({"a=1"}, "http://conduit:2/a/b", "http://conduit:1/a/b"), "a=1");  // ports do not matter
    EXPECT_EQ(sent({"a=1; Domain=0.0.1"}, "http://127.0.0.1/a/b", "http://127.0.0.1/a/b"), "");
}

TEST(CookieJar, MatchesPaths) {
    EXPECT_EQ(sent({"a=1"}, "http://h.example/a/c"), "a=1");  // the default path of /a/b is /a
    EXPECT_EQ(sent({"a=1"}, "http://h.example/ab"), "");
    EXPECT_EQ(sent({"a=1"}, "http://h.example/"), "");
    EXPECT_EQ(sent({"a=1; Path=/a/"}, "http://h.example/a"), "");
    EXPECT_EQ(sent({"a=1; Path=x"}, "http://h.example/a/c"), "a=1");
}

TEST(CookieJar, ForgetsWhatExpired) {
    EXPECT_EQ(sent({"a=1; Max-Age=0"}), "");
    EXPECT_EQ(sent({"a=1; Max-Age=-5"}), "");
    EXPECT_EQ(sent({"a=1; Max-Age=10"}), "a=1");
    EXPECT_EQ(sent({"a=1; Max-Age=10"}, "http://h.example/a/b", "http://h.example/a/b", kNow + 10s), "");
    EXPECT_EQ(sent({"a=1; Max-Age=ten"}), "a=1");
    EXPECT_EQ(sent({"a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT"}), "");
    EXPECT_EQ(sent({"a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=10"}), "a=1");
    EXPECT_EQ(sent({"a=1; Expires=Fri, 31 Dec 2055 23:59:59 GMT"}), "a=1");
    EXPECT_EQ(sent({"a=1", "a=; Max-Age=0"}), "");
}

TEST(CookieJar, KeepsSecureCookiesFromOpenWires) {
    EXPECT_EQ(sent({"a=1; Secure"}), "");
    EXPECT_EQ(sent({"a=1; Secure"}, "https://h.example/a/b"), "a=1");
    EXPECT_EQ(sent({"a=1; Secure"}, "http://127.0.0.1/a", "http://127.0.0.1/a"), "a=1");
    EXPECT_EQ(sent({"__Secure-a=1"}), "");
    EXPECT_EQ(sent({"__Host-a=1; Secure; Path=/"}, "https://h.example/"), "__Host-a=1");
    EXPECT_EQ(sent({"__Host-a=1; Secure; Path=/a"}, "https://h.example/a"), "");
}

TEST(CookieJar, ReadsLooseCookies) {
    EXPECT_EQ(sent({"alone"}), "alone");
    EXPECT_EQ(sent({"=alone"}), "alone");
    EXPECT_EQ(sent({"==x"}), "=x");
    EXPECT_EQ(sent({" a = b c ;; HttpOnly; SameSite=Strict"}), "a=b c");
    EXPECT_EQ(sent({"a=\"q=r\""}), "a=\"q=r\"");
    EXPECT_EQ(sent({"a=b\x01"
                    "c"}),
              "");
    EXPECT_EQ(sent({""}), "");
}

TEST(CookieJar, ListsPairs) {
    CookieJar jar;
    const Url url = parse_url("http://h/x");
    jar.store("a=1", url, kNow);
    jar.store("b", url, kNow);
    EXPECT_EQ(jar.matching(url, kNow), (std::vector<std::pair<std::string, std::string>>{{"a", "1"}, {"", "b"}}));
}

TEST(ParseCookieDate, IsLenient) {
    const auto seconds = [](std::string_view text) {
        const auto date = parse_cookie_date(text);
        return date ? date->time_since_epoch().count() / 1000 : -1;
    };
    EXPECT_EQ(seconds("Thu, 01 Jan 1970 00:00:10 GMT"), 10);
    EXPECT_EQ(seconds("Thursday, 01-Jan-70 00:00:10 GMT"), 10);
    EXPECT_EQ(seconds("Thu Jan  1 00:00:10 1970"), 10);
    EXPECT_EQ(seconds("0:0:10 1 january 70"), 10);
    EXPECT_EQ(seconds("01 Jan 70"), -1);
    EXPECT_EQ(seconds("Thu, 01 Jan 1970 24:00:10 GMT"), -1);
    EXPECT_EQ(seconds(""), -1);
}
