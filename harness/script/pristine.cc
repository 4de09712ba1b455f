#include "harness/script/pristine.h"

#include <fmt/format.h>

#include <js/Object.h>
#include <js/PropertyAndElement.h>
#include <js/PropertyDescriptor.h>
#include <js/RegExp.h>
#include <jsfriendapi.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "harness/script/heap_walk.h"
#include "harness/script/object_layout.h"

namespace assay::script {
namespace {

constexpr unsigned kOwn = JSITER_OWNONLY | JSITER_HIDDEN | JSITER_SYMBOLS;

bool is_collection(std::string_view name) {
    return name == "Map" || name == "Set" || name == "WeakMap" || name == "WeakSet";
}

}  // namespace

bool forget_matches(JSContext* cx, JS::HandleObject global) {
    const JS::RootedObject empty(cx, JS::NewUCRegExpObject(cx, u"(?:)", 4, JS::RegExpFlags()));
    JS::RootedValue found(cx);
    std::size_t index = 0;
    return empty && JS::ExecuteRegExp(cx, global, empty, u"", 0, &index, /*test=*/true, &found);
}

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
        HeapWalk walk(cx, global);
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
