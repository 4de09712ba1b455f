#include "harness/script/pristine.h"

#include <fmt/format.h>

#include <js/MapAndSet.h>
#include <js/Object.h>
#include <js/PropertyAndElement.h>
#include <js/PropertyDescriptor.h>
#include <js/RegExp.h>
#include <js/TracingAPI.h>
#include <js/shadow/Object.h>
#include <jsfriendapi.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <unordered_set>

namespace assay::script {
namespace {

using Shadow = JS::shadow::Object;

// vm/NativeObject.h: what lies before the slots and before the elements.
struct SlotsHeader {
    std::uint32_t capacity;
    std::uint32_t dictionary_span;
};
struct ElementsHeader {
    std::uint32_t flags;
    std::uint32_t initialised;
    std::uint32_t capacity;
    std::uint32_t length;
};
constexpr unsigned kOwn = JSITER_OWNONLY | JSITER_HIDDEN | JSITER_SYMBOLS;
constexpr std::uint32_t kInIteration = 0x40;  // of ElementsHeader::flags: for-in has been here; nobody can tell
constexpr std::size_t kRegExpCompiled = 3;    // vm/RegExpObject.h: SHARED_SLOT

const Shadow& shadow(const JSObject* object) { return *reinterpret_cast<const Shadow*>(object); }

// vm/Shape.h: js/shadow/Shape.h shows the first two members.
struct ShapeCell {
    const void* base;  // class, realm and prototype
    std::uint32_t immutable;
    std::uint16_t flags;
    const void* map;  // the properties, of which `immutable` says how many count
};
constexpr std::uint32_t kDictionary = 1u << 4;  // of ShapeCell::immutable: the map is this object's own, and changes
constexpr std::uint16_t kPrototype = 1u << 0;   // of ShapeCell::flags: an object's prototype; nobody can tell

const ShapeCell& shape_of(const JSObject* object) { return *reinterpret_cast<const ShapeCell*>(shadow(object).shape); }

const SlotsHeader& slots_header(const Shadow& object) {
    return *(reinterpret_cast<const SlotsHeader*>(object.slots) - 1);
}

const JS::Value* elements_of(const Shadow& object) { return static_cast<const JS::Value*>(object._1); }

const ElementsHeader& elements_header(const Shadow& object) {
    return *(reinterpret_cast<const ElementsHeader*>(object._1) - 1);
}

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

bool is_collection(std::string_view name) {
    return name == "Map" || name == "Set" || name == "WeakMap" || name == "WeakSet";
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

// A proxy's target and handler, and its private values that are collected.
std::vector<const void*> edges_of(JSContext* cx, JSObject* object, bool of_global) {
    Edges edges(cx);
    edges.of_global = of_global;
    JS::TraceChildren(&edges, JS::GCCellPtr(object));
    std::vector<const void*> cells;
    for (const auto& cell : edges.found) cells.push_back(cell.asCell());
    return cells;
}

}  // namespace

bool forget_matches(JSContext* cx, JS::HandleObject global) {
    const JS::RootedObject empty(cx, JS::NewUCRegExpObject(cx, u"(?:)", 4, JS::RegExpFlags()));
    JS::RootedValue found(cx);
    std::size_t index = 0;
    return empty && JS::ExecuteRegExp(cx, global, empty, u"", 0, &index, /*test=*/true, &found);
}

bool layout_fits(JSContext* cx) {
    // More properties than an object has room for, one of them a number, and an array with a hole's worth of length.
    const JS::RootedObject object(cx, JS_NewPlainObject(cx));
    if (!object) return false;
    constexpr int kProperties = 40;
    for (int i = 0; i < kProperties; ++i) {
        const auto name = fmt::format("p{}", i);
        const JS::RootedValue value(cx, JS::Int32Value(1000 + i));
        if (!JS_DefineProperty(cx, object, name.c_str(), value, JSPROP_ENUMERATE)) return false;
    }
    const auto& seen = shadow(object);
    const auto fixed = seen.numFixedSlots();
    if (fixed >= kProperties || slots_header(seen).capacity < kProperties - fixed) return false;
    for (std::size_t i = 0; i < kProperties; ++i) {
        if (seen.slotRef(i) != JS::Int32Value(static_cast<std::int32_t>(1000 + i))) return false;
    }
    if (elements_header(seen).initialised != 0) return false;
    const JS::RootedObject array(cx, JS::NewArrayObject(cx, 0));
    for (std::uint32_t i = 0; array && i < 3; ++i) {
        if (!JS_SetElement(cx, array, i, 7 + i)) return false;
    }
    if (!array || !JS::SetArrayLength(cx, array, 5)) return false;
    const auto& listed = shadow(array);
    const auto& header = elements_header(listed);
    if (header.initialised != 3 || header.length != 5 || header.capacity < 3) return false;
    if (elements_of(listed)[2] != JS::Int32Value(9)) return false;
    // Becoming a prototype sets one flag, losing a property that is not the last makes a dictionary.
    const JS::RootedObject parent(cx, JS_NewPlainObject(cx));
    const JS::RootedValue one(cx, JS::Int32Value(1));
    if (!parent || !JS_DefineProperty(cx, parent, "a", one, JSPROP_ENUMERATE) ||
        !JS_DefineProperty(cx, parent, "b", one, JSPROP_ENUMERATE)) {
        return false;
    }
    const ShapeCell plain = shape_of(parent);
    if (JS_NewObjectWithGivenProto(cx, nullptr, parent) == nullptr) return false;
    const ShapeCell used = shape_of(parent);
    if ((plain.immutable & kDictionary) != 0 || plain.base != used.base || plain.map != used.map ||
        plain.immutable != used.immutable || (plain.flags & kPrototype) != 0 ||
        used.flags != (plain.flags | kPrototype)) {
        return false;
    }
    if (!JS_DeleteProperty(cx, parent, "a") || (shape_of(parent).immutable & kDictionary) == 0) return false;
    // A frozen array says so in its shape or its elements.
    const auto before = std::pair(listed.shape, header.flags);
    return JS_FreezeObject(cx, array) && before != std::pair(listed.shape, elements_header(listed).flags);
}

// The graph from the global and `roots`: its objects, each once.
class Pristine::Walk {
 public:
    Walk(JSContext* cx, JSObject* global) : cx_(cx), global_(global) {}

    void from(JSObject* root) { add(JS::GCCellPtr(root), false); }
    void go() {
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
    std::vector<JSObject*> objects;
    std::vector<JS::GCCellPtr> cells;

 private:
    void add(const JS::GCCellPtr& cell, bool of_script) {
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

    JSContext* cx_;
    JSObject* global_;
    std::unordered_set<void*> opened_;
    std::unordered_set<JSObject*> listed_;
    std::vector<JS::GCCellPtr> open_;
};

bool Pristine::differs(const char* what, JSObject* object) {
    difference_ = fmt::format("{} of a {}", what, JS::GetClass(object)->name);
    if (JS_ObjectIsFunction(object)) {
        if (JSString* id = JS_GetFunctionId(JS_GetObjectFunction(object)); id != nullptr && JS_StringIsLinear(id)) {
            char name[80];
            JS_PutEscapedLinearString(name, sizeof name, JS_ASSERT_STRING_IS_LINEAR(id), '"');
            difference_ += fmt::format(" {}", name);
        }
    }
    return false;
}

std::unique_ptr<Pristine> Pristine::take(JSContext* cx, JS::HandleObject global,
                                         const std::vector<JS::PersistentRootedObject*>& roots,
                                         const JS::PersistentRootedObjectVector& more) {
    std::unique_ptr<Pristine> self(new Pristine(cx));
    self->global_ = global;
    // Functions get their name, length, prototype and code late, which is a change of shape and slots that no script
    // can tell: have it done now. That makes more objects, hence twice.
    JS::RootedObject object(cx);
    JS::RootedObjectVector found(cx);
    for (std::size_t before = 0;;) {
        Walk walk(cx, global);
        walk.from(global);
        for (const auto* root : roots) {
            if (*root) walk.from(*root);
        }
        for (std::size_t i = 0; i < more.length(); ++i) {
            if (more[i]) walk.from(more[i]);
        }
        walk.go();
        found.clear();
        for (auto* each : walk.objects) {
            if (!found.append(each)) return nullptr;
        }
        if (found.length() == before) {
            if (!std::all_of(walk.cells.begin(), walk.cells.end(), [&](const auto& cell) { return self->hold(cell); }))
                return nullptr;
            break;
        }
        before = found.length();
        for (std::size_t i = 0; i < found.length(); ++i) {
            object = found[i];
            if (!JS_ObjectIsFunction(object)) continue;
            bool ignored = false;
            for (const char* name : {"name", "length", "prototype"}) {
                if (!JS_HasProperty(cx, object, name, &ignored)) return nullptr;
            }
            const JS::RootedFunction function(cx, JS_GetObjectFunction(object));
            static_cast<void>(JS_GetFunctionScript(cx, function));
        }
    }
    if (!forget_matches(cx, global)) return nullptr;
    for (std::size_t i = 0; i < found.length(); ++i) {
        if (!self->record(cx, found[i])) return nullptr;
    }
    return self->record_global(cx) ? std::move(self) : nullptr;
}

bool Pristine::hold(const JS::GCCellPtr& cell) {
    switch (cell.kind()) {
        case JS::TraceKind::Object: return cells_.append(JS::ObjectValue(cell.as<JSObject>()));
        case JS::TraceKind::String: return cells_.append(JS::StringValue(&cell.as<JSString>()));
        case JS::TraceKind::Symbol: return cells_.append(JS::SymbolValue(&cell.as<JS::Symbol>()));
        case JS::TraceKind::BigInt: return cells_.append(JS::BigIntValue(&cell.as<JS::BigInt>()));
        default: return cells_.append(JS::PrivateGCThingValue(cell.asCell()));
    }
}

bool Pristine::record(JSContext* cx, JSObject* object) {
    if (object == global_) return true;
    const auto* type = JS::GetClass(object);
    const std::string_view name(type->name);
    Record made{};
    made.object = object;
    if (!type->isNativeObject()) {
        if (name != "Proxy") return differs("refused: the kind", object);
        made.kind = Kind::proxy;
    } else if (is_collection(name)) {
        made.kind = Kind::empty;
        if (!is_empty(cx, object)) return differs("refused: entries", object);
    } else if (name == "RegExp") {
        made.kind = Kind::regexp;
    } else if (name != "Function" && type->cOps != nullptr &&
               (type->cOps->finalize != nullptr || type->cOps->trace != nullptr)) {
        return differs("refused: the kind", object);
    }
    copy(cx, made);
    records_.push_back(made);
    return true;
}

void Pristine::copy(JSContext* cx, Record& record) {
    const auto& seen = shadow(record.object);
    const auto& shape = shape_of(record.object);
    record.shape = seen.shape;
    record.base = shape.base;
    record.immutable = shape.immutable;
    record.shape_flags = shape.flags;
    record.map = shape.map;
    record.words = static_cast<std::uint32_t>(words_.size());
    const auto append = [this](const JS::Value* from, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) words_.push_back(from[i].asRawBits());
    };
    if (record.kind == Kind::empty) return;
    if (record.kind == Kind::proxy) {
        for (const void* edge : edges_of(cx, record.object, false)) {
            words_.push_back(reinterpret_cast<std::uintptr_t>(edge));
            ++record.fixed;
        }
        return;
    }
    record.fixed = static_cast<std::uint32_t>(seen.numFixedSlots());
    record.dynamic = slots_header(seen).capacity;
    const auto& elements = elements_header(seen);
    record.elements = elements.initialised;
    record.length = elements.length;
    record.flags = elements.flags & ~kInIteration;
    append(seen.fixedSlots(), record.fixed);
    append(seen.slots, record.dynamic);
    append(elements_of(seen), record.elements);
}

// An object that has become a prototype has another shape that differs in nothing else.
bool Pristine::same_shape(Record& record) {
    const auto* now = shadow(record.object).shape;
    if (now == record.shape) return true;
    const auto& shape = shape_of(record.object);
    const bool used = shape.base == record.base && shape.map == record.map && shape.immutable == record.immutable &&
                      (shape.immutable & kDictionary) == 0 &&
                      shape.flags == static_cast<std::uint16_t>(record.shape_flags | kPrototype);
    if (!used) return false;
    record.shape = now;
    record.shape_flags = shape.flags;
    return hold(JS::GCCellPtr(const_cast<void*>(static_cast<const void*>(now)), JS::TraceKind::Shape));
}

bool Pristine::same(JSContext* cx, Record& record) {
    if (!same_shape(record)) return false;
    const auto& now = shadow(record.object);
    const std::uint64_t* word = words_.data() + record.words;
    if (record.kind == Kind::empty) return is_empty(cx, record.object);
    if (record.kind == Kind::proxy) {
        const auto edges = edges_of(cx, record.object, false);
        return edges.size() == record.fixed && std::memcmp(edges.data(), word, edges.size() * sizeof *word) == 0;
    }
    // The same shape has as many slots in the object.
    const std::size_t fixed = record.kind == Kind::regexp ? kRegExpCompiled : record.fixed;
    if (std::memcmp(now.fixedSlots(), word, fixed * sizeof *word) != 0) return false;
    word += record.fixed;
    if (slots_header(now).capacity != record.dynamic) return false;
    if (std::memcmp(now.slots, word, record.dynamic * sizeof *word) != 0) return false;
    word += record.dynamic;
    const auto& elements = elements_header(now);
    if (elements.initialised != record.elements || elements.length != record.length ||
        (elements.flags & ~kInIteration) != record.flags) {
        return false;
    }
    return std::memcmp(elements_of(now), word, record.elements * sizeof *word) == 0;
}

bool Pristine::describe(JSContext* cx, JS::HandleId name, Property& out) const {
    JS::Rooted<mozilla::Maybe<JS::PropertyDescriptor>> found(cx);
    const JS::RootedObject global(cx, global_);
    if (!JS_GetOwnPropertyDescriptorById(cx, global, name, &found) || found.isNothing()) return false;
    const auto& property = *found;
    const auto word = [](JSObject* object) { return reinterpret_cast<std::uintptr_t>(object); };
    out = {};
    if (property.isDataDescriptor()) {
        out.value = property.value().asRawBits();
        out.attributes = 1u | (property.writable() ? 2u : 0u);
    } else {
        out.getter = word(property.getter());
        out.setter = word(property.setter());
    }
    out.attributes |= (property.enumerable() ? 4u : 0u) | (property.configurable() ? 8u : 0u);
    return true;
}

bool Pristine::record_global(JSContext* cx) {
    const JS::RootedObject global(cx, global_);
    JS::RootedIdVector names(cx);
    if (!js::GetPropertyKeys(cx, global, kOwn, &names)) return false;
    for (const auto name : names) {
        if (!names_.append(name)) return false;
    }
    properties_.resize(names_.length());
    for (std::size_t i = 0; i < names_.length(); ++i) {
        if (!describe(cx, names_[i], properties_[i])) return false;
    }
    edges_ = edges_of(cx, global_, true);
    return JS_GetPrototype(cx, global, &prototype_);
}

// Takes away what scripts have added to the global; false when that does not make it what it was.
bool Pristine::restore_global(JSContext* cx) {
    const JS::RootedObject global(cx, global_);
    bool extensible = false;
    JS::RootedObject prototype(cx);
    if (!JS_IsExtensible(cx, global, &extensible) || !extensible) return differs("extensibility", global);
    if (!JS_GetPrototype(cx, global, &prototype) || prototype != prototype_) return differs("prototype", global);
    JS::RootedIdVector names(cx);
    if (!js::GetPropertyKeys(cx, global, kOwn, &names)) return false;
    if (names.length() < names_.length()) return differs("properties", global);
    JS::RootedId name(cx);
    for (std::size_t i = 0; i < names.length(); ++i) {
        name = names[i];
        if (i < names_.length()) {
            Property now;
            if (name != names_[i] || !describe(cx, name, now) || now != properties_[i])
                return differs("a property", global);
            continue;
        }
        JS::ObjectOpResult gone;
        if (!JS_DeletePropertyById(cx, global, name, gone) || !gone.ok()) return differs("a name", global);
    }
    return true;
}

bool Pristine::unchanged(JSContext* cx) {
    const JS::RootedObject global(cx, global_);
    const auto judge = [&] {
        if (!forget_matches(cx, global) || !restore_global(cx)) return false;
        if (edges_of(cx, global_, true) != edges_) return differs("intrinsics", global_);
        for (auto& record : records_) {
            if (!same(cx, record)) return differs("state", record.object);
        }
        return true;
    };
    const bool so = judge();
    JS_ClearPendingException(cx);
    return so;
}

}  // namespace assay::script
