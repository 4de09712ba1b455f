// What scripts find in scope. Every expectation is what newman 6.2.2 does; tests/golden has the same end to end.
#include "tests/unit/script/harness.h"

namespace assay::script {
namespace {

TEST(PmTest, RecordsWhatTheFunctionDoes) {
    Script run(
        {"pm.test('passes', () => {}); pm.test('throws', () => { throw new Error('why'); });"
         "pm.test('no function'); pm.test.skip('skipped'); pm.test(5, () => {}); pm.test();"
         "pm.test('text', () => { throw 'a text'; }); pm.test('false', () => false);"});
    const auto result = run(0);
    EXPECT_EQ(verdicts(result), "passes+ throws- no function+ skipped~ 5+ undefined+ text- false+");
    EXPECT_EQ(result.assertions[1].message, "why");
    EXPECT_EQ(result.assertions[6].message, "a text");
}

TEST(PmTest, WithACallbackCountsWhenTheCallbackIsCalled) {
    Script run(
        {"pm.test('later', done => setTimeout(done, 5)); pm.test('fails', done => done(new Error('E')));"
         "pm.test('twice', done => { done(); done(); }); pm.test('never', done => {});"
         "pm.test('throws', done => { throw new Error('T'); });"});
    EXPECT_EQ(verdicts(run(0)), "fails- twice+ twice+ throws- later+");
}

TEST(PmTest, AnAsyncFunctionPassesAtOnceAndItsRejectionIsAScriptError) {
    Script run({"pm.test('async', async () => { await 1; throw new TypeError('late'); }); tests.after = true"});
    const auto result = run(0);
    EXPECT_EQ(verdicts(result), "async+ after+");
    EXPECT_EQ(errors(result), "TypeError: late @1");
}

TEST(PmTest, IsMarkedInPreRequestScripts) {
    Script run({"pm.test('a', () => {}); tests.b = true; tests.kind = pm.info.eventName === 'prerequest' && "
                "pm.response === undefined && typeof responseBody === 'undefined'"},
               {}, suite::Listen::prerequest);
    const auto result = run(0);
    EXPECT_EQ(verdicts(result), "a+ b+ kind+");
    for (const auto& assertion : result.assertions) EXPECT_TRUE(assertion.pre_request);
}

TEST(PmExpect, IsChaiWithPostmansAssertions) {
    Script run(
        {"pm.test('eql', () => pm.expect({a: [1]}).to.eql({a: [1]}));"
         "pm.test('differs', () => pm.expect({a: 1}).to.eql({a: 2}));"
         "pm.test('status', () => pm.response.to.have.status(200));"
         "pm.test('reason', () => pm.response.to.have.status('OK'));"
         "pm.test('not status', () => pm.response.to.not.have.status(201));"
         "pm.test('wrong status', () => pm.response.to.have.status(404));"
         "pm.test('ok', () => pm.response.to.be.ok);"
         "pm.test('header', () => pm.response.to.have.header('x-a', '1'));"
         "pm.test('no header', () => pm.response.to.have.header('x-b'));"
         "pm.test('json', () => pm.response.to.be.json);"
         "pm.test('jsonBody', () => pm.response.to.have.jsonBody('a.b', 1));"
         "pm.test('no jsonBody', () => pm.response.to.have.jsonBody('a.c'));"
         "pm.test('schema', () => pm.response.to.have.jsonSchema({required: ['a']}));"
         "pm.test('no schema', () => pm.response.to.have.jsonSchema({required: ['z']}));"
         "pm.test('success', () => pm.response.to.be.success);"
         "pm.test('error', () => pm.response.to.be.error);"});
    const auto result = run(0, R"({"a":{"b":1}})");
    EXPECT_EQ(verdicts(result),
              "eql+ differs- status+ reason+ not status+ wrong status- ok+ header+ no header- json+ jsonBody+ "
              "no jsonBody- schema+ no schema- success+ error-");
    EXPECT_EQ(result.assertions[1].message, "expected { a: 1 } to deeply equal { a: 2 }");
    EXPECT_EQ(result.assertions[5].message, "expected response to have status code 404 but got 200");
    EXPECT_EQ(result.assertions[8].message, "expected response to have header with key 'x-b'");
}

TEST(PmExpect, OutsideATestItEndsTheScript) {
    Script run({"tests.before = true; pm.expect(1).to.equal(2); tests.after = true"});
    const auto result = run(0);
    EXPECT_EQ(verdicts(result), "before+");
    EXPECT_EQ(errors(result), "AssertionError: expected 1 to equal 2 @1");
}

TEST(Variables, PassThroughJsonBetweenScripts) {
    Script run(
        {"pm.globals.set('u', undefined); pm.globals.set('n', 1.5); pm.globals.set('nan', NaN);"
         "pm.globals.set('o', {a: 1}); pm.globals.get('o').a = 2; pm.globals.set('d', new Date(0));"
         "pm.variables.set('lu', undefined); pm.environment.set('f', () => 7); pm.globals.set('big', 5n);"
         "console.log(pm.globals.get('u'), pm.globals.get('o').a, pm.environment.get('f'))",
         "console.log(JSON.stringify(pm.globals.toObject()), pm.variables.has('lu'), pm.variables.get('lu'),"
         "pm.environment.get('f'))"});
    EXPECT_EQ(console(run(0)), "undefined 2 7");
    EXPECT_EQ(console(run(1)), R"({"u":null,"n":1.5,"nan":null,"o":{"a":2},"d":"1970-01-01T00:00:00.000Z","big":"5"})"
                               " true undefined null");
}

TEST(Variables, PmVariablesSeesAllScopesInnermostFirst) {
    Script run(
        {"console.log(['a', 'b', 'c', 'd', 'e'].map(k => pm.variables.get(k)).join(), pm.variables.has('z'));"
         "pm.variables.set('e', 'local'); console.log(pm.variables.get('e'), pm.globals.get('e'));"
         "pm.variables.unset('e'); console.log(pm.variables.get('e'));"
         "console.log(pm.variables.replaceIn('{{a}}/{{z}}/{{b}}'), JSON.stringify(pm.variables.toObject()))"});
    for (const char* key : {"a", "b", "c", "d", "e"}) run.scopes.globals.set(key, "globals");
    for (const char* key : {"b", "c", "d"}) run.scopes.collection.set(key, "collection");
    for (const char* key : {"c", "d"}) run.scopes.environment.set(key, "environment");
    run.scopes.data.set("d", "data");
    EXPECT_EQ(console(run(0)),
              "globals,collection,environment,data,globals false\nlocal globals\nglobals\n"
              "globals/{{z}}/collection "
              R"({"a":"globals","b":"collection","c":"environment","d":"data","e":"globals"})");
}

TEST(Variables, ALeakedFunctionCannotReachTheNextScriptsScopes) {
    Script run({"leaked = v => pm.globals.set('x', v); leaked('first')",
                "leaked('second'); tests.x = pm.globals.get('x') === 'first'"});
    run(0);
    EXPECT_EQ(verdicts(run(1)), "x+");
}

TEST(Globals, OfAScriptThatThrewAreUndefinedForTheRestOfTheRun) {
    Script run({"lost = 1; throw new Error('x')",
                "tests.gone = typeof lost === 'undefined'; lost = 2; tests.here = lost === 2",
                "tests.still = typeof lost === 'undefined'"});
    run(0);
    EXPECT_EQ(verdicts(run(1)), "gone+ here+");
    EXPECT_EQ(verdicts(run(2)), "still+");
}

TEST(Legacy, NamesAreThere) {
    Script run(
        {"tests.body = responseBody === '{\"a\":1}'; tests.code = responseCode.code === 200 && responseCode.name === "
         "'OK';"
         "tests.headers = responseHeaders['X-A'] === '1'; tests.time = responseTime === 3;"
         "tests.cookie = postman.getResponseCookie('a').value === 'b' && responseCookies.one('a').name === 'a';"
         "tests.header = postman.getResponseHeader('x-a') === '1'; tests.request = request.url === 'http://h/p' && "
         "request.method === 'GET' && request.name === 'the item'; tests.iteration = iteration === 0;"
         "postman.setGlobalVariable('g', 5); tests.text = globals.g === '5' && pm.globals.get('g') === '5';"
         "postman.setEnvironmentVariable('e', 'v'); tests.e = environment.e === 'v';"
         "postman.clearGlobalVariable('g'); tests.cleared = pm.globals.get('g') === undefined;"
         "globals.direct = 1; tests.snapshot = pm.globals.get('direct') === undefined;"});
    const auto result = run(0, "{\"a\":1}");
    EXPECT_EQ(verdicts(result),
              "body+ code+ headers+ time+ cookie+ header+ request+ iteration+ text+ e+ cleared+ snapshot+");
    EXPECT_EQ(errors(result), "");
}

TEST(Legacy, ReplacingTheTestsObjectChangesNothing) {
    Script run({"tests.a = true; tests = {b: true};"});
    EXPECT_EQ(verdicts(run(0)), "a+");
}

TEST(Response, TextDropsTheByteOrderMarkAndRepairsUtf8) {
    Script run({"console.log(pm.response.text().length, pm.response.json().a, pm.response.responseSize)",
                "console.log(Array.from(pm.response.text()).map(c => c.codePointAt(0).toString(16)).join())"});
    EXPECT_EQ(console(run(0, "\xef\xbb\xbf{\"a\":\"\xc3\xbc\"}")), "9 \xc3\xbc 13");
    EXPECT_EQ(console(run(1, "a\xffz\xe2\x98\x83\xf0\x9f\x98\x80\xe2\x98")), "61,fffd,7a,2603,1f600,fffd");
}

TEST(Response, JsonErrorsHaveANameThatScriptsCanTell) {
    Script run({"try { pm.response.json() } catch (e) { console.log(e.name) }; pm.response.json()"});
    const auto result = run(0, "<html>");
    EXPECT_EQ(console(result), "JSONError");
    EXPECT_EQ(result.errors.at(0).kind, "JSONError");
}

TEST(Response, AfterAFailedRequestItsMembersAreUndefined) {
    Script run(
        {"tests.there = typeof pm.response === 'object'; tests.code = pm.response.code === undefined;"
         "tests.text = pm.response.text() === undefined; tests.body = responseBody === undefined;"
         "tests.legacy = responseCode.code === undefined; tests.headers = pm.response.headers.count() === 0;"
         "pm.response.to.have.status(200)"});
    const auto result = run.failed(0);
    EXPECT_EQ(verdicts(result), "there+ code+ text+ body+ legacy+ headers+");
    EXPECT_EQ(result.errors.at(0).kind, "AssertionError");
}

TEST(Request, IsReadableInTestScripts) {
    Script test({"console.log(pm.request.url.toString(), pm.request.method, pm.request.headers.count())"});
    EXPECT_EQ(console(test(0)), "http://h/p GET 0");
}

TEST(Request, MayBeChangedByPreRequestScripts) {
    Script before({"pm.request.headers.add({key: 'A', value: 'b'}); pm.request.url = 'http://x/y?z=1';"
                   "pm.request.body.update({mode: 'raw', raw: 'new'});",
                   "pm.request.url.toString()"},
                  {}, suite::Listen::prerequest);
    before.request = R"({"url":{"host":["h"]},"method":"POST","body":{"mode":"raw","raw":"old"}})";
    const auto changed = before(0).changed_request;
    ASSERT_TRUE(changed);
    EXPECT_EQ(*changed, R"({"url":"http://x/y?z=1","header":[{"key":"A","value":"b"}],"method":"POST",)"
                        R"("body":{"mode":"raw","raw":"new"}})");
    EXPECT_FALSE(before(1).changed_request);
}

TEST(Execution, JumpsAndLocation) {
    Script run({"pm.execution.setNextRequest('x'); postman.setNextRequest('y')", "pm.execution.setNextRequest(null)",
                "", "console.log(pm.execution.location.join('/'), pm.execution.location.current)",
                "pm.execution.skipRequest()"});
    EXPECT_EQ(run(0).next_request, "y");
    const auto none = run(1);
    EXPECT_TRUE(none.next_set);
    EXPECT_FALSE(none.next_request);
    EXPECT_FALSE(run(2).next_set);
    EXPECT_EQ(console(run(3)), "collection/folder/the item folder");
    EXPECT_EQ(errors(run(4)), "TypeError: pm.execution.skipRequest is not a function @1");
}

TEST(SendRequest, HandsOverTheAnswerOrTheError) {
    Script run(
        {"pm.sendRequest('http://x/y', (error, response) => { pm.test('answer', () => {"
         "pm.expect(error).to.be.null; pm.expect(response).to.have.status(200);"
         "pm.expect(response.json().a).to.equal(1); pm.expect(response.headers.get('x-a')).to.equal('1'); }); });"
         "pm.sendRequest({url: 'http://z', method: 'POST'}, () => {}); tests.now = true;",
         "pm.sendRequest('http://x', error => pm.test(error.message, () => {}))"});
    EXPECT_EQ(verdicts(run(0, "{\"a\":1}")), "now+ answer+");
    ASSERT_EQ(run.sent.size(), 2u);
    EXPECT_EQ(run.sent[0], R"({"url":{"protocol":"http","path":["y"],"host":["x"],"query":[],"variable":[]},)"
                           R"("method":"GET"})");
    EXPECT_EQ(run.sent[1], R"({"url":{"protocol":"http","host":["z"],"query":[],"variable":[]},"method":"POST"})");
    run.send_error = "connect ECONNREFUSED";
    EXPECT_EQ(verdicts(run(1)), "connect ECONNREFUSED+");
}

TEST(Require, GivesTheLibrariesAndNamesTheOnesThatAreMissing) {
    Script run(
        {"const lodash = require('lodash'); tests.lodash = lodash.VERSION === '4.17.21' && _.VERSION[0] === '3';"
         "tests.crypto = require('crypto-js').MD5('a').toString() === CryptoJS.MD5('a').toString();"
         "tests.moment = require('moment').utc(0).year() === 1970; tests.uuid = require('uuid').v4().length === 36;"
         "tests.buffer = Buffer.from('\xc3\xbc').toString('base64') === 'w7w='; tests.btoa = atob(btoa('x')) === 'x';"
         "tests.xml = xml2Json('<a><b>1</b></a>').a.b === '1'; tests.cheerio = cheerio.load('<p>x</p>')('p').text() "
         "=== 'x';"
         "tests.same = require('lodash') === lodash; tests.csv = require('csv-parse/lib/sync')('a,b')[0][1] === 'b';"
         "require('left-pad')"});
    const auto result = run(0);
    EXPECT_EQ(verdicts(result), "lodash+ crypto+ moment+ uuid+ buffer+ btoa+ xml+ cheerio+ same+ csv+");
    EXPECT_EQ(errors(result), "Error: Cannot find module 'left-pad' @1");
}

TEST(Timers, ClearingWorksAndTimeIsReal) {
    Script run(
        {"const a = setTimeout(() => pm.test('never', () => {}), 1); clearTimeout(a); const begun = Date.now();"
         "setTimeout(() => pm.test('waited', () => pm.expect(Date.now() - begun).to.be.least(19)), 20)"});
    EXPECT_EQ(verdicts(run(0)), "waited+");
}

}  // namespace
}  // namespace assay::script
