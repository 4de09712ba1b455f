#include "harness/suite/postman.h"

#include <gtest/gtest.h>

namespace assay::suite {
namespace {

constexpr const char* kCollection = R"({
  "info": {"name": "C", "_postman_id": "cid"},
  "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{t}}"}]},
  "event": [{"listen": "prerequest", "script": {"exec": ["collection();"]}}],
  "variable": [{"key": "v", "value": 5, "type": "number"}, {"id": "old", "value": "x"}],
  "item": [
    {"name": "folder",
     "event": [{"listen": "test", "script": "folder();"}, {"listen": "test", "disabled": true, "script": "off();"}],
     "item": [
       {"name": "inner", "id": "i1",
        "event": [{"listen": "test", "script": {"exec": ["one();", "two();"]}},
                  {"listen": "prerequest", "script": {"exec": []}}],
        "request": {"method": "post", "url": {"raw": "ignored", "host": ["{{h}}"], "path": ["p", ":id"],
                    "query": [{"key": "q", "value": null}, {"key": "off", "value": "1", "disabled": true}],
                    "variable": [{"key": "id", "value": "9"}]},
          "header": [{"key": "A", "value": "b"}, {"key": "B", "value": "c", "disabled": true}],
          "body": {"mode": "raw", "raw": "{}", "options": {"raw": {"language": "json"}}}}}
     ]},
    {"name": "plain", "request": "http://x/y", "protocolProfileBehavior": {"followRedirects": false, "maxRedirects": 3},
     "event": [{"listen": "test", "script": {"exec": "last();"}}]},
    {"name": "open", "request": {"url": "http://x", "auth": {"type": "noauth"}}}
  ]
})";

TEST(Postman, ItemsComeInRunOrderWithWhatSurroundsThem) {
    const auto suite = read_postman(kCollection, "c.json").value();
    EXPECT_EQ(suite.name, "C");
    ASSERT_EQ(suite.items.size(), 3u);
    const auto& inner = suite.items[0];
    EXPECT_EQ(inner.name, "inner");
    EXPECT_EQ(inner.id, "i1");
    EXPECT_EQ(inner.folders, std::vector<std::string>{"folder"});
    EXPECT_EQ(inner.line, 10u);
    EXPECT_EQ(inner.request.method, "POST");
    EXPECT_EQ(to_string(inner.request.url), "{{h}}/p/9?q");
    ASSERT_EQ(inner.request.headers.size(), 2u);
    EXPECT_TRUE(inner.request.headers[1].disabled);
    EXPECT_EQ(inner.request.body->language, "json");
    EXPECT_EQ(to_string(suite.items[1].request.url), "http://x/y");
}

TEST(Postman, ScriptsRunFromTheOutsideIn) {
    const auto suite = read_postman(kCollection, "c.json").value();
    const auto sources = [&](const std::vector<std::uint32_t>& indices) {
        std::string text;
        for (const auto index : indices) text += suite.scripts[index].source + "|";
        return text;
    };
    EXPECT_EQ(sources(suite.items[0].prerequest), "collection();|");
    EXPECT_EQ(sources(suite.items[0].test), "folder();|one();\ntwo();|");
    EXPECT_EQ(sources(suite.items[1].test), "last();|");
    EXPECT_EQ(suite.scripts[1].owner, "folder");
}

TEST(Postman, AuthIsInheritedUntilSomethingReplacesIt) {
    const auto suite = read_postman(kCollection, "c.json").value();
    EXPECT_EQ(suite.items[0].auth.type, "bearer");
    EXPECT_EQ(suite.items[0].auth.get("token"), "{{t}}");
    EXPECT_EQ(suite.items[2].auth.type, "noauth");
}

TEST(Postman, BehaviourAndVariablesAreRead) {
    const auto suite = read_postman(kCollection, "c.json").value();
    EXPECT_EQ(suite.items[1].behavior.follow_redirects, false);
    EXPECT_EQ(suite.items[1].behavior.max_redirects, 3u);
    EXPECT_EQ(suite.items[0].behavior.follow_redirects, std::nullopt);
    EXPECT_EQ(suite.variables.find("v")->value, Value(5.0));
    EXPECT_EQ(suite.variables.find("old")->value, Value("x"));
}

TEST(Postman, TheSmallDifferencesOfV20AreAccepted) {
    const auto suite = read_postman(R"({"info": {"name": "C"}, "item": [{"name": "r", "request": {
        "url": "http://h/p", "header": "A: b\nC:d\nno header", "auth": {"type": "basic", "basic":
        {"username": "u", "password": 5}}, "body": {"mode": "urlencoded", "urlencoded": "a=1&b"}}}]})",
                                    "c.json")
                           .value();
    const auto& request = suite.items[0].request;
    ASSERT_EQ(request.headers.size(), 2u);
    EXPECT_EQ(request.headers[1].key, "C");
    EXPECT_EQ(request.headers[1].value, "d");
    EXPECT_EQ(request.auth.get("password"), "5");
    ASSERT_EQ(request.body->fields.size(), 2u);
    EXPECT_EQ(request.body->fields[0].value, "1");
}

TEST(Postman, ACollectionFromPostmansApiIsUnwrapped) {
    EXPECT_EQ(read_postman(R"({"collection": {"info": {"name": "W"}, "item": []}})", "c.json").value().name, "W");
}

std::string error_of(std::string_view text) {
    const auto suite = read_postman(text, "c.json");
    return suite ? "no error" : suite.error().detail;
}

TEST(Postman, AnErrorOfTheJsonNamesItsLine) {
    EXPECT_EQ(error_of("{\n  \"info\": {},\n  \"item\": [}\n}").substr(0, 9), "c.json:3:");
    EXPECT_EQ(error_of("").substr(0, 9), "c.json:1:");
    EXPECT_EQ(error_of("{\"a\": \"\xff\"}").substr(0, 9), "c.json:1:");
}

TEST(Postman, AnErrorOfTheFormatNamesLineItemAndWhatWasExpected) {
    EXPECT_EQ(error_of("[]"), "c.json:1: the document is not an object with \"info\" and \"item\"");
    EXPECT_EQ(error_of(R"({"info": {}})"), "c.json:1: the document is not a collection: \"item\" is missing");
    EXPECT_EQ(error_of("{\"info\": {}, \"item\": [\n{\"name\": \"f\", \"item\": [\n\n{\"name\": \"x\"}]}]}"),
              "c.json:4: f / x: this entry is not a folder (\"item\") nor a request (\"request\")");
    EXPECT_EQ(error_of("{\"info\": {}, \"item\": [\n{\"name\": \"x\", \"request\": {\"url\": 5}}]}"),
              "c.json:2: x: \"url\" is not a text or an object");
    EXPECT_EQ(error_of("{\"info\": {}, \"item\": [\n{\"name\": \"x\", \"event\": 5, \"request\": \"h\"}]}"),
              "c.json:2: x: \"event\" is not a list");
}

TEST(Postman, AV1CollectionGetsTheRemedy) {
    const auto suite = read_postman(R"({"id": "x", "order": [], "requests": []})", "c.json");
    ASSERT_FALSE(suite);
    EXPECT_NE(suite.error().remedy.find("v2.1"), std::string::npos);
}

TEST(Postman, EndlessNestingIsAnErrorNotACrash) {
    std::string text = R"({"info": {}, "item": )";
    for (int i = 0; i < 100000; ++i) text += "[{\"item\":";
    EXPECT_NE(error_of(text).find("nested deeper"), std::string::npos);
}

TEST(Postman, HiddenLineMembersStayOutOfBodies) {
    const auto suite = read_postman(R"({"info": {"name": "C"}, "item": [{"name": "r", "request": {"url": "h",
        "body": {"mode": "graphql", "graphql": {"query": "q", "variables": {"item": [{"event": [{}]}]}}}}}]})",
                                    "c.json")
                           .value();
    EXPECT_EQ(suite.items[0].request.body->graphql_variables, R"({"item":[{"event":[{}]}]})");
}

TEST(Postman, ARequestSurvivesTheWayThroughAScript) {
    const auto suite = read_postman(kCollection, "c.json").value();
    const auto json = request_json(suite.items[0].request);
    EXPECT_EQ(request_json(read_request(json).value()), json);
}

}  // namespace
}  // namespace assay::suite
