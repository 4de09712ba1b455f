// JavaScript for suite scripts, behind an interface without engine types.
//
// Platform: one a process (threads of the JavaScript library, compiled prelude). CompiledSuite: a suite's scripts
// compiled once, shared by all threads and runs. Engine: one a lane, bound to the thread that made it.
// ScriptContext: one a run, on its engine's thread: a fresh global object and everything that scripts of the run
// share. What a script does wrong is data (check::ScriptError), never an Error; an Error is a fault of ours.
//
// Suites are trusted input and responses are only data: the limits protect a batch from a suite's mistake.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "harness/check/outcome.h"
#include "harness/suite/model.h"

namespace assay::script {

struct Limits {
    Millis running{5000};    // one script's time in JavaScript, its timers' callbacks included; 0 = none
    Millis waiting{60000};   // one script's time from start to end, timers and requests included; 0 = none
    Bytes heap{512u << 20};  // by which one script may make the process grow; beyond it ends with kind "memory"
    std::uint32_t console_lines = 200;  // a script; more are dropped
    Bytes console_bytes{64u << 10};     // a script; what is beyond is cut
    std::uint32_t assertions = 100000;  // a script; the next one ends it with kind "limit"
};

// Which sandbox a suite's scripts run in. Both give the same verdicts; the small one is faster (vocabulary.h).
// `small` takes no notice of what a script needs: for tests of what scripts can do to each other there.
enum class Sandbox { automatic, complete, small };

class Platform {
 public:
    // The library can be initialised once a process; Platforms after the first share it.
    static Result<std::shared_ptr<Platform>> create(Sandbox sandbox = Sandbox::automatic);
    ~Platform();

    struct State;
    [[nodiscard]] State& state() { return *state_; }

 private:
    explicit Platform(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

class CompiledSuite {
 public:
    // A script that does not parse is kept as its SyntaxError and reported by every run. The suite need not outlive
    // the result.
    static Result<std::shared_ptr<const CompiledSuite>> compile(std::shared_ptr<Platform> platform,
                                                                const suite::Suite& suite);
    ~CompiledSuite();

    [[nodiscard]] std::size_t size() const;
    [[nodiscard]] const check::ScriptError* syntax_error(std::uint32_t script) const;  // null when it parses

    struct State;
    [[nodiscard]] const State& state() const { return *state_; }

 private:
    explicit CompiledSuite(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

class Engine {
 public:
    static Result<std::unique_ptr<Engine>> create(std::shared_ptr<Platform> platform, const Limits& limits = {});
    ~Engine();  // on the thread that made it, after its contexts

    struct State;
    [[nodiscard]] State& state() { return *state_; }

 private:
    explicit Engine(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

using Pairs = std::vector<std::pair<std::string, std::string>>;

// The final response, as pm.response shows it. The views live as long as the script runs.
struct ResponseView {
    std::uint32_t code = 0;
    std::string_view status;
    double time = 0;         // milliseconds
    std::uint64_t size = 0;  // decoded bytes
    const Pairs* headers = nullptr;
    std::string_view body;
};

// What surrounds one script. Everything but `response` may be asked for late or never.
struct Input {
    suite::Listen listen = suite::Listen::test;
    const ResponseView* response = nullptr;  // null: pre-request script, or the request failed
    std::string_view item_id;
    std::string_view item_name;
    const std::vector<std::string>* path = nullptr;  // collection, folders, item
    std::string_view owner;                          // whose script it is
    std::uint32_t iteration = 0;
    std::uint32_t iterations = 1;
    std::function<std::string()> request;  // collection format's JSON of the template, or of what was sent
    std::function<Pairs()> cookies;        // of the request's URL, after the response
    std::string_view domain;               // of the request
    // A method of the run's cookie store with the JSON of its arguments -> the JSON of {error} or {result}.
    std::function<std::string(std::string_view method, std::string_view arguments)> cookie_store;
};

// A request that a script wants to send (pm.sendRequest): the collection format's JSON, or a URL as a JSON text.
struct SendRequest {
    std::uint32_t id = 0;
    std::string request;
};

struct ScriptResult {
    std::vector<check::Assertion> assertions;
    std::vector<check::ScriptError> errors;
    std::vector<check::ConsoleLine> console;
    bool next_set = false;                       // setNextRequest was called
    std::optional<std::string> next_request;     // empty: it was called with null (or nothing a name can be)
    bool skipped = false;                        // pm.execution.skipRequest
    std::optional<std::string> changed_request;  // JSON of the request as a pre-request script left it
};

// Where a script stands. Not done: sleep until `wake`, send what is in `sends`, then resume() or deliver().
struct Progress {
    bool done = true;
    std::optional<Instant> wake;
    std::vector<SendRequest> sends;
};

class ScriptContext {
 public:
    // The engine and the scopes must outlive it. `running` replaces the engine's limit of that name.
    ScriptContext(Engine& engine, std::shared_ptr<const CompiledSuite> suite, suite::Scopes& scopes,
                  suite::Dynamic& dynamic, std::optional<Millis> running = std::nullopt);
    ~ScriptContext();
    ScriptContext(const ScriptContext&) = delete;
    ScriptContext& operator=(const ScriptContext&) = delete;

    // Runs one script until it ends or waits. `input` and `result` must live until it is done. Scopes are settled
    // (what JSON does to values between scripts) when it is done.
    Result<Progress> begin(std::uint32_t script, const Input& input, ScriptResult& result);
    // Runs the callbacks of timers that are due.
    Result<Progress> resume();
    // Hands over the answer to a SendRequest: a response, or the error's text and code.
    Result<Progress> deliver(std::uint32_t id, const ResponseView* response, std::string_view error = {},
                             std::string_view error_code = {});

    struct State;

 private:
    std::unique_ptr<State> state_;
};

}  // namespace assay::script
