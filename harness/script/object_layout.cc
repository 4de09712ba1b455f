#include "harness/script/object_layout.h"

#include <fmt/format.h>

#include <js/Object.h>
#include <js/PropertyAndElement.h>

#include <utility>

namespace assay::script {

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

}  // namespace assay::script
