#include "harness/script/vocabulary.h"

#include <gtest/gtest.h>

namespace assay::script {

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
             "pm.response.headers.get('a')",
             "eval('1')",
             "Buffer.from('x')",
             "require('uuid')",
             "require(name)",
             "[1, 2].first()",
             "'a'.capitalize()",
             "xml2Json(responseBody)",
             "[3].toSorted()",
             "async function f() {}",
             "pm.variables.replaceIn('{{a}}')",
             "`${pm.cookies.get('a')}`",
             "'use sandbox2'; tests",
             "pm\\u002ex",
             "'open",
             "/* open",
         }) {
        EXPECT_FALSE(within_core(script)) << script;
    }
}

}  // namespace assay::script
