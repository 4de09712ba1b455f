#include "harness/script/realms.h"

#include <js/CallAndConstruct.h>

#include <algorithm>
#include <optional>

#include "harness/script/host.h"
#include "harness/script/object_layout.h"
#include "harness/script/pristine.h"

namespace assay::script {
namespace {

constexpr std::uint64_t kPlainRuns = 2;    // of a suite, before one of its realms is made to be kept
constexpr std::size_t kKept = 16;          // lent at once, and waiting of a suite; one holds 0.5 to 3 MB
constexpr std::uint64_t kRunsPerKept = 2;  // of a suite, for each realm made to be kept: it costs as much as they save
constexpr std::size_t kShelves = 8;        // suites with realms that wait, the least used goes first
constexpr std::uint32_t kPatience = 3;     // changed realms, ...
constexpr std::uint64_t kWorthwhile = 4;   // ... unless so many times more have served again

}  // namespace

ScriptRealm::ScriptRealm(JSContext* cx) : global(cx), calls(cx), functions(cx) {}
ScriptRealm::~ScriptRealm() = default;

JSObject* ScriptRealm::function(JSContext* cx, const CompiledSuite::State& suite, std::uint32_t script) {
    if (functions[script]) return functions[script];
    const auto& stencil = suite.scripts[script].stencil;
    const JS::RootedScript body(cx, JS::InstantiateGlobalStencil(cx, JS::InstantiateOptions(), stencil));
    JS::RootedValue made(cx);
    if (!body || !JS_ExecuteScript(cx, body, &made)) return nullptr;
    functions[script].set(&made.toObject());
    return functions[script];
}

Realms::Shelf& Realms::shelf(const std::shared_ptr<const CompiledSuite>& suite) {
    std::erase_if(shelves_, [](const Shelf& each) { return each.owner.expired(); });
    const auto found =
        std::find_if(shelves_.begin(), shelves_.end(), [&](const Shelf& each) { return each.suite == suite.get(); });
    if (found != shelves_.end()) {
        std::rotate(shelves_.begin(), found, found + 1);
    } else {
        if (shelves_.size() >= kShelves) shelves_.pop_back();
        shelves_.insert(shelves_.begin(), Shelf{suite, suite.get(), 0, 0, 0, 0, {}, {}});
    }
    return shelves_.front();
}

std::unique_ptr<ScriptRealm> Realms::take(const std::shared_ptr<const CompiledSuite>& suite,
                                          ScriptContext::State& context) {
    auto& mine = shelf(suite);
    if (!mine.idle.empty()) {
        auto realm = std::move(mine.idle.back());
        mine.idle.pop_back();
        ++counts_.reused;
        return taken(std::move(realm));
    }
    if (suite->state().complete) return taken(make(*suite, context, nullptr));
    const bool hopeless = mine.changed >= kPatience && mine.unchanged < kWorthwhile * mine.changed;
    const bool early = mine.runs < kPlainRuns || mine.kept * kRunsPerKept > mine.runs;
    if (early || hopeless || lent_ >= kKept) return taken(make(*suite, context, nullptr));
    ++mine.kept;
    return taken(make(*suite, context, &mine));
}

std::unique_ptr<ScriptRealm> Realms::taken(std::unique_ptr<ScriptRealm> realm) {
    if (realm && realm->pristine) ++lent_;
    return realm;
}

std::unique_ptr<ScriptRealm> Realms::make(const CompiledSuite& suite, ScriptContext::State& context, Shelf* keep_on) {
    JSContext* cx = engine_.cx;
    ++counts_.made;
    const JSAutoRealm outer(cx, engine_.anchor);
    if (fits_ < 0) fits_ = layout_fits(cx) ? 1 : 0;
    const bool complete = suite.state().complete;
    const bool keep = keep_on != nullptr && fits_ == 1;
    // What lies in the nursery moves. Kept realms are compared by addresses, so they are made outside of it.
    std::optional<JS::AutoDisableGenerationalGC> in_place;
    if (keep) in_place.emplace(cx);
    auto realm = std::make_unique<ScriptRealm>(cx);
    realm->global = engine_.new_global(keep);
    if (!realm->global) return nullptr;
    const JSAutoRealm inner(cx, realm->global);
    if (keep && !JS::InitRealmStandardClasses(cx)) return nullptr;
    const StencilRef core = engine_.platform->state().embedded_stencil(cx, complete ? "sandbox" : "core");
    if (!core) return nullptr;
    const JS::RootedScript script(cx, JS::InstantiateGlobalStencil(cx, JS::InstantiateOptions(), core));
    JS::RootedValue function(cx), returned(cx);
    if (!script || !JS_ExecuteScript(cx, script, &function)) return nullptr;
    JS::RootedValueArray<1> arguments(cx);
    const JS::RootedObject host(cx, make_host(cx));
    if (!host || (complete && !add_sandbox_host(cx, host))) return nullptr;
    arguments[0].setObject(*host);
    if (!JS::Call(cx, JS::UndefinedHandleValue, function, arguments, &returned)) return nullptr;
    realm->calls = &returned.toObject();
    if (!realm->functions.resize(suite.size())) return nullptr;
    if (!complete && !forget_matches(cx, realm->global)) return nullptr;
    if (!keep) return realm;

    // What prelude/core.js asks of the native side while it loads modules is asked in the name of this run.
    context.realm = std::move(realm);
    engine_.current = &context;
    const auto prepared = [&] {
        JS::RootedValueVector names(cx);
        for (const auto& name : keep_on->modules) {
            JSString* text = to_js(cx, name);
            if (text == nullptr || !names.append(JS::StringValue(text))) return false;
        }
        JS::RootedValueArray<1> list(cx);
        list[0].setObjectOrNull(JS::NewArrayObject(cx, names));
        const JS::RootedObject calls(cx, context.realm->calls);
        JS::RootedValue ignored(cx);
        if (!list[0].isObject() || !JS_CallFunctionName(cx, calls, "prepare", list, &ignored)) return false;
        for (std::uint32_t i = 0; i < suite.size(); ++i) {
            if (suite.syntax_error(i) == nullptr && context.realm->function(cx, suite.state(), i) == nullptr)
                return false;
        }
        return true;
    }();
    engine_.current = nullptr;
    engine_.jobs->clear();
    realm = std::move(context.realm);
    realm->loaded.clear();
    if (!prepared) return nullptr;
    std::vector<JS::PersistentRootedObject*> roots = {&realm->calls};
    realm->pristine = Pristine::take(cx, realm->global, roots, realm->functions);
    JS_ClearPendingException(cx);
    if (!realm->pristine) keep_on->changed = kPatience;
    return realm;
}

void Realms::give_back(std::unique_ptr<ScriptRealm> realm, const CompiledSuite& suite, bool usable) {
    if (realm->pristine) --lent_;
    const auto mine =
        std::find_if(shelves_.begin(), shelves_.end(), [&](const Shelf& each) { return each.suite == &suite; });
    if (mine == shelves_.end()) return;
    ++mine->runs;
    const bool learnt = !realm->loaded.empty();
    for (auto& module : realm->loaded) {
        if (std::find(mine->modules.begin(), mine->modules.end(), module) != mine->modules.end()) continue;
        mine->modules.push_back(std::move(module));
    }
    if (!realm->pristine || !usable) return;
    JSContext* cx = engine_.cx;
    const JSAutoRealm inside(cx, realm->global);
    const JS::RootedObject calls(cx, realm->calls);
    JS::RootedValue ignored(cx);
    const bool reset = JS_CallFunctionName(cx, calls, "reset", JS::HandleValueArray::empty(), &ignored);
    JS_ClearPendingException(cx);
    if (reset && realm->pristine->unchanged(cx)) {
        ++mine->unchanged;
        if (mine->idle.size() < kKept) mine->idle.push_back(std::move(realm));
        return;
    }
    ++counts_.changed;
    counts_.difference = realm->pristine->difference();
    if (!learnt) ++mine->changed;
}

}  // namespace assay::script
