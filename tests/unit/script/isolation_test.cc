// Nothing that one run does in JavaScript is seen by the next of the same suite on the same engine, though they may be
// given the same realm.
#include <gtest/gtest.h>

#include "harness/script/realms.h"
#include "harness/script/spider.h"
#include "tests/unit/script/harness.h"

namespace assay::script {
namespace {

// Each changes something, and says what it finds of that. A run that comes after one that has changed it must say what
// the very first run said.
const std::vector<std::string> kChanges = {
    "console.log(typeof leaks); leaks = 1;",
    "console.log({}.mark); Object.prototype.mark = 1;",
    "console.log([].last); Array.prototype.last = () => 1;",
    "console.log(Array.prototype[2]); Array.prototype[2] = 'x';",
    "console.log(typeof [].map); delete Array.prototype.map;",
    "console.log(JSON.parse('1')); JSON.parse = () => 2;",
    "console.log(Math.max(1, 2)); Math.max = () => 3;",
    "console.log(Object.isFrozen(Array.prototype)); Object.freeze(Array.prototype);",
    "console.log(Object.isExtensible(String.prototype)); Object.preventExtensions(String.prototype);",
    "console.log(Object.getPrototypeOf(Date.prototype) === Object.prototype); Object.setPrototypeOf(Date.prototype, "
    "null);",
    "console.log('b'.localeCompare.call.length); Function.prototype.call = function (a, b, c) {};",
    "console.log([...[1, 2]].length); Object.getPrototypeOf([][Symbol.iterator]()).next = () => ({ done: true });",
    "console.log(typeof Object.getPrototypeOf(function* () {}).mark); Object.getPrototypeOf(function* () {}).mark = 1;",
    "console.log(typeof Object.getPrototypeOf(async () => {}).mark); Object.getPrototypeOf(async () => {}).mark = 1;",
    "console.log(typeof (async function* () {}).constructor.mark); (async function* () {}).constructor.mark = 1;",
    "console.log(RegExp.$1 + '|' + RegExp.lastMatch); /(a)/.exec('a');",
    "console.log(RegExp.input); RegExp.input = 'kept';",
    "console.log((0, eval)('typeof lexical')); (0, eval)('let lexical = 1');",
    "console.log((0, eval)('typeof declared')); (0, eval)('var declared = 1');",
    "console.log(typeof Function('return this')().hung); Object.defineProperty(Function('return this')(), 'hung', { "
    "value: 1 });",
    "console.log(typeof Map.prototype.mark, typeof Set.prototype.mark); Map.prototype.mark = Set.prototype.mark = 1;",
    "console.log(Error.prototype.name); Error.prototype.name = 'Changed';",
    "console.log(typeof Symbol.prototype.mark, typeof Promise.prototype.mark); Promise.prototype.mark = "
    "Symbol.prototype.mark = 1;",
    "console.log(Object.getOwnPropertyDescriptor(Array, 'isArray').writable); Object.defineProperty(Array, 'isArray', "
    "{ writable: false });",
    "console.log(typeof pm.constructor.prototype.mark); pm.constructor.prototype.mark = 1;",
    "console.log(typeof pm.response.constructor.prototype.mark); pm.response.constructor.prototype.mark = 1;",
    "console.log(typeof console.mark); console.mark = 1;",
    "console.log(typeof atob.mark, typeof clearTimeout.mark); atob.mark = clearTimeout.mark = 1;",
    "console.log(typeof pm.globals.constructor.prototype.mark); pm.globals.constructor.prototype.mark = 1;",
    "console.log(typeof pm.expect(1).mark2 === 'undefined'); ",
    "const chai = require('chai'); console.log(typeof chai.Assertion.prototype.odd); "
    "chai.Assertion.addProperty('odd', function () {});",
    "const chai = require('chai'); console.log(chai.config.truncateThreshold); chai.config.truncateThreshold = 7;",
    "const chai = require('chai'); console.log(typeof chai.mark); chai.mark = 1;",
    "const _ = require('lodash'); console.log(typeof _.mark); _.mark = 1; _.mixin({ mixed: () => 1 });",
    "console.log(typeof require('moment').mark); require('moment').mark = 1;",
    "function inner() {} console.log(typeof inner.mark); inner.mark = 1;",
    "console.log(((parts) => parts.raw.length + String(parts.mark))`a${1}b`);",
    "console.log((() => { const own = { a: [1] }; own.a.push(2); return own.a.length; })());",
    "const again = /a/g; console.log(again.lastIndex); again.exec('aa');",
    "function self() { return self.caller; } const me = self(); console.log(me && me.mark); if (me) me.mark = 1;",
    "console.log(typeof setTimeout); setTimeout = 1;",
    "console.log(typeof Buffer); Buffer = 1;",
    "console.log(Array.prototype.concat.name); Object.defineProperty(Array.prototype.concat, 'name', { value: 'x' });",
    "console.log(Reflect.ownKeys(Number).length); delete Number.EPSILON;",
    "console.log(typeof {}.__lookupGetter__('__proto__')); delete Object.prototype.__proto__;",
    "console.log(new Date(0).toISOString()); Date.prototype.toISOString = () => 'never';",
    "console.log(typeof Uint8Array.prototype.mark); Object.getPrototypeOf(Uint8Array.prototype).mark = 1;",
    "console.log(typeof Proxy.mark, typeof Reflect.mark); Proxy.mark = Reflect.mark = 1;",
    "console.log(require('lodash').uniqueId());",
    "console.log(String(require('lodash').templateSettings.escape)); require('lodash').templateSettings.escape = /x/;",
    "const tv4 = require('tv4'); console.log(typeof tv4.getSchema('http://x/y')); tv4.addSchema('http://x/y', {});",
    "const moment = require('moment'); console.log(moment.locales().join()); moment.defineLocale('xx', {});",
    "const { Assertion } = require('chai'); console.log('made' in Assertion.prototype); "
    "require('chai').use((chai) => chai.Assertion.addMethod('made', () => {}));",
    "console.log(typeof pm.test.mark, typeof pm.expect.mark); pm.test.mark = pm.expect.mark = 1;",
    "console.log(typeof CryptoJS.mark); CryptoJS.mark = 1;",
    "console.log(setTimeout(() => {}, 1) === setTimeout(() => {}, 1)); clearTimeout(1); clearTimeout(2);",
};

// The small sandbox whatever a script asks for: by the rules of vocabulary.h most of these would run in the complete
// one, whose realms serve one run each.
const std::shared_ptr<Platform>& small() {
    static const auto shared = Platform::create(Sandbox::small).value();
    return shared;
}

class Isolation : public ::testing::Test {
 protected:
    Isolation() : engine_(Engine::create(small()).value()) {
        suite::Suite suite;
        for (const auto& source : kChanges) suite.scripts.push_back({suite::Listen::test, source, "item", 1});
        suite.scripts.push_back({suite::Listen::test, "pm.test('fine', () => {}); tests.too = true;", "item", 1});
        clean_ = static_cast<std::uint32_t>(kChanges.size());
        compiled_ = CompiledSuite::compile(small(), suite).value();
    }

    // What a script says in the first run of its suite.
    std::string fresh(std::uint32_t script) {
        suite::Suite suite;
        suite.scripts.push_back({suite::Listen::test, kChanges[script], "item", 1});
        return run(0, CompiledSuite::compile(small(), suite).value());
    }
    std::string run(std::uint32_t script) { return run(script, compiled_); }
    // A run of one script.
    std::string run(std::uint32_t script, const std::shared_ptr<const CompiledSuite>& compiled) {
        suite::Scopes scopes;
        suite::Dynamic dynamic(1);
        ScriptContext context(*engine_, compiled, scopes, dynamic);
        ResponseView response;
        const Pairs headers;
        response.code = 200;
        response.status = "OK";
        response.body = "{}";
        response.headers = &headers;
        Input input;
        input.response = &response;
        ScriptResult result;
        const auto progress = context.begin(script, input, result);
        EXPECT_TRUE(progress && progress->done);
        if (collect_) JS_GC(engine_->state().cx);
        std::string said;
        for (const auto& line : result.console) said += line.text + "\n";
        for (const auto& error : result.errors) said += error.message + "\n";
        return said;
    }
    const Realms::Counts& realms() { return engine_->state().realms->counts(); }

    std::unique_ptr<Engine> engine_;
    std::shared_ptr<const CompiledSuite> compiled_;
    std::uint32_t clean_ = 0;
    bool collect_ = false;  // garbage, while a run has its realm
};

TEST_F(Isolation, RunsThatChangeNothingShareARealm) {
    for (int i = 0; i < 20; ++i) run(clean_);
    EXPECT_EQ(realms().made, 3u);
    EXPECT_EQ(realms().reused, 17u);
    EXPECT_EQ(realms().changed, 0u) << realms().difference;
}

TEST_F(Isolation, RunsAtOnceShareAFewRealmsOneAfterTheOther) {
    for (int i = 0; i < 3; ++i) run(clean_);
    const auto made = realms().made;
    std::vector<suite::Scopes> scopes(8);
    suite::Dynamic dynamic(1);
    std::vector<std::unique_ptr<ScriptContext>> contexts;
    for (auto& own : scopes) contexts.push_back(std::make_unique<ScriptContext>(*engine_, compiled_, own, dynamic));
    Input input;
    for (int round = 0; round < 3; ++round) {
        for (auto& context : contexts) {
            ScriptResult result;
            const auto progress = context->begin(clean_, input, result);
            EXPECT_TRUE(progress && progress->done);
            EXPECT_EQ(verdicts(result), "fine+ too+");
        }
    }
    EXPECT_EQ(realms().made, made + 7);  // one was waiting
    contexts.clear();
    for (int i = 0; i < 5; ++i) run(clean_);
    EXPECT_EQ(realms().made, made + 7);
    EXPECT_EQ(realms().changed, 0u) << realms().difference;
}

TEST_F(Isolation, ACollectionOfGarbageDuringARunLeavesItsRealmProvable) {
    collect_ = true;
    for (int i = 0; i < 20; ++i) run(clean_);
    EXPECT_EQ(realms().made, 3u);
    EXPECT_EQ(realms().reused, 17u);
    EXPECT_EQ(realms().changed, 0u) << realms().difference;
}

class Changes : public Isolation, public ::testing::WithParamInterface<bool> {};

TEST_P(Changes, OfARunAreNotSeenByTheNext) {
    collect_ = GetParam();
    // Of a suite's first two runs each has a realm to itself: what a script says there is what it always has to say.
    std::vector<std::string> firsts;
    for (std::uint32_t script = 0; script < clean_; ++script) firsts.push_back(fresh(script));
    for (std::uint32_t script = 0; script < clean_; ++script) {
        const std::string first = firsts[script];
        for (int times = 0; times < 3; ++times) {
            for (int i = 0; i < 6; ++i)
                run(clean_);  // enough for a realm that is kept, and for the suite to be trusted
            EXPECT_EQ(run(script), first) << kChanges[script];
        }
    }
    EXPECT_GT(realms().reused, 100u);
    EXPECT_GT(realms().changed, 20u);
}

INSTANTIATE_TEST_SUITE_P(WithAndWithoutACollectionOfGarbage, Changes, ::testing::Bool());

}  // namespace
}  // namespace assay::script
