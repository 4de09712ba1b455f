#include "harness/suite/variables.h"

#include <gtest/gtest.h>

#include <cmath>
#include <regex>

namespace assay::suite {
namespace {

Scope scope(std::vector<std::pair<std::string, Value>> values) {
    Scope made;
    for (auto& [key, value] : values) made.set(key, std::move(value));
    return made;
}

std::string resolved(std::string_view text, const Scopes& scopes) {
    Dynamic dynamic(1);
    return resolve(text, scopes, dynamic);
}

TEST(Resolve, InnerScopesHideOuterOnes) {
    Scopes scopes;
    scopes.globals = scope({{"a", "globals"}, {"b", "globals"}, {"c", "globals"}, {"d", "globals"}, {"e", "globals"}});
    scopes.collection = scope({{"b", "collection"}, {"c", "collection"}, {"d", "collection"}, {"e", "collection"}});
    scopes.environment = scope({{"c", "environment"}, {"d", "environment"}, {"e", "environment"}});
    scopes.data = scope({{"d", "data"}, {"e", "data"}});
    scopes.local = scope({{"e", "local"}});
    EXPECT_EQ(resolved("{{a}} {{b}} {{c}} {{d}} {{e}}", scopes), "globals collection environment data local");
}

TEST(Resolve, UnknownNamesStayLiteral) {
    EXPECT_EQ(resolved("{{nope}}/{{ }}/{{}}/{{a b}}", {}), "{{nope}}/{{ }}/{{}}/{{a b}}");
}

TEST(Resolve, ValuesShowAsJavaScriptWouldPrintThem) {
    Scopes scopes;
    scopes.globals = scope({{"undefined", Undefined{}},
                            {"null", Null{}},
                            {"true", true},
                            {"number", 1.5},
                            {"object", JsonText{R"({"a":1})"}},
                            {"list", JsonText{"[1,[2,null],\"x\",{}]"}}});
    EXPECT_EQ(resolved("{{undefined}}|{{null}}|{{true}}|{{number}}|{{object}}|{{list}}", scopes),
              "|null|true|1.5|[object Object]|1,2,,x,[object Object]");
}

TEST(Resolve, ANullOfIterationDataStaysLiteralAndHidesOuterScopes) {
    Scopes scopes;
    scopes.data = scope({{"a", Null{}}});
    scopes.globals = scope({{"a", "outer"}});
    EXPECT_EQ(resolved("{{a}}", scopes), "{{a}}");
}

TEST(Resolve, ValuesMayHoldTemplatesAndNamesMayBeMadeOfThem) {
    Scopes scopes;
    scopes.globals = scope({{"a", "{{b}}"}, {"b", "end"}, {"which", "a"}});
    EXPECT_EQ(resolved("{{a}} {{{{which}}}}", scopes), "end end");
}

TEST(Resolve, ACircleEnds) {
    Scopes scopes;
    scopes.globals = scope({{"a", "x{{a}}"}});
    EXPECT_EQ(resolved("{{a}}", scopes), std::string(19, 'x') + "{{a}}");
}

TEST(Resolve, TheInnermostBracesCount) {
    Scopes scopes;
    scopes.globals = scope({{"a", "1"}});
    EXPECT_EQ(resolved("{{{a}}} {{a} }} { {{a}} }", scopes), "{1} {{a} }} { 1 }");
}

TEST(Resolve, ADisabledVariableIsNotSeen) {
    Scopes scopes;
    scopes.environment = Scope({{"a", "on", Cast::any, false}, {"a", "off", Cast::any, true}});
    scopes.globals = Scope({{"b", "off", Cast::any, true}});
    EXPECT_EQ(resolved("{{a}} {{b}}", scopes), "on {{b}}");
}

TEST(Dynamic, NamesHaveTheShapeThatTheyPromise) {
    Dynamic dynamic(7);
    const auto matches = [&](const char* name, const char* shape) {
        const auto made = dynamic.make(name);
        return made && std::regex_match(*made, std::regex(shape));
    };
    EXPECT_TRUE(matches("$guid", "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
    EXPECT_TRUE(matches("$randomUUID", "[0-9a-f-]{36}"));
    EXPECT_TRUE(matches("$timestamp", "[0-9]{10}"));
    EXPECT_TRUE(matches("$isoTimestamp", R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)"));
    EXPECT_TRUE(matches("$randomInt", "[0-9]{1,3}|1000"));
    EXPECT_TRUE(matches("$randomEmail", R"([^@ ]+@[^@ ]+\.[a-z]+)"));
    EXPECT_TRUE(matches("$randomHexColor", "#[0-9a-f]{6}"));
    EXPECT_FALSE(dynamic.make("$nothing"));
    EXPECT_FALSE(dynamic.make("guid"));
}

TEST(Dynamic, TheSameSeedMakesTheSameValues) {
    Dynamic one(5), two(5), other(6);
    EXPECT_EQ(one.make("$guid"), two.make("$guid"));
    EXPECT_NE(one.make("$guid"), other.make("$guid"));
}

TEST(Dynamic, AVariableOfThatNameWins) {
    Scopes scopes;
    scopes.globals = scope({{"$guid", "mine"}});
    EXPECT_EQ(resolved("{{$guid}}", scopes), "mine");
}

TEST(Scope, SettlingDoesWhatJsonDoes) {
    auto scope_ = scope({{"undefined", Undefined{}}, {"nan", NAN}, {"number", 1.0}});
    auto local = scope_;
    scope_.settle(false);
    local.settle(true);
    EXPECT_EQ(scope_.find("undefined")->value, Value(Null{}));
    EXPECT_EQ(scope_.find("nan")->value, Value(Null{}));
    EXPECT_EQ(scope_.find("number")->value, Value(1.0));
    EXPECT_EQ(local.find("undefined")->value, Value(Undefined{}));
    EXPECT_EQ(local.find("nan")->value, Value(Null{}));
}

TEST(Scope, ADeclaredTypeConvertsWhatIsSet) {
    Scope typed({{"s", "x", Cast::string, false},
                 {"n", "1.5", Cast::number, false},
                 {"b", 0.0, Cast::boolean, false},
                 {"o", R"({"a":1})", Cast::object, false},
                 {"l", "[1]", Cast::array, false},
                 {"wrong", "[1]", Cast::object, false}});
    EXPECT_EQ(typed.find("n")->value, Value(1.5));
    EXPECT_EQ(typed.find("b")->value, Value(false));
    EXPECT_EQ(typed.find("o")->value, Value(JsonText{R"({"a":1})"}));
    EXPECT_EQ(typed.find("l")->value, Value(JsonText{"[1]"}));
    EXPECT_EQ(typed.find("wrong")->value, Value(Undefined{}));
    typed.set("s", 5.0);
    EXPECT_EQ(typed.find("s")->value, Value("5"));
}

TEST(Scope, UnsetLeavesDisabledOnes) {
    Scope both({{"a", "1", Cast::any, false}, {"a", "2", Cast::any, true}});
    both.unset("a");
    EXPECT_EQ(both.find("a"), nullptr);
    EXPECT_EQ(both.all().size(), 1u);
}

TEST(NumberText, IsJavaScripts) {
    const std::vector<std::pair<double, const char*>> cases = {
        {0.0, "0"},         {-0.0, "0"},
        {5, "5"},           {-1.5, "-1.5"},
        {1e21, "1e+21"},    {123456789012345680000.0, "123456789012345680000"},
        {1e-6, "0.000001"}, {1e-7, "1e-7"},
        {0.1, "0.1"},       {1.7976931348623157e308, "1.7976931348623157e+308"},
        {NAN, "NaN"},       {-INFINITY, "-Infinity"}};
    for (const auto& [number, text] : cases) EXPECT_EQ(number_text(number), text);
}

}  // namespace
}  // namespace assay::suite
