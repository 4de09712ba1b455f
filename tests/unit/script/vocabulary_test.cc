#include "harness/script/vocabulary.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "harness/suite/postman.h"

namespace assay::script {
namespace {

// The scripts of a collection that take the complete sandbox.
std::vector<std::string> beyond(const std::string& collection) {
    const auto suite = suite::load_postman(collection);
    EXPECT_TRUE(suite) << suite.error().to_string();
    std::vector<std::string> sources;
    if (!suite) return sources;
    EXPECT_FALSE(suite->scripts.empty());
    for (const auto& script : suite->scripts)
        if (!within_core(script.source)) sources.push_back(script.source);
    return sources;
}

}  // namespace

TEST(Vocabulary, CommonCallsStayInTheSmallSandbox) {
    for (const auto* script : {
             "",
             "pm.test('x', () => { pm.response.to.have.status(200); pm.expect(pm.response.json().a).to.include('b'); "
             "});",
             "pm.test.skip('x', function () {}); pm.environment.set('a', 1); pm.globals.has('b');",
             "tests['a'] = responseCode.code === 200; postman.setGlobalVariable('t', JSON.parse(responseBody).token);",
             "const lodash = require('lodash'); console.log(_.keys({}), Math.max(1, 2));",
             "const a = /['\"]/.test('x') ? {pm: 1} : 2; // pm.cookies.jar()",
             "pm.execution.setNextRequest(null); setTimeout(() => {}, 1);",
             "pm.variables.replaceIn('{{a}}'); pm.variables.replaceIn(`{{${b}}}`)",
             "pm.expect(pm.response.headers.get('Content-Type')).to.include('json')",
             "pm.response.headers.has('etag') && pm.response.headers.toObject()",
             "pm.expect(pm.response).to.have.property('code').that.is.a('number')",
             "pm.expect(pm.response).to.have.status(pm.response.code).and.have.header('a', 'b')",
             "pm.expect([1]).to.be.an('array').with.lengthOf(1)",
             "if (pm.request.method === 'GET' && pm.request.url.toString() !== pm.cookies.get('a')) {}",
             "pm.expect(pm.request.headers.get('accept')).to.be.ok; JSON.parse(pm.request.body.raw)",
             "pm.response.to.not.be.error; pm.response.to.have.jsonBody('a.b', f(1))",
         }) {
        EXPECT_TRUE(within_core(script)) << script;
    }
}

TEST(Vocabulary, WhateverElseTakesTheCompleteSandbox) {
    for (const auto* script : {
             "pm.cookies.jar()",
             "pm.sendRequest('http://x', () => {})",
             "pm['test']('x')",
             "const p = pm; p.test('x')",
             "pm.request.headers.add({key: 'a'})",
             "pm.response.headers.one('a')",
             "pm.response.headers.has(name)",
             "pm.response.headers.each(h => 1)",
             "pm.response.headers['get']('a')",
             "pm.expect(pm.response).to.have.property('stream')",
             "pm.expect(pm.response).to.deep.equal({})",
             "pm.expect(pm.response)",
             "pm.expect([pm.response])",
             "pm.response.to.have.keys('code')",
             "const to = pm.response.to",
             "pm.request.method = 'PUT'",
             "pm.request.body.raw += 'x'",
             "delete pm.request.body.raw",
             "pm.request.url.query.get('a')",
             "[1].with(0, 2)",
             "[1].with.call([2], 0, 3)",
             "const replace = list.with",
             "with (pm) { test('x') }",
             "[1]['first']()",
             "pm.variables.replaceIn({a: '{{a}}'})",
             "eval('1')",
             "Buffer.from('x')",
             "require('uuid')",
             "require(name)",
             "[1, 2].first()",
             "'a'.capitalize()",
             "xml2Json(responseBody)",
             "[3].toSorted()",
             "async function f() {}",
             "`${pm.cookies.jar()}`",
             "'use sandbox2'; tests",
             "pm\\u002ex",
             "'open",
             "/* open",
         }) {
        EXPECT_FALSE(within_core(script)) << script;
    }
}

// Their speed rests on it: the complete sandbox costs a run some hundred times as much.
TEST(Vocabulary, TheProjectsCollectionStaysInTheSmallSandbox) {
    EXPECT_EQ(beyond(ASSAY_SOURCE_DIR "/tests/corpus/conduit.postman_collection.json"), std::vector<std::string>());
}

TEST(Vocabulary, TheStudysCollectionStaysInTheSmallSandbox) {
    const char* shared = std::getenv("ASSAY_SHARED");
    const auto file = std::filesystem::path(shared != nullptr ? shared : ASSAY_SOURCE_DIR "/../shared") /
                      "constraint-decay/Conduit.postman_collection.json";
    if (!std::filesystem::exists(file)) GTEST_SKIP() << file << " is not there";
    EXPECT_EQ(beyond(file.string()), std::vector<std::string>());
}

}  // namespace assay::script
