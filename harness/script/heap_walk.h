// The collector's graph of a realm, without what the engine keeps in it for itself. Internal to this room.
#pragma once

#include <js/TracingAPI.h>

#include <unordered_set>
#include <vector>

#include "harness/script/spider.h"

namespace assay::script {

// The graph from all that from() names: its cells and its objects, each once.
class HeapWalk {
 public:
    HeapWalk(JSContext* cx, JSObject* global) : cx_(cx), global_(global) {}

    void from(JSObject* root) { add(JS::GCCellPtr(root), false); }
    void go();

    std::vector<JSObject*> objects;
    std::vector<JS::GCCellPtr> cells;

 private:
    void add(const JS::GCCellPtr& cell, bool of_script);

    JSContext* cx_;
    JSObject* global_;
    std::unordered_set<void*> opened_;
    std::unordered_set<JSObject*> listed_;
    std::vector<JS::GCCellPtr> open_;
};

// Where one object leads: to a proxy's target and handler, and its private values that are collected. `of_global`: it
// is a realm's global.
std::vector<const void*> edges_of(JSContext* cx, JSObject* object, bool of_global);

// Of a Map, Set, WeakMap or WeakSet.
bool is_empty(JSContext* cx, JSObject* object);

}  // namespace assay::script
