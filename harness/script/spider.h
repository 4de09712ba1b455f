// SpiderMonkey behind engine.h: what the files of this room share. Internal to this room.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "harness/script/engine.h"
#include "harness/script/watchdog.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"
#include <js/Array.h>
#include <js/CompilationAndEvaluation.h>
#include <js/CompileOptions.h>
#include <js/ContextOptions.h>
#include <js/Conversions.h>
#include <js/Exception.h>
#include <js/Initialization.h>
#include <js/JSON.h>
#include <js/Promise.h>
#include <js/SourceText.h>
#include <js/experimental/JSStencil.h>
#include <jsapi.h>
#pragma GCC diagnostic pop

namespace assay::script {

using StencilRef = RefPtr<JS::Stencil>;

// What went wrong when a text did not parse.
struct SyntaxFault {
    std::string kind;
    std::string message;
    std::uint32_t line = 0;
};

// Compiles to a stencil in the current realm of `cx`. `name` shows in stack traces.
tl::expected<StencilRef, SyntaxFault> compile_text(JSContext* cx, const char* name, std::string_view text);

// The thread that owns the root of all JavaScript runtimes and compiles suites on it.
//
// Stencils keep their source text in the cache of the runtime that compiled them, and runtimes with a parent share
// their parent's: so there is one parent, which outlives all engines and stencils. A thread may hold only one
// JSContext, and a caller's may have an engine: so the parent has a thread of its own.
class RootRuntime {
 public:
    RootRuntime();
    ~RootRuntime();
    RootRuntime(const RootRuntime&) = delete;
    RootRuntime& operator=(const RootRuntime&) = delete;

    // Null: it could not be made.
    [[nodiscard]] JSRuntime* runtime() const { return runtime_; }
    // Runs `work` on the thread, in a realm, and waits for it.
    void run(const std::function<void(JSContext*)>& work);

 private:
    void main();

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::packaged_task<void(JSContext*)>> tasks_;
    bool ready_ = false;
    bool ending_ = false;
    JSRuntime* runtime_ = nullptr;
    std::thread thread_;
};

struct Platform::State {
    Sandbox sandbox = Sandbox::automatic;
    RootRuntime root;
    Watchdog watchdog;
    std::mutex mutex;
    std::map<std::string, StencilRef, std::less<>> stencils;  // embedded files, compiled when first asked for

    // The stencil of an embedded file, wrapped for `require` when it is a library. Null after a fault of ours, which
    // is pending on `cx`.
    StencilRef embedded_stencil(JSContext* cx, std::string_view name);
};

struct CompiledSuite::State {
    struct Script {
        StencilRef stencil;  // null: it does not parse
        check::ScriptError fault;
        std::uint32_t used = 0;  // bit i: it names parameter i of kNames
        bool test = false;
        std::string source;  // for the complete sandbox, which compiles by itself; else empty
    };
    std::shared_ptr<Platform> platform;  // outlives the stencils
    std::vector<Script> scripts;
    bool complete = false;  // some script needs prelude/sandbox.js, so that all run there
};

// Pending promise reactions of the running script, drained by us so that a script's end and its limits are ours.
// Reactions left by a script that was ended are dropped.
class JobQueue : public JS::JobQueue {
 public:
    explicit JobQueue(JSContext* cx) : jobs_(cx) {}
    JSObject* getIncumbentGlobal(JSContext* cx) override;
    bool enqueuePromiseJob(JSContext* cx, JS::HandleObject promise, JS::HandleObject job, JS::HandleObject site,
                           JS::HandleObject incumbent) override;
    void runJobs(JSContext* cx) override;
    [[nodiscard]] bool empty() const override { return next_ == jobs_.length(); }
    void clear();
    // Runs jobs until there is none; false when one was ended from outside.
    bool drain(JSContext* cx);

 protected:
    js::UniquePtr<SavedJobQueue> saveJobQueue(JSContext* cx) override;

 private:
    JS::PersistentRootedObjectVector jobs_;
    std::size_t next_ = 0;
};

inline constexpr JSClass kGlobalClass = {"global", JSCLASS_GLOBAL_FLAGS, &JS::DefaultGlobalClassOps, nullptr, nullptr,
                                         nullptr};

class Realms;
struct ScriptRealm;

struct Engine::State {
    std::shared_ptr<Platform> platform;
    Limits limits;
    JSContext* cx = nullptr;
    std::unique_ptr<JobQueue> jobs;
    JS::PersistentRootedObject anchor;  // a global that keeps the zone of all runs alive
    std::unique_ptr<Watchdog::Slot> slot;

    // Of the script that runs now.
    ScriptContext::State* current = nullptr;
    Instant deadline{};                   // zero: none
    std::atomic<bool> too_large = false;  // the watchdog found that the process has grown too much
    const char* ended = nullptr;          // why it was ended from outside: "timeout", "memory", "limit"

    std::uint32_t runs_since_collection = 0;
    std::uint32_t heap_after_collection = 0;  // bytes of the collector's heap
    std::unique_ptr<Realms> realms;

    ~State();
    // `keep`: for more than one run, so compiled code outlives collections.
    JSObject* new_global(bool keep);
    // Called when a run is over: collects garbage when there is enough of it.
    void run_over();
};

struct ScriptContext::State {
    Engine::State& engine;
    std::shared_ptr<const CompiledSuite> suite;
    suite::Scopes& scopes;
    suite::Dynamic& dynamic;
    Millis running;  // one script's time in JavaScript; 0 = no limit

    std::unique_ptr<ScriptRealm> realm;           // null before the first script
    bool ended = false;                           // a script was ended from outside
    JS::PersistentRootedString text;              // the response's body, decoded
    JS::PersistentRootedObjectVector rejections;  // promises rejected without a handler

    // Of the running script.
    const Input* input = nullptr;
    ScriptResult* result = nullptr;
    std::vector<SendRequest> sends;
    std::uint32_t last_send = 0;
    std::uint64_t console_bytes = 0;
    Instant started{};
    Micros spent{0};                     // in JavaScript
    const void* global_shape = nullptr;  // of the global, and how many collections there had been then
    std::uint32_t global_shape_at = 0;

    State(Engine::State& engine_state, std::shared_ptr<const CompiledSuite> compiled, suite::Scopes& run_scopes,
          suite::Dynamic& run_dynamic, std::optional<Millis> running_limit);
    ~State();

    [[nodiscard]] suite::Scope* scope(int index);
};

inline ScriptContext::State& current(JSContext* cx) {
    return *static_cast<Engine::State*>(JS_GetContextPrivate(cx))->current;
}

// Text both ways. Invalid UTF-8 becomes U+FFFD, as a Buffer's toString() does it.
JSString* to_js(JSContext* cx, std::string_view utf8);
JSString* latin1_to_js(JSContext* cx, std::string_view bytes);  // a character a byte
bool to_utf8(JSContext* cx, JSString* text, std::string& out);
// The pending exception as data; clears it.
SyntaxFault take_exception(JSContext* cx);

}  // namespace assay::script
