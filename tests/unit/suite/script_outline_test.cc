#include "harness/suite/script_outline.h"

#include <gtest/gtest.h>

using namespace assay::suite;

namespace {

// "name*times" of each site, joined by "|"; computed names as prefix...suffix.
std::string sites(std::string_view source) {
    std::string text;
    for (const auto& site : outline(source).assertions) {
        if (!text.empty()) text += "|";
        text += (site.exact ? site.name : site.name + "..." + site.suffix) + "*" + std::to_string(site.times);
    }
    return text;
}

}  // namespace

TEST(ScriptOutline, NamesInStraightCodeAreKnown) {
    EXPECT_EQ(sites("pm.test('a', () => {});\npm.test(\"b\\u0021\", function () { pm.expect(1); });"), "a*1|b!*1");
    EXPECT_EQ(sites("tests['a \\'b\\''] = x === 1; tests.c = true; var y = tests['d'] == 1;"), "a 'b'*1|c*1");
    EXPECT_EQ(sites("pm.test.skip(`t`, () => {})"), "t*1");
    EXPECT_EQ(outline("\n\npm.test('a', f)").assertions[0].line, 3u);
}

TEST(ScriptOutline, AConditionLeavesItToTheRun) {
    EXPECT_EQ(sites("if (x) { pm.test('a', f); } else pm.test('b', f);\npm.test('c', f)"), "a*0|b*0|c*1");
    EXPECT_EQ(sites("if (x) pm.test('a', f)\npm.test('b', f)"), "a*0|b*1");
    EXPECT_EQ(sites("x && pm.test('a', f); y ? pm.test('b', f) : 0; pm.test('c', f);"), "a*0|b*0|c*1");
    EXPECT_EQ(
        sites("while (x) { tests['a'] = 1 }\nfunction g() { tests['b'] = 1 }\nconst h = () => { tests['c'] = 1 }"),
        "a*0|b*0|c*0");
    EXPECT_EQ(sites("try { x = JSON.parse(t) } catch { tests['bad'] = false }\ntests['a'] = !!x"), "bad*0|a*1");
    EXPECT_EQ(sites("(function () { pm.test('a', f) })(); try { pm.test('b', f) } finally { pm.test('c', f) }"),
              "a*1|b*1|c*1");
}

TEST(ScriptOutline, AListInTheTextIsCounted) {
    EXPECT_EQ(sites("['x', 'y'].forEach(function (k) { pm.test('has ' + k, f) })"), "has x*1|has y*1");
    EXPECT_EQ(sites("for (const k of ['x', 'y']) { pm.test(`${k}!`, f) }"), "x!*1|y!*1");
    EXPECT_EQ(sites("[{a: 1}, {a: 2}, {a: 3}].forEach(({ a }) => pm.test(`no ${a}.`, f))"), "no ....*3");
    EXPECT_EQ(sites("list.forEach(k => pm.test('has ' + k, f))"), "has ...*0");
    EXPECT_EQ(sites("pm.test('is ' + a.b(c, 'd') + ' now', f)"), "is ... now*1");
}

TEST(ScriptOutline, OneKeyOfTestsIsOneAssertion) {
    EXPECT_EQ(sites("tests['a'] = 1; tests['a'] = 0; pm.test('b', f); pm.test('b', f)"), "a*1|b*1|b*1");
}

TEST(ScriptOutline, TextsCommentsAndExpressionsAreNotCode) {
    EXPECT_EQ(sites("// pm.test('a', f)\n/* tests['b'] = 1 */ 'pm.test(1)'; /pm.test('c')[/]/.test(x); mypm.test('d')"),
              "");
    EXPECT_EQ(sites("a.pm.test('a', f); x.tests['b'] = 1; pm.test("), "...*1");
    EXPECT_EQ(sites("((((((((]}]pm.test('a'"), "a*1");
}

TEST(ScriptOutline, VariablesThatMayBeSet) {
    const auto found = outline(
        "if (x) pm.globals.set('token', t); postman.setEnvironmentVariable(\"id\", 1);"
        "pm.collectionVariables.set('id', 2); pm.globals.get('other'); pm.globals.set(name, 3)");
    EXPECT_EQ(found.sets, (std::vector<std::string>{"id", "token"}));
}
