// Scripts to stencils: parsed once, instantiated in every run's global on any thread.
//
// A script is the body of a function whose parameters are everything that newman puts in scope, so that its own
// variables stay its own and a bare assignment makes a global that the next script sees. Names that newman hides
// (globalThis, Intl, ...) are parameters that nobody passes.
#include <algorithm>
#include <array>

#include "harness/script/embedded.h"
#include "harness/script/spider.h"
#include "harness/script/vocabulary.h"

namespace assay::script {
namespace {

// In the order of `makers` in prelude/core.js.
constexpr std::array<std::string_view, 24> kNames = {
    "pm",           "tests",           "globals",         "environment",  "data",
    "request",      "responseCookies", "responseHeaders", "responseTime", "responseCode",
    "responseBody", "iteration",       "postman",         "atob",         "btoa",
    "JSON",         "console",         "setTimeout",      "setInterval",  "setImmediate",
    "clearTimeout", "clearInterval",   "clearImmediate",  "require"};
constexpr std::string_view kHidden =
    "globalThis, Intl, WebAssembly, AggregateError, WeakRef, FinalizationRegistry, InternalError, uneval, arguments";

constexpr std::uint32_t kRootHeap = 256u << 20;  // bytes; it holds only what compiling leaves until collected

bool in_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
           static_cast<unsigned char>(c) >= 0x80;
}

// Whether `name` occurs as a word that is not a member's name (".name"); comments and texts count, which is harmless.
bool mentions(std::string_view source, std::string_view name) {
    for (auto at = source.find(name); at != std::string_view::npos; at = source.find(name, at + 1)) {
        const auto end = at + name.size();
        if ((at > 0 && in_name(source[at - 1])) || (end < source.size() && in_name(source[end]))) continue;
        const bool member = at > 0 && source[at - 1] == '.' && !(at > 2 && source.substr(at - 3, 3) == "...");
        if (!member) return true;
    }
    return false;
}

std::uint32_t names_used(std::string_view source) {
    if (mentions(source, "eval")) return (1u << kNames.size()) - 1;  // anything
    std::uint32_t used = 0;
    for (std::size_t i = 0; i < kNames.size(); ++i) used |= mentions(source, kNames[i]) ? 1u << i : 0u;
    return used;
}

// On one line with the script's first line, so that line numbers are the script's. The semicolon keeps "use strict"
// from being a directive, as in newman.
std::string wrapped_script(std::string_view source) {
    std::string text = "(function (";
    for (const auto name : kNames) text.append(name).append(", ");
    return text.append(kHidden).append(") {;").append(source).append("\n})");
}

std::string wrapped_library(std::string_view source) {
    return std::string("(function (module, exports, require, global, process, setImmediate, console) {")
        .append("var self = undefined, window = undefined, define = undefined;")
        .append(source)
        .append("\n})");
}

}  // namespace

tl::expected<StencilRef, SyntaxFault> compile_text(JSContext* cx, const char* name, std::string_view text) {
    JS::CompileOptions options(cx);
    options.setFileAndLine(name, 1);
    // Everything at once: a function parsed later would be parsed again in every run.
    options.setForceFullParse();
    JS::SourceText<mozilla::Utf8Unit> source;
    StencilRef stencil;
    if (source.init(cx, text.data(), text.size(), JS::SourceOwnership::Borrowed)) {
        stencil = JS::CompileGlobalScriptToStencil(cx, options, source);
    }
    if (!stencil) return tl::unexpected(take_exception(cx));
    return stencil;
}

StencilRef Platform::State::embedded_stencil(JSContext* cx, std::string_view name) {
    const std::lock_guard lock(mutex);
    if (const auto found = stencils.find(name); found != stencils.end()) return found->second;
    const auto text = embedded(name);
    const auto file = std::string(name);
    if (!text) {
        JS_ReportErrorASCII(cx, "assay: no embedded file %s", file.c_str());
        return nullptr;
    }
    const std::string wrapped = name.starts_with("lib/") ? wrapped_library(*text) : std::string();
    // Not by the caller's runtime, though it could: bytecode belongs to the runtime that compiled it, which frees it
    // only when no stencil outlives it.
    tl::expected<StencilRef, SyntaxFault> stencil;
    root.run([&](JSContext* compiling) {
        stencil = compile_text(compiling, file.c_str(), wrapped.empty() ? *text : std::string_view(wrapped));
    });
    if (!stencil) {
        JS_ReportErrorASCII(cx, "assay: %s:%u: %s", file.c_str(), stencil.error().line,
                            stencil.error().message.c_str());
        return nullptr;
    }
    stencils.emplace(file, *stencil);
    return *stencil;
}

RootRuntime::RootRuntime() : thread_([this] { main(); }) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return ready_; });
}

RootRuntime::~RootRuntime() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void RootRuntime::main() {
    JSContext* cx = JS_NewContext(kRootHeap);
    const bool usable = cx != nullptr && JS::InitSelfHostedCode(cx);
    std::unique_lock lock(mutex_);
    runtime_ = usable ? JS_GetRuntime(cx) : nullptr;
    ready_ = true;
    changed_.notify_all();
    for (;;) {
        changed_.wait(lock, [this] { return ending_ || !tasks_.empty(); });
        if (tasks_.empty()) break;
        auto task = std::move(tasks_.front());
        tasks_.pop_front();
        lock.unlock();
        {
            const JS::RootedObject global(
                cx, JS_NewGlobalObject(cx, &kGlobalClass, nullptr, JS::DontFireOnNewGlobalHook, JS::RealmOptions()));
            const JSAutoRealm realm(cx, global);
            task(cx);
        }
        lock.lock();
    }
    lock.unlock();
    if (cx != nullptr) JS_DestroyContext(cx);
}

void RootRuntime::run(const std::function<void(JSContext*)>& work) {
    std::packaged_task<void(JSContext*)> task(work);
    auto done = task.get_future();
    {
        const std::lock_guard lock(mutex_);
        tasks_.push_back(std::move(task));
    }
    changed_.notify_all();
    done.get();
}

CompiledSuite::CompiledSuite(std::unique_ptr<State> state) : state_(std::move(state)) {}
CompiledSuite::~CompiledSuite() = default;

Result<std::shared_ptr<const CompiledSuite>> CompiledSuite::compile(std::shared_ptr<Platform> platform,
                                                                    const suite::Suite& suite) {
    auto state = std::make_unique<State>();
    state->platform = std::move(platform);
    const auto sandbox = state->platform->state().sandbox;
    state->complete = sandbox == Sandbox::complete ||
                      (sandbox == Sandbox::automatic &&
                       std::any_of(suite.scripts.begin(), suite.scripts.end(),
                                   [](const suite::Script& script) { return !within_core(script.source); }));
    state->platform->state().root.run([&](JSContext* cx) {
        for (const auto& script : suite.scripts) {
            State::Script compiled;
            compiled.test = script.listen == suite::Listen::test;
            if (state->complete) {
                compiled.source = script.source;
                state->scripts.push_back(std::move(compiled));
                continue;
            }
            compiled.used = names_used(script.source);
            auto stencil = compile_text(cx, "script", wrapped_script(script.source));
            if (stencil) {
                compiled.stencil = std::move(*stencil);
            } else {
                auto& fault = stencil.error();
                compiled.fault = {compiled.test ? "test" : "prerequest", fault.kind, fault.message, fault.line};
            }
            state->scripts.push_back(std::move(compiled));
        }
    });
    return std::shared_ptr<const CompiledSuite>(new CompiledSuite(std::move(state)));
}

std::size_t CompiledSuite::size() const { return state_->scripts.size(); }

const check::ScriptError* CompiledSuite::syntax_error(std::uint32_t script) const {
    const auto& compiled = state_->scripts.at(script);
    return compiled.stencil || state_->complete ? nullptr : &compiled.fault;
}

}  // namespace assay::script
