#include "harness/script/heap_walk.h"

#include <js/MapAndSet.h>
#include <js/Object.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace assay::script {
namespace {

// Edges of a global to what the engine keeps for itself: no script gets at these, and they come and go.
constexpr std::array<std::string_view, 14> kEngineEdges = {
    "shape",
    "object slot",
    "global-intrinsics-holder",
    "global-for-of-pic",
    "global-source-urls",
    "global-empty-scope",
    "global-array-shape",
    "global-plain-shape",
    "global-function-shape",
    "global-ext-function-shape",
    "self-hosting-script-source",
    "mapped-arguments-template",
    "unmapped-arguments-template",
    "global-computed-intrinsics",
};

bool engine_edge(std::string_view name) {
    return std::find(kEngineEdges.begin(), kEngineEdges.end(), name) != kEngineEdges.end() ||
           name.ends_with("-template") || name.ends_with("-shape") ||
           name.starts_with("SavedStacks::") ||  // where errors were made
           name.starts_with("res->");            // of RegExp.$1: forget_matches() comes before every look
}

// What the engine keeps in objects, for want of another place: the source of a script, what it knows of for-of loops,
// the state of for-in loops that it may use again (the iterators that scripts see have other names).
bool engine_object(JSObject* object) {
    const std::string_view name(JS::GetClass(object)->name);
    return name == "ScriptSource" || name == "ForOfPIC" || name == "Iterator";
}

class Edges final : public JS::CallbackTracer {
 public:
    explicit Edges(JSContext* cx)
        : JS::CallbackTracer(cx, JS::TracerKind::Callback,
                             JS::TraceOptions(JS::WeakMapTraceAction::TraceKeysAndValues)) {}
    void onChild(JS::GCCellPtr thing) override {
        if (!thing) return;
        if (thing.is<JSObject>() && engine_object(&thing.as<JSObject>())) return;
        const char* edge = context().name();
        if (std::string_view(edge).starts_with("cacheir-")) return;  // of compiled code to what it has met
        const char* name = of_global ? edge : nullptr;
        const bool own = name != nullptr && engine_edge(name);
        if (!own) found.push_back(thing);
        if (own && std::string_view(name) == "object slot") slots.push_back(thing);
    }
    bool of_global = false;
    std::vector<JS::GCCellPtr> found;
    std::vector<JS::GCCellPtr> slots;  // of a global: its own properties
};

// Cells that are immutable and lead nowhere.
bool leaf(const JS::GCCellPtr& cell) {
    switch (cell.kind()) {
        case JS::TraceKind::String:
        case JS::TraceKind::Symbol:
        case JS::TraceKind::BigInt:
        case JS::TraceKind::JitCode:
        case JS::TraceKind::RegExpShared: return true;
        default: return false;
    }
}

// Compiled code, which comes and goes, and which nothing here is compared by.
bool recompiled(const JS::GCCellPtr& cell) {
    return cell.kind() == JS::TraceKind::JitCode || cell.kind() == JS::TraceKind::RegExpShared;
}

}  // namespace

void HeapWalk::go() {
    while (!open_.empty()) {
        const auto cell = open_.back();
        open_.pop_back();
        Edges edges(cx_);
        edges.of_global = cell.is<JSObject>() && &cell.as<JSObject>() == global_;
        JS::TraceChildren(&edges, cell);
        const bool of_script = cell.kind() == JS::TraceKind::Script || cell.kind() == JS::TraceKind::Scope;
        for (const auto& child : edges.found) add(child, of_script);
        for (const auto& child : edges.slots) add(child, false);
    }
}

void HeapWalk::add(const JS::GCCellPtr& cell, bool of_script) {
    if (opened_.insert(cell.asCell()).second) {
        if (!recompiled(cell)) cells.push_back(cell);
        if (!leaf(cell)) open_.push_back(cell);
    }
    if (!cell.is<JSObject>()) return;
    auto* object = &cell.as<JSObject>();
    // The functions that a script and its scopes hold are patterns: what runs are copies of them, and a pattern
    // that were given its name here would pass on a wrong one.
    if (of_script && JS_ObjectIsFunction(object)) return;
    if (listed_.insert(object).second) objects.push_back(object);
}

// A weak collection's entries have objects as keys, so its edges show whether there is one.
bool is_empty(JSContext* cx, JSObject* object) {
    const JS::RootedObject collection(cx, object);
    const std::string_view name(JS::GetClass(object)->name);
    if (name == "Map") return JS::MapSize(cx, collection) == 0;
    if (name == "Set") return JS::SetSize(cx, collection) == 0;
    Edges edges(cx);
    JS::TraceChildren(&edges, JS::GCCellPtr(object));
    return std::none_of(edges.found.begin(), edges.found.end(),
                        [](const JS::GCCellPtr& cell) { return cell.is<JSObject>(); });
}

std::vector<const void*> edges_of(JSContext* cx, JSObject* object, bool of_global) {
    Edges edges(cx);
    edges.of_global = of_global;
    JS::TraceChildren(&edges, JS::GCCellPtr(object));
    std::vector<const void*> cells;
    for (const auto& cell : edges.found) cells.push_back(cell.asCell());
    return cells;
}

}  // namespace assay::script
