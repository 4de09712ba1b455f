// What vocabulary.cc lets into the small sandbox does there what it does in newman's own: the same scripts run in both.
#include <fmt/format.h>

#include "harness/script/vocabulary.h"
#include "tests/unit/script/harness.h"

namespace assay::script {
namespace {

struct Case {
    std::string source;
    std::string body = R"({"a":{"b":1},"list":[1,2]})";
    std::uint32_t code = 200;
};

enum class Given { response, failure };

// Everything that a script left behind, as text.
std::vector<std::string> outcomes(const std::vector<Case>& cases, suite::Listen listen, Given given,
                                  const std::shared_ptr<Platform>& on) {
    std::vector<std::string> sources;
    for (const auto& each : cases) sources.push_back(each.source);
    Script run(sources, {}, listen, on);
    run.headers = {{"Content-Type", "application/json"}, {"X-A", "1"}, {"X-Two", "a"}, {"x-two", "b"}, {"X-Empty", ""}};
    run.cookies = {{"a", "b"}, {"Mixed", "c"}, {"a", "again"}, {"escaped", "%7Bx%7D"}, {"broken", "%"}};
    run.request = R"({"url":{"protocol":"http","host":["h","example"],"port":"81","path":["p",":q"],
        "query":[{"key":"x","value":"1 2"},{"key":"y","value":"","disabled":true},{"key":"z","value":"a&b"}],
        "variable":[{"key":"q","value":"v"}]},"method":"POST","header":[{"key":"Accept","value":"text/plain"}],
        "body":{"mode":"raw","raw":"{\"n\": 1}"}})";
    run.scopes.collection.set("name", "value");
    run.scopes.collection.set("nested", "<{{name}}>");
    run.scopes.collection.set("loop", "{{loop}}");
    run.scopes.globals.set("number", 1.5);
    run.scopes.globals.set("yes", true);
    run.scopes.environment.set("name", "environment's");
    std::vector<std::string> all;
    for (std::size_t i = 0; i < cases.size(); ++i) {
        const auto result = given == Given::response ? run(static_cast<std::uint32_t>(i), cases[i].body, cases[i].code)
                                                     : run.failed(static_cast<std::uint32_t>(i));
        std::string text =
            fmt::format("{}\n  {} | {} | {}", cases[i].source, verdicts(result), errors(result), console(result));
        for (const auto& assertion : result.assertions)
            if (!assertion.message.empty()) text += "\n  " + assertion.message;
        if (result.next_set) text += "\n  next " + result.next_request.value_or("none");
        if (result.changed_request) text += "\n  changed " + *result.changed_request;
        all.push_back(text);
    }
    return all;
}

void expect_the_same(const std::vector<Case>& cases, suite::Listen listen, Given given) {
    for (const auto& each : cases) EXPECT_TRUE(within_core(each.source)) << each.source;
    const auto small = outcomes(cases, listen, given, platform());
    const auto complete = outcomes(cases, listen, given, complete_platform());
    for (std::size_t i = 0; i < cases.size(); ++i) EXPECT_EQ(small[i], complete[i]);
}

TEST(Sandboxes, AgreeOnWhatTestScriptsSee) {
    expect_the_same(
        {
            {"console.log(pm.variables.replaceIn('{{name}} {{nested}} {{loop}} {{number}} {{yes}} {{none}} {{}} {{ "
             "name }}'))"},
            {"console.log(pm.environment.replaceIn('{{name}}{{number}}'), pm.globals.replaceIn('{{number}}{{name}}'),"
             "pm.collectionVariables.replaceIn('{{nested}}'), pm.variables.replaceIn(`{{na${'me'}}}`))"},
            {"pm.variables.set('name', 'local'); pm.variables.set('o', {a: 1}); pm.variables.set('n', null);"
             "console.log(pm.variables.replaceIn('{{name}} {{o}} {{n}}'))"},
            {"console.log(/^[0-9a-f-]{36}$/.test(pm.variables.replaceIn('{{$guid}}')),"
             "pm.variables.replaceIn('{{$nothing}}'), /^\\d+$/.test(pm.variables.replaceIn('{{$timestamp}}')))"},
            {"console.log(pm.response.headers.get('content-type'), pm.response.headers.get('X-Two'),"
             "pm.response.headers.get('none'), pm.response.headers.get('X-Empty'), pm.response.headers.get(undefined),"
             "typeof pm.response.headers.get('constructor'))"},
            {"console.log(pm.response.headers.has('CONTENT-TYPE'), pm.response.headers.has('none'),"
             "pm.response.headers.has('x-two', 'a'), pm.response.headers.has('x-a', '2'), "
             "pm.response.headers.has(''))"},
            {"console.log(JSON.stringify(pm.response.headers.toObject()))"},
            {"console.log(JSON.stringify([pm.cookies.get('a'), pm.cookies.get('escaped'), pm.cookies.get('broken'),"
             "pm.cookies.get('none'), pm.cookies.get('MIXED'), pm.cookies.has('a'), pm.cookies.has('A'), "
             "pm.cookies.has('a', 'b'), "
             "pm.cookies.toObject()]))"},
            {"console.log(pm.request.method, pm.request.url.toString(), pm.request.url.getPath(),"
             "pm.request.url.getHost(), pm.request.url.getQueryString(), pm.request.url.getPathWithQuery(),"
             "pm.request.url.getRemote(), pm.request.headers.get('accept'), pm.request.headers.has('Host'),"
             "JSON.stringify(pm.request.headers.toObject()), pm.request.body.mode, JSON.parse(pm.request.body.raw).n)"},
            {"pm.test('field', () => pm.expect(pm.response).to.have.property('code').that.is.a('number'));"
             "pm.test('value', () => pm.expect(pm.response).to.have.property('code', 201));"
             "pm.test('not', () => pm.expect(pm.response).to.not.have.property('status'));"
             "pm.test('object', () => pm.expect(pm.response).to.be.an('object'));"
             "pm.test('text', () => pm.expect(pm.response).to.be.a('string'));"},
            {"pm.test('status', () => pm.expect(pm.response).to.have.status(404));"
             "pm.test('name', () => pm.expect(pm.response).to.have.status('Not OK').and.have.header('X-A', '1'));"
             "pm.test('ok', () => pm.expect(pm.response).to.be.ok);"
             "pm.test('found', () => pm.expect(pm.response).to.be.notFound);"
             "pm.test('class', () => pm.expect(pm.response).to.be.clientError.and.not.be.success);"
             "pm.test('json', () => pm.expect(pm.response).to.be.json.and.to.have.jsonBody('a.b', 2));"
             "pm.test('body', () => pm.expect(pm.response).to.be.withBody);",
             R"({"a":{"b":1}})", 404},
            {"pm.test('accepted', () => pm.response.to.be.accepted); pm.test('info', () => pm.response.to.be.info);"
             "pm.test('class', () => pm.response.to.have.statusCodeClass(2));"
             "pm.test('reason', () => pm.response.to.have.statusReason('Not OK'));"
             "pm.test('body', () => pm.response.to.have.body('x'));"
             "pm.test('schema', () => pm.response.to.have.jsonSchema({required: ['a']}));",
             "{}", 202},
            {"pm.test('with', () => pm.expect([1, 2]).to.be.an('array').with.lengthOf(2));"
             "pm.test('without', () => pm.expect('ab').to.be.a('string').with.length.above(3));"
             "pm.test('property', () => pm.expect(pm.response.json()).to.have.property('a').with.property('b', 1));"},
            // From the project's collection.
            {"answer = (function () { try { return pm.response.json() || {}; } catch (e) { return {}; } })();"
             "pm.test('x', () => { pm.expect(answer).to.have.property('list').that.is.an('array'); });"},
            {"pm.test('still there', () => pm.expect(answer.a).to.eql({b: 1}))", "no json"},
        },
        suite::Listen::test, Given::response);
}

TEST(Sandboxes, AgreeOnWhatTestScriptsSeeOfAFailedRequest) {
    expect_the_same(
        {
            {"pm.test('status', () => pm.expect(pm.response).to.have.status(200));"
             "pm.test('field', () => pm.expect(pm.response).to.have.property('code'));"
             "pm.test('object', () => pm.expect(pm.response).to.be.an('object'));"
             "pm.test('ok', () => pm.response.to.be.ok); pm.test('error', () => pm.response.to.be.error);"},
            {"pm.test('json', () => pm.response.json());"},
            {"console.log(pm.response.code, pm.response.headers.get('a'), pm.response.headers.has('a'),"
             "JSON.stringify(pm.response.headers.toObject()), pm.response.responseTime)"},
        },
        suite::Listen::test, Given::failure);
}

TEST(Sandboxes, AgreeOnWhatPreRequestScriptsSee) {
    expect_the_same(
        {
            {"console.log(pm.request.method, pm.request.url.toString(), pm.request.headers.get('accept'),"
             "pm.request.body.raw, JSON.stringify(pm.cookies.toObject()), pm.cookies.get('a'))"},
            {"pm.variables.set('x', pm.variables.replaceIn('{{nested}}')); console.log(pm.variables.get('x'))"},
            {"pm.collectionVariables.set('sent', (pm.collectionVariables.get('sent') || 0) + 1);"
             "console.log(pm.collectionVariables.get('sent'))"},
        },
        suite::Listen::prerequest, Given::failure);
}

}  // namespace
}  // namespace assay::script
