// Theory of operation: one JSContext a lane, made and used on the lane's thread only. Every run gets a global of
// its own, fresh or proven to be as good (realms.h), in a compartment of its own; all compartments share one zone,
// because a zone of its own for every run is never collected. Garbage is collected between runs, so that no script pays
// for it.
//
// The watchdog's thread may ask for an interrupt; on_interrupt() then runs on the lane's thread in the middle of the
// script and ends it, uncatchably, when it is over its time or memory.
#include "harness/script/engine.h"

#include <pthread.h>

#include <js/Interrupt.h>
#include <js/MemoryCallbacks.h>
#include <js/Stack.h>

#include "harness/script/realms.h"
#include "harness/script/spider.h"

namespace assay::script {
namespace {

// Garbage is collected when the heap has grown by so much and by half of what it was, or after so many runs: what
// strings and arrays hold outside of the heap is not counted.
constexpr std::uint32_t kGrowth = 24u << 20;
constexpr std::uint32_t kRuns = 512;
constexpr std::uint32_t kOwnThreshold = 128;     // MB, below which the engine collects nothing by itself
constexpr std::size_t kStackQuota = 512u << 10;  // of a lane's thread; deeper recursion is a JavaScript error

// SpiderMonkey counts from the base of the thread's stack. What lies there already is not the scripts': above all the
// thread-local storage of all libraries, which is more than the quota when a sanitizer is among them.
std::size_t stack_in_use() {
    pthread_attr_t attributes;
    if (::pthread_getattr_np(::pthread_self(), &attributes) != 0) return 0;
    void* lowest = nullptr;
    std::size_t size = 0;
    const bool known = ::pthread_attr_getstack(&attributes, &lowest, &size) == 0;
    ::pthread_attr_destroy(&attributes);
    if (!known) return 0;
    const auto* base = static_cast<const char*>(lowest) + size;
    return static_cast<std::size_t>(base - static_cast<const char*>(__builtin_frame_address(0)));
}

Engine::State& engine_of(JSContext* cx) { return *static_cast<Engine::State*>(JS_GetContextPrivate(cx)); }

bool on_interrupt(JSContext* cx) {
    auto& engine = engine_of(cx);
    if (engine.current == nullptr) return true;
    if (engine.ended == nullptr && engine.deadline != Instant{} && Clock::now() >= engine.deadline) {
        engine.ended = "timeout";
    }
    if (engine.ended == nullptr && engine.too_large.exchange(false)) engine.ended = "memory";
    return engine.ended == nullptr;
}

// The collector's heap is at its limit. A script could catch the exception that follows: end it at the next check.
void on_out_of_memory(JSContext* cx, void*) {
    auto& engine = engine_of(cx);
    if (engine.current == nullptr) return;
    engine.ended = "memory";
    JS_RequestInterruptCallback(cx);
}

void on_rejection(JSContext* cx, bool, JS::HandleObject promise, JS::PromiseRejectionHandlingState state, void*) {
    auto& engine = engine_of(cx);
    if (engine.current == nullptr) return;
    auto& pending = engine.current->rejections;
    if (state == JS::PromiseRejectionHandlingState::Unhandled) {
        if (!pending.append(promise)) JS_ClearPendingException(cx);
        return;
    }
    for (std::size_t i = 0; i < pending.length(); ++i) {
        if (pending[i] != promise) continue;
        pending.erase(pending.begin() + i);
        return;
    }
}

// The library knows one context a thread, and crashes on a second.
thread_local bool has_engine = false;

// JS_Init and JS_ShutDown, once a process. The library cannot be initialised again after its end.
struct Library {
    bool ready = JS_Init();
    ~Library() {
        if (ready) JS_ShutDown();
    }
};

bool library_ready() {
    static const Library library;
    return library.ready;
}

}  // namespace

Platform::Platform(std::unique_ptr<State> state) : state_(std::move(state)) {}
Platform::~Platform() = default;

Result<std::shared_ptr<Platform>> Platform::create(Sandbox sandbox) {
    if (!library_ready()) return fail("initialise SpiderMonkey", "JS_Init failed");
    auto state = std::make_unique<State>();
    state->sandbox = sandbox;
    if (state->root.runtime() == nullptr) return fail("initialise SpiderMonkey", "no runtime could be made");
    return std::shared_ptr<Platform>(new Platform(std::move(state)));
}

Engine::Engine(std::unique_ptr<State> state) : state_(std::move(state)) {}
Engine::~Engine() = default;

Result<std::unique_ptr<Engine>> Engine::create(std::shared_ptr<Platform> platform, const Limits& limits) {
    if (has_engine) return fail("create JavaScript context", "this thread has one already", "use one engine a lane");
    auto state = std::make_unique<State>();
    state->platform = std::move(platform);
    state->limits = limits;
    // The collector's own limit is a backstop: near it the collector works for every few objects, so the watchdog
    // ends a script before.
    const auto heap = static_cast<std::uint32_t>(std::min<std::uint64_t>(limits.heap.count * 3 / 2, 0xffffffff));
    JSContext* cx = JS_NewContext(heap, state->platform->state().root.runtime());
    if (cx == nullptr) return fail("create JavaScript context", "out of memory", "lower --jobs");
    state->cx = cx;
    has_engine = true;
    JS_SetContextPrivate(cx, state.get());
    JS_SetNativeStackQuota(cx, stack_in_use() + kStackQuota);
    JS_SetGCParameter(cx, JSGC_INCREMENTAL_GC_ENABLED, 0);
    // Kept realms are compared by addresses, so nothing may move.
    JS_SetGCParameter(cx, JSGC_COMPACTING_ENABLED, 0);
    // The engine's own collections fall into scripts: they are for scripts that make much.
    JS_SetGCParameter(cx, JSGC_ALLOCATION_THRESHOLD, kOwnThreshold);
    JS_SetGCParameter(cx, JSGC_MALLOC_THRESHOLD_BASE, kOwnThreshold);
    // Compiled on this thread: a compiler's thread would interrupt regular expressions (watchdog.h).
    JS_SetGlobalJitCompilerOption(cx, JSJITCOMPILER_OFFTHREAD_COMPILATION_ENABLE, 0);
    JS::ContextOptionsRef(cx).setAsmJS(false).setWasm(false).setWasmIon(false).setWasmBaseline(false);
    state->jobs = std::make_unique<JobQueue>(cx);
    JS::SetJobQueue(cx, state->jobs.get());
    JS::SetPromiseRejectionTrackerCallback(cx, on_rejection, nullptr);
    if (!JS::InitSelfHostedCode(cx)) return fail("create JavaScript context", "self-hosted code does not load");
    JS_AddInterruptCallback(cx, on_interrupt);
    JS::SetOutOfMemoryCallback(cx, on_out_of_memory, nullptr);
    state->anchor.init(cx,
                       JS_NewGlobalObject(cx, &kGlobalClass, nullptr, JS::DontFireOnNewGlobalHook, JS::RealmOptions()));
    if (!state->anchor) return fail("create JavaScript context", "out of memory");
    state->realms = std::make_unique<Realms>(*state);
    state->slot = state->platform->state().watchdog.watch(limits.heap, [raw = state.get()](Watchdog::Reason reason) {
        if (reason == Watchdog::Reason::memory) raw->too_large = true;
        JS_RequestInterruptCallback(raw->cx);
    });
    return std::unique_ptr<Engine>(new Engine(std::move(state)));
}

Engine::State::~State() {
    slot.reset();  // no knock may reach a context that is gone
    if (cx == nullptr) return;
    realms.reset();
    anchor.reset();
    jobs.reset();
    JS_DestroyContext(cx);
    has_engine = false;
}

JSObject* Engine::State::new_global(bool keep) {
    JS::RealmOptions options;
    options.creationOptions().setNewCompartmentInExistingZone(anchor).setToSourceEnabled(false);
    options.creationOptions().setSharedMemoryAndAtomicsEnabled(true).setPreserveJitCode(keep);
    return JS_NewGlobalObject(cx, &kGlobalClass, nullptr, JS::DontFireOnNewGlobalHook, options);
}

void Engine::State::run_over() {
    const std::uint64_t enough = std::uint64_t{heap_after_collection} + std::max(kGrowth, heap_after_collection / 2);
    if (++runs_since_collection < kRuns && JS_GetGCParameter(cx, JSGC_BYTES) < enough) return;
    JS_GC(cx);
    runs_since_collection = 0;
    heap_after_collection = JS_GetGCParameter(cx, JSGC_BYTES);
}

JSObject* JobQueue::getIncumbentGlobal(JSContext* cx) { return JS::CurrentGlobalOrNull(cx); }

bool JobQueue::enqueuePromiseJob(JSContext* cx, JS::HandleObject, JS::HandleObject job, JS::HandleObject,
                                 JS::HandleObject) {
    if (jobs_.append(job)) return true;
    JS_ReportOutOfMemory(cx);
    return false;
}

void JobQueue::runJobs(JSContext* cx) { drain(cx); }

void JobQueue::clear() {
    jobs_.clear();
    next_ = 0;
}

bool JobQueue::drain(JSContext* cx) {
    while (next_ < jobs_.length()) {
        const JS::RootedObject job(cx, jobs_[next_++]);
        const JSAutoRealm realm(cx, job);
        JS::RootedValue ignored(cx);
        if (JS::Call(cx, JS::UndefinedHandleValue, job, JS::HandleValueArray::empty(), &ignored)) continue;
        if (!JS_IsExceptionPending(cx)) {  // ended from outside
            clear();
            return false;
        }
        JS_ClearPendingException(cx);  // reactions turn what they throw into rejections; nothing is lost
    }
    clear();
    return true;
}

js::UniquePtr<JS::JobQueue::SavedJobQueue> JobQueue::saveJobQueue(JSContext*) {
    return nullptr;  // asked for by the debugger only, which we do not have
}

}  // namespace assay::script
