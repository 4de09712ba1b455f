#include "harness/script/engine.h"

#include "tests/unit/script/harness.h"

namespace assay::script {
namespace {

TEST(Engine, LegacyTestsComeLastIntegersFirstThenInOrder) {
    Script run({"tests['b'] = 0; tests['2'] = true; tests['1'] = NaN; tests.a = 'yes'; pm.test('first', () => {});"});
    EXPECT_EQ(verdicts(run(0)), "first+ 1- 2+ b- a+");
}

TEST(Engine, AThrowKeepsWhatWasSetBeforeIt) {
    Script run({"tests.kept = true; pm.test('also', () => {});\nthrow new TypeError('x is bad'); tests.never = true"});
    const auto result = run(0);
    EXPECT_EQ(verdicts(result), "also+ kept+");
    EXPECT_EQ(errors(result), "TypeError: x is bad @2");
}

TEST(Engine, ASyntaxErrorRecordsNothingAndNamesItsLine) {
    Script run({"tests.a = true;\nlet x = ;", "tests.b = true"});
    const auto result = run(0);
    EXPECT_EQ(verdicts(result), "");
    ASSERT_EQ(result.errors.size(), 1u);
    EXPECT_EQ(result.errors[0].kind, "SyntaxError");
    EXPECT_EQ(result.errors[0].line, 2u);
    EXPECT_EQ(verdicts(run(1)), "b+");
}

TEST(Engine, BareAssignmentsReachTheNextScriptDeclarationsDoNot) {
    Script run({"leaks = 1; var own = 2; let own2 = 3; function f() {}",
                "console.log(typeof leaks, typeof own, typeof own2, typeof f)"});
    run(0);
    EXPECT_EQ(console(run(1)), "number undefined undefined undefined");
}

TEST(Engine, AnotherRunSeesNothingOfTheFirst) {
    const std::vector<std::string> sources = {
        "console.log(typeof leaks, Object.prototype.mark); leaks = 1; "
        "Object.prototype.mark = 2;"};
    Script first(sources);
    first(0);
    // Two engines on one thread are not allowed: the second run uses a thread of its own.
    std::string seen;
    std::thread([&] {
        Script second(sources);
        seen = console(second(0));
    }).join();
    EXPECT_EQ(seen, "undefined undefined");
}

TEST(Engine, ASecondOneOnAThreadIsAnError) {
    const auto first = Engine::create(platform());
    EXPECT_TRUE(first);
    EXPECT_FALSE(Engine::create(platform()));
}

TEST(Engine, NamesThatNewmanHidesAreHidden) {
    Script run({"console.log(typeof globalThis, typeof Intl, typeof WebAssembly, typeof window, typeof process)"});
    EXPECT_EQ(console(run(0)), "undefined undefined undefined undefined undefined");
}

TEST(Engine, AScriptMayReturnEarlyAndUseStrictIsNoDirective) {
    Script run({"'use strict'; undeclared = 1; tests.a = true; return; tests.b = true"});
    const auto result = run(0);
    EXPECT_EQ(verdicts(result), "a+");
    EXPECT_EQ(errors(result), "");
}

TEST(Engine, EvalSeesEverythingInScope) {
    Script run({"eval('tests[\"from eval\"] = pm.response.code === 200 && responseBody === \"{}\"')"});
    EXPECT_EQ(verdicts(run(0)), "from eval+");
}

TEST(Engine, AnEndlessLoopEndsAtTheTimeLimitAndTheRunGoesOn) {
    Limits limits;
    limits.running = Millis{100};
    Script run(
        {"tests.before = true; pm.globals.set('g', 1); while (true) {}", "tests.after = pm.globals.get('g') === 1"},
        limits);
    const auto begun = Clock::now();
    const auto result = run(0);
    EXPECT_LT(Clock::now() - begun, Millis{1500});
    EXPECT_EQ(verdicts(result), "before+");
    ASSERT_EQ(result.errors.size(), 1u);
    EXPECT_EQ(result.errors[0].kind, "timeout");
    EXPECT_EQ(verdicts(run(1)), "after+");
}

TEST(Engine, ALoopThatCatchesEverythingCannotOutliveItsLimit) {
    Limits limits;
    limits.running = Millis{100};
    Script run({"for (;;) { try { for (;;) {} } catch (e) {} finally { continue; } }"}, limits);
    EXPECT_EQ(run(0).errors.at(0).kind, "timeout");
}

TEST(Engine, AnEvilRegularExpressionEndsAtTheTimeLimit) {
    Limits limits;
    limits.running = Millis{100};
    Script run({"tests.x = /^(a+)+$/.test('a'.repeat(40) + '!')"}, limits);
    const auto result = run(0);
    EXPECT_EQ(result.errors.at(0).kind, "timeout");
    EXPECT_EQ(verdicts(result), "");
}

TEST(Engine, ALongRegularExpressionWithinItsTimeIsLeftAlone) {
    Limits limits;
    limits.running = Millis{20000};
    Script run({"const begun = Date.now(); let n = 14; do tests.matched = /^(a+)+$/.test('a'.repeat(++n) + '!');"
                "while (Date.now() - begun < 150);"},
               limits);
    const auto result = run(0);
    EXPECT_EQ(errors(result), "");
    EXPECT_EQ(verdicts(result), "matched-");
}

TEST(Engine, EndlessPromiseReactionsEndAtTheTimeLimit) {
    Limits limits;
    limits.running = Millis{100};
    Script run({"const again = () => Promise.resolve().then(again); again(); again();", "tests.alive = true"}, limits);
    EXPECT_EQ(run(0).errors.at(0).kind, "timeout");
    EXPECT_EQ(verdicts(run(1)), "alive+");
}

TEST(Engine, AScriptThatEatsMemoryEndsWithKindMemory) {
    Limits limits;
    limits.heap = Bytes{64u << 20};
    Script run({"const all = []; for (;;) { try { all.push({ a: all.length, b: [1, 2, 3] }); } catch (e) {} }",
                "const big = []; for (;;) big.push(new Array(1e5).fill(1.5));", "tests.alive = true"},
               limits);
    EXPECT_EQ(run(0).errors.at(0).kind, "memory");
    EXPECT_EQ(run(1).errors.at(0).kind, "memory");
    EXPECT_EQ(verdicts(run(2)), "alive+");
}

TEST(Engine, EndlessRecursionIsAScriptError) {
    Script run({"function f() { return f() + 1; } tests.before = true; f();"});
    const auto result = run(0);
    EXPECT_EQ(verdicts(result), "before+");
    EXPECT_EQ(result.errors.at(0).message, "too much recursion");
}

TEST(Engine, TooManyAssertionsEndTheScript) {
    Limits limits;
    limits.assertions = 10;
    Script run({"for (let i = 0; ; ++i) pm.test('t' + i, () => {});"}, limits);
    const auto result = run(0);
    EXPECT_EQ(result.assertions.size(), 10u);
    EXPECT_EQ(result.errors.at(0).kind, "limit");
}

TEST(Engine, ConsoleIsBounded) {
    Limits limits;
    limits.console_lines = 3;
    limits.console_bytes = Bytes{20};
    Script run({"for (let i = 0; i < 10; ++i) console.log('0123456789');"}, limits);
    EXPECT_EQ(console(run(0)), "0123456789\n0123456789");
}

TEST(Engine, TimersAreWaitedForAndLegacyTestsSetInThemAreNot) {
    Script run(
        {"setTimeout(() => { pm.test('late', () => {}); tests.late = true; }, 30); tests.now = true;"
         "setImmediate(() => pm.test('immediate', () => {}));"
         "const id = setInterval(() => { pm.test('tick', () => {}); clearInterval(id); }, 5);"});
    const auto begun = Clock::now();
    EXPECT_EQ(verdicts(run(0)), "now+ immediate+ tick+ late+");
    EXPECT_GE(Clock::now() - begun, Millis{29});
}

TEST(Engine, ATimersErrorIsAScriptErrorAndTheOthersStillRun) {
    Script run(
        {"setTimeout(() => { throw new Error('in timer'); }, 1); setTimeout(() => pm.test('other', () => {}), 5)"});
    const auto result = run(0);
    EXPECT_EQ(verdicts(result), "other+");
    EXPECT_EQ(errors(result), "Error: in timer @1");
}

TEST(Engine, AnIntervalThatIsNeverClearedEndsAtTheWaitingLimit) {
    Limits limits;
    limits.waiting = Millis{100};
    Script run({"setInterval(() => {}, 10); pm.globals.set('o', {a: 1})", "tests.kept = pm.globals.get('o').a === 1"},
               limits);
    EXPECT_EQ(run(0).errors.at(0).kind, "timeout");
    EXPECT_EQ(verdicts(run(1)), "kept+");
}

TEST(Engine, ManyRunsOnOneEngineDoNotPileUpGlobals) {
    suite::Suite suite;
    suite.scripts.push_back({suite::Listen::test, "kept = new Array(1e5).fill({}); tests.ok = true", "item", 1});
    const auto compiled = CompiledSuite::compile(platform(), suite).value();
    Limits limits;
    limits.heap = Bytes{96u << 20};  // some 60 of these runs would not fit at once
    const auto engine = Engine::create(platform(), limits).value();
    for (int i = 0; i < 300; ++i) {
        suite::Scopes scopes;
        suite::Dynamic dynamic(1);
        ScriptContext context(*engine, compiled, scopes, dynamic);
        ScriptResult result;
        Input input;
        const Pairs headers;
        ResponseView response;
        response.headers = &headers;
        input.response = &response;
        ASSERT_TRUE(context.begin(0, input, result));
        ASSERT_EQ(verdicts(result), "ok+") << "run " << i << ": " << errors(result);
    }
}

TEST(Engine, OneSuiteRunsOnSeveralThreadsAtOnce) {
    suite::Suite suite;
    suite.scripts.push_back(
        {suite::Listen::test,
         "function add(a, b) { return a + b; } for (let i = 0; i < 50; ++i) tests['t' + i] = add(i, 1) === i + 1;"
         "tests.source = add.toString().includes('a + b'); pm.test('chai', () => pm.expect({a: 1}).to.eql({a: 1}));",
         "item", 1});
    const auto compiled = CompiledSuite::compile(platform(), suite).value();
    std::vector<std::thread> threads;
    std::atomic<int> good{0};
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            const auto engine = Engine::create(platform()).value();
            for (int i = 0; i < 40; ++i) {
                suite::Scopes scopes;
                suite::Dynamic dynamic(1);
                ScriptContext context(*engine, compiled, scopes, dynamic);
                ScriptResult result;
                Input input;
                if (!context.begin(0, input, result)) continue;
                const bool all = std::all_of(result.assertions.begin(), result.assertions.end(),
                                             [](const auto& a) { return a.status == check::Status::passed; });
                if (all && result.assertions.size() == 52) ++good;
            }
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(good, 160);
}

}  // namespace
}  // namespace assay::script
