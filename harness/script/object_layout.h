// How SpiderMonkey 102 lays its objects out in memory: js/shadow/Object.h, and of its source vm/NativeObject.h and
// vm/Shape.h. Internal to this room.
#pragma once

#include <js/shadow/Object.h>

#include <cstddef>
#include <cstdint>

#include "harness/script/spider.h"

namespace assay::script {

// Whether this engine's objects lie in memory as is written here: tried on live ones. In any realm of `cx`.
bool layout_fits(JSContext* cx);

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
inline constexpr std::uint32_t kInIteration = 0x40;  // of ElementsHeader::flags: for-in has been here; nobody can tell
inline constexpr std::size_t kRegExpCompiled = 3;    // vm/RegExpObject.h: SHARED_SLOT

inline const Shadow& shadow(const JSObject* object) { return *reinterpret_cast<const Shadow*>(object); }

// vm/Shape.h: js/shadow/Shape.h shows the first two members.
struct ShapeCell {
    const void* base;  // class, realm and prototype
    std::uint32_t immutable;
    std::uint16_t flags;
    const void* map;  // the properties, of which `immutable` says how many count
};
// Of ShapeCell::immutable: the map is this object's own, and changes.
inline constexpr std::uint32_t kDictionary = 1u << 4;
// Of ShapeCell::flags: an object's prototype; nobody can tell.
inline constexpr std::uint16_t kPrototype = 1u << 0;

inline const ShapeCell& shape_of(const JSObject* object) {
    return *reinterpret_cast<const ShapeCell*>(shadow(object).shape);
}

inline const SlotsHeader& slots_header(const Shadow& object) {
    return *(reinterpret_cast<const SlotsHeader*>(object.slots) - 1);
}

inline const JS::Value* elements_of(const Shadow& object) { return static_cast<const JS::Value*>(object._1); }

inline const ElementsHeader& elements_header(const Shadow& object) {
    return *(reinterpret_cast<const ElementsHeader*>(object._1) - 1);
}

}  // namespace assay::script
