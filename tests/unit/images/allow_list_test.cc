#include "images/allow_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace assay;
using namespace assay::images;

TEST(AllowList, AllowsTheNamedHostAndPortAlone) {
    AllowList list;
    ASSERT_TRUE(list.add("https://registry.example/simple/"));
    EXPECT_TRUE(list.allows("registry.example", 443));
    EXPECT_TRUE(list.allows("Registry.Example.", 443));
    EXPECT_FALSE(list.allows("registry.example", 80));
    EXPECT_FALSE(list.allows("registry.example", 22));
    EXPECT_FALSE(list.allows("xregistry.example", 443));
    EXPECT_FALSE(list.allows("registry.example.org", 443));
    EXPECT_FALSE(list.allows("sub.registry.example", 443));
    EXPECT_FALSE(list.allows("example", 443));
    EXPECT_FALSE(list.allows("", 443));
    EXPECT_FALSE(AllowList().allows("registry.example", 443));
}

TEST(AllowList, TakesPortsFromSchemeOrText) {
    AllowList list;
    ASSERT_TRUE(list.add("http://plain.example"));
    ASSERT_TRUE(list.add("https://other.example:8443/x"));
    ASSERT_TRUE(list.add("bare.example"));
    ASSERT_TRUE(list.add("bare.example:4873"));
    ASSERT_TRUE(list.add("http://[::1]:4873/"));
    EXPECT_THAT(list.entries(), testing::ElementsAre("plain.example:80", "other.example:8443", "bare.example:443",
                                                     "bare.example:4873", "::1:4873"));
    EXPECT_TRUE(list.allows(parse_host_port("[::1]:4873")->host, 4873));
    EXPECT_FALSE(list.allows("::2", 4873));
}

TEST(AllowList, AStarMeansNamesBelowOnly) {
    AllowList list;
    ASSERT_TRUE(list.add("*.files.example"));
    EXPECT_TRUE(list.allows("a.files.example", 443));
    EXPECT_TRUE(list.allows("a.b.files.example", 443));
    EXPECT_FALSE(list.allows("files.example", 443));
    EXPECT_FALSE(list.allows("evilfiles.example", 443));
    EXPECT_FALSE(list.allows(".files.example", 443));
}

TEST(AllowList, RefusesWhatIsNoHost) {
    AllowList list;
    for (const char* entry : {"", "*", "*.", "a b", "host:", "host:0", "host:99999", "host:x", "ftp://host/", "a/b",
                              "host\r\nx", "user@host"})
        EXPECT_FALSE(list.add(entry)) << entry;
    EXPECT_TRUE(list.entries().empty());
}

TEST(ParseHostPort, NeedsBothAndNothingElse) {
    auto parsed = parse_host_port("Registry.Example:443");
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->host, "registry.example");
    EXPECT_EQ(parsed->port, 443);
    for (const char* text :
         {"host", "host:", ":443", "host:443x", "ho st:443", "host:443:443", "host@evil:443", "http://h:1"})
        EXPECT_FALSE(parse_host_port(text)) << text;
}

TEST(ParseUrl, TakesItApart) {
    auto url = parse_url("HTTP://us%40er:pw@Proxy.Example:3128");
    ASSERT_TRUE(url);
    EXPECT_EQ(url->scheme, "http");
    EXPECT_EQ(url->user, "us@er:pw");
    EXPECT_EQ(url->host, "proxy.example");
    EXPECT_EQ(url->port, 3128);
    EXPECT_EQ(url->target, "/");
    EXPECT_EQ(parse_url("http://host/a/b?c=d#e")->target, "/a/b?c=d");
    EXPECT_EQ(parse_url("http://host?c=d")->target, "/?c=d");
    // What stands before the last @ is the user, however much it looks like a host.
    EXPECT_EQ(parse_url("http://good.example@evil.example/")->host, "evil.example");
    for (const char* text : {"host", "://host", "http://", "http://ho st/", "http://host:x/"})
        EXPECT_FALSE(parse_url(text)) << text;
}
