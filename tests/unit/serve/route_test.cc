#include "tools/serve/route.h"

#include <gtest/gtest.h>

using namespace assay;
using namespace assay::serve;

namespace {

unsigned refused(std::string_view method, std::string_view target) {
    const auto route = route_of(method, target);
    if (route) return 0;
    EXPECT_FALSE(route.error().error.empty() || route.error().remedy.empty()) << target;
    return route.error().status;
}

}  // namespace

TEST(RouteOf, FindsEachPath) {
    EXPECT_EQ(route_of("POST", "/v1/submissions")->action, Action::submit);
    EXPECT_EQ(route_of("GET", "/v1/submissions/a")->action, Action::look);
    EXPECT_EQ(route_of("DELETE", "/v1/submissions/a")->action, Action::withdraw);
    EXPECT_EQ(route_of("GET", "/v1/submissions/a/logs")->action, Action::list_logs);
    EXPECT_EQ(route_of("GET", "/v1/submissions/a/logs/server.log")->action, Action::read_log);
    EXPECT_EQ(route_of("GET", "/v1/events")->action, Action::events);
    EXPECT_EQ(route_of("GET", "/healthz")->action, Action::health);
    EXPECT_EQ(route_of("GET", "/metrics")->action, Action::metrics);
}

TEST(RouteOf, DecodesIdsAndNames) {
    const auto route = route_of("GET", "/v1/submissions/uv%2fa%2Frun_1%23%25/logs/a%20b.log");
    ASSERT_TRUE(route);
    EXPECT_EQ(route->id, "uv/a/run_1#%");
    EXPECT_EQ(route->log, "a b.log");
}

TEST(RouteOf, ReadsQueries) {
    EXPECT_EQ(route_of("POST", "/v1/submissions?wait=2.5")->wait, Millis(2500));
    EXPECT_EQ(route_of("POST", "/v1/submissions")->wait, Millis(0));
    EXPECT_TRUE(route_of("POST", "/v1/submissions?stream")->stream);
    EXPECT_TRUE(route_of("POST", "/v1/submissions?wait=1&stream=1&")->stream);
    EXPECT_FALSE(route_of("POST", "/v1/submissions?stream=0")->stream);
    const auto events = route_of("GET", "/v1/events?from=18446744073709551615&follow=0");
    ASSERT_TRUE(events);
    EXPECT_EQ(events->from, 18446744073709551615u);
    EXPECT_FALSE(events->follow);
}

TEST(RouteOf, RefusesWrongQueries) {
    for (const char* query : {"wait=", "wait=-1", "wait=nan", "wait=inf", "wait=3601", "wait=1s", "stream=maybe",
                              "what", "wait=%zz", "%", "from=0"})
        EXPECT_EQ(refused("POST", std::string("/v1/submissions?") + query), 400u) << query;
    for (const char* query : {"from=-1", "from=18446744073709551616", "from=1x", "from="})
        EXPECT_EQ(refused("GET", std::string("/v1/events?") + query), 400u) << query;
}

TEST(RouteOf, RefusesOtherPathsAndMethods) {
    for (const char* path : {"/", "//", "/v1", "/v1/", "/v2/submissions", "/v1/submissions/a/log",
                             "/v1/submissions/a/logs/b/c", "/healthz/", "/v1/submissions/", "/v1/submissions/../x"})
        EXPECT_EQ(refused("GET", path), 404u) << path;
    EXPECT_EQ(refused("GET", "/v1/submissions"), 405u);
    EXPECT_EQ(refused("PUT", "/healthz"), 405u);
    EXPECT_EQ(refused("get", "/healthz"), 405u) << "methods are case-sensitive";
    EXPECT_EQ(refused("GET", "healthz"), 400u);
    EXPECT_EQ(refused("GET", ""), 400u);
    EXPECT_EQ(refused("GET", "/" + std::string(5000, 'a')), 414u);
}

TEST(RouteOf, LetsNoNameLeaveItsFolder) {
    for (const char* name : {"..", ".", "", "%2e%2e", "..%2Fresults.jsonl", "a%2fb", "a%00b"})
        EXPECT_EQ(refused("GET", std::string("/v1/submissions/a/logs/") + name), 404u) << name;
    for (const char* id : {"..", "%2e%2e", "a%2F..%2Fb", "a%00", "%0a", "a%5Cb"})
        EXPECT_EQ(refused("GET", std::string("/v1/submissions/") + id), 404u) << id;
}
