#include "harness/suite/url.h"

#include <gtest/gtest.h>

namespace assay::suite {
namespace {

TEST(Url, WhatIsParsedPrintsAsItWas) {
    for (const char* text : {"http://h:8080/api/users?a=1&b=&c#frag", "{{APIURL}}/articles/{{slug}}",
                             "http://user:pass@h/p", "h", "http://h/", "http://h?", "http://h/?a=b=c&&d",
                             "http://[::1]:80/x", "{{a.b/c?d}}/x?y={{e&f}}", "http://h/a%20b?c=%7B"}) {
        EXPECT_EQ(to_string(parse_url(text)), text);
    }
}

TEST(Url, PartsAreWhereTheyBelong) {
    const auto url = parse_url(" http://u:p@a.b:81/x/y?k=v&flag#h?/");
    EXPECT_EQ(url.protocol, "http");
    EXPECT_EQ(url.user, "u");
    EXPECT_EQ(url.password, "p");
    EXPECT_EQ(url.host, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(url.port, "81");
    EXPECT_EQ(url.path, (std::vector<std::string>{"x", "y"}));
    ASSERT_EQ(url.query.size(), 2u);
    EXPECT_EQ(url.query[0].value, "v");
    EXPECT_EQ(url.query[1].value, std::nullopt);
    EXPECT_EQ(url.hash, "h?/");
}

TEST(Url, BackslashesAndExtraSlashesAreForgiven) { EXPECT_EQ(to_string(parse_url("http:///h\\p")), "http://h/p"); }

TEST(Url, AVariableMayHoldSeparators) {
    const auto url = parse_url("{{base.url/x?}}/p");
    EXPECT_EQ(url.host, (std::vector<std::string>{"{{base.url/x?}}"}));
    EXPECT_EQ(url.path, (std::vector<std::string>{"p"}));
}

TEST(Url, PathVariablesAreFilledInWhenTheyHaveAValue) {
    auto url = parse_url("http://h/:id/:name.json/:empty/:");
    url.variables = {{"id", "7"}, {"name", "n"}, {"empty", ""}};
    EXPECT_EQ(to_string(url), "http://h/7/n.json/:empty/:");
}

TEST(Url, DisabledParametersAreLeftOut) {
    auto url = parse_url("http://h?a=1&b=2");
    url.query[0].disabled = true;
    EXPECT_EQ(to_string(url), "http://h?b=2");
    url.query[1].disabled = true;
    EXPECT_EQ(to_string(url), "http://h");
}

TEST(Url, SeparatorsInsideParametersAreEscaped) {
    Url url = parse_url("http://h");
    url.query = {{"a&b=c#", "d&e=f#", false}, {"{{x&y}}", "{{z#}}&", false}};
    EXPECT_EQ(to_string(url), "http://h?a%26b%3Dc%23=d%26e=f%23&{{x&y}}={{z#}}%26");
}

TEST(Url, EncodingTouchesOnlyWhatNewmanEncodes) {
    EXPECT_EQ(encoded(parse_url("HTTP://Host/a b{}|[]`?q=a 'b'|[]{}`+\xc3\xbc%20#x y")),
              "http://host/a%20b%7B%7D|[]%60?q=a%20%27b%27|[]{}`+%C3%BC%20#x%20y");
}

TEST(Url, AProtocolIsAddedOnlyWhereAsked) {
    EXPECT_EQ(to_string(parse_url("h/p")), "h/p");
    EXPECT_EQ(to_string(parse_url("h/p"), "http"), "http://h/p");
}

}  // namespace
}  // namespace assay::suite
