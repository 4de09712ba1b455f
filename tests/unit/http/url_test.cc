#include "harness/http/url.h"

#include <gtest/gtest.h>

using namespace assay::http;

namespace {
std::string target(const std::string& text) { return parse_url(text).target(); }
}  // namespace

TEST(Url, EncodesTheQueryAsNewmanDoes) {
    EXPECT_EQ(target("http://h/x?a=b c&d=\"e\"&f=<g>&h='i'&j=\xc3\xa9&k=`l`|[m]{n}&o=a+b&p=%41&q=%zz&r=a#b?c=d"),
              "/x?a=b%20c&d=%22e%22&f=%3Cg%3E&h=%27i%27&j=%C3%A9&k=`l`|[m]{n}&o=a+b&p=%41&q=%zz&r=a");
    EXPECT_EQ(target("h?x=^;@:!$()*,~/?&y=\\z"), "/?x=^;@:!$()*,~/?&y=\\z");
    EXPECT_EQ(target("h/x?"), "/x?");
    EXPECT_EQ(target("h/x?&&a&=b&"), "/x?&&a&=b&");
}

TEST(Url, EncodesThePathAsNewmanDoes) {
    EXPECT_EQ(target("http://h/a b/\xc3\xa9/{x}/[y]/\"q\"/<z>/`t`/\\w/%41%zz"),
              "/a%20b/%C3%A9/%7Bx%7D/[y]/%22q%22/%3Cz%3E/%60t%60//w/%41%zz");
    EXPECT_EQ(target("h/p^|;=@:!$&'()*+,~"), "/p^|;=@:!$&'()*+,~");
    EXPECT_EQ(target("h/a\x01\tb?c=\x01\td\x7f"), "/a%01%09b?c=%01%09d%7F");
    EXPECT_EQ(target("h/a/../b/./c//d"), "/a/../b/./c//d");  // nothing is normalised
    EXPECT_EQ(target("h"), "/");
}

TEST(Url, TakesAddressesApart) {
    const Url url = parse_url("  HTTPS://Us%40er:pa:ss@Host.Example:8443/x?q#f g");
    EXPECT_EQ(url.scheme, "https");
    EXPECT_EQ(url.auth, "Us%40er:pa%3Ass");
    EXPECT_EQ(url.host, "host.example");
    EXPECT_EQ(url.authority, "host.example:8443");
    EXPECT_EQ(url.port_number(), 8443);
    EXPECT_EQ(url.href(), "https://Us%40er:pa%3Ass@host.example:8443/x?q#f%20g");
    EXPECT_EQ(parse_url("http://[::1]:80/x").host, "::1");
    EXPECT_EQ(parse_url("http://[::1]:80/x").authority, "[::1]:80");
    EXPECT_EQ(parse_url("http://a@b@c/").auth, "a%40b");
    EXPECT_EQ(parse_url("http:////h/x").host, "h");
    EXPECT_EQ(parse_url("http:\\\\h\\p").href(), "http://h/p");
    EXPECT_EQ(parse_url("http://").host, "");
}

TEST(Url, KnowsTheSchemesPort) {
    EXPECT_EQ(parse_url("http://h/").port_number(), 80);
    EXPECT_EQ(parse_url("https://h/").port_number(), 443);
    EXPECT_EQ(parse_url("http://h:/").port_number(), 80);
    EXPECT_EQ(parse_url("http://h:abc/").port_number(), std::nullopt);
    EXPECT_EQ(parse_url("http://h:99999/").port_number(), std::nullopt);
}

TEST(Url, WritesIpv4AddressesInFull) {
    EXPECT_EQ(parse_url("http://127.1/").host, "127.0.0.1");
    EXPECT_EQ(parse_url("http://0x7f.1/").host, "127.0.0.1");
    EXPECT_EQ(parse_url("http://1.2.3/").host, "1.2.0.3");
    for (auto other : {"999.1.1.1", "1.2.3.4.5", "08.1", "x.1", "a b", "{{nope}}"})
        EXPECT_EQ(parse_url(std::string("http://") + other + "/").host, other);
}

TEST(ResolveUrl, FollowsNewmansRulesOfRelativeAddresses) {
    const Url base = parse_url("http://u:p@h:1/a/b/c?d=e#f");
    EXPECT_EQ(resolve_url(base, ""), "http://u:p@h:1/a/b/c?d=e");
    EXPECT_EQ(resolve_url(base, "//x/y"), "http://x/y");
    EXPECT_EQ(resolve_url(base, "/z"), "http://u:p@h:1/z");
    EXPECT_EQ(resolve_url(base, "?k"), "http://u:p@h:1/a/b/c?k");
    EXPECT_EQ(resolve_url(base, "#n"), "http://u:p@h:1/a/b/c?d=e#n");
    EXPECT_EQ(resolve_url(base, "ftp://a/b"), "ftp://a/b");
    EXPECT_EQ(resolve_url(base, "x:y"), "http://u:p@h:1/a/b/x:y");
    EXPECT_EQ(resolve_url(base, "ht_tp://a"), "http://u:p@h:1/a/b/ht_tp://a");
    EXPECT_EQ(resolve_url(base, "http://"), "http://u:p@h:1/a/b/http://");
    EXPECT_EQ(resolve_url(base, "q/r"), "http://u:p@h:1/a/b/q/r");
    EXPECT_EQ(resolve_url(base, ".."), "http://u:p@h:1/a/b/..");  // not normalised
}

TEST(EncodeFormComponent, EscapesAllButTheUnreserved) {
    EXPECT_EQ(encode_form_component("b c*~!()'&=+%/\xc3\xa9-._"), "b%20c%2A~%21%28%29%27%26%3D%2B%25%2F%C3%A9-._");
}

TEST(PercentDecode, LeavesWhatIsNoEscape) { EXPECT_EQ(percent_decode("%41%zz%4"), "A%zz%4"); }
