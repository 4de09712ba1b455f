// Whether a realm is still what it was before a suite's scripts ran in it. Internal to this room.
//
// Theory of operation. Runs must not see each other, so a run gets a fresh global, and making one costs more than a
// run's scripts do. A realm that provably equals a fresh one will do as well. take() walks the collector's graph from
// the global (everything that any script of the realm could ever reach) and copies what is mutable in it: of each
// object its shape (that is: properties, attributes, prototype, extensibility), its slots and its elements. When
// unchanged() finds all of these as they were, word for word, then the graph from the global is the one that take()
// saw, and whatever else the run has made cannot be reached. An address proves what it points to for as long as that
// lives: every cell that take() came to is held, so that a collection of garbage gives none of their places to another.
// What the copy does not hold, an object's private memory outside slots, is refused: an object of a class with a
// finalizer or a tracer of its own makes take() fail, but for those that are proven in another way (kinds below). A
// doubt is a difference: the realm is thrown away then, which costs time and nothing else. Names that scripts add to
// the global itself are taken away again first.
//
// Not covered, since scripts cannot tell: inline caches, compiled code, the state behind Math.random(), the objects
// that the engine keeps for itself. Overwritten: what RegExp.$1 and its like remember. Shared by fresh globals too,
// hence left: the registry behind Symbol.for.
//
// The layouts are those of SpiderMonkey 102 (object_layout.h); layout_fits() tries them on live objects before any of
// this is used.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "harness/script/spider.h"

namespace assay::script {

// RegExp.$1 and its like say from here on what they say after an empty match, as they do in V8 from the start. (After
// JS::ClearRegExpStatics, SpiderMonkey 102 crashes when they are read.)
bool forget_matches(JSContext* cx, JS::HandleObject global);

class Pristine {
 public:
    // Remembers the realm of `global`, which is the current one and in which all standard classes are resolved; all of
    // it was made, and this is called, while the collector has no nursery (AutoDisableGenerationalGC). `roots`
    // and `more` (which may have nulls) are what the host holds of it. Null: it has something in it that cannot be
    // compared; an exception may be pending.
    static std::unique_ptr<Pristine> take(JSContext* cx, JS::HandleObject global,
                                          const std::vector<JS::PersistentRootedObject*>& roots,
                                          const JS::PersistentRootedObjectVector& more);

    // In the same realm, with no script of it running. False: it may not serve another run. Exceptions are cleared.
    bool unchanged(JSContext* cx);

    // What unchanged() found, for people.
    [[nodiscard]] const std::string& difference() const { return difference_; }
    [[nodiscard]] std::size_t objects() const { return records_.size(); }

 private:
    // How an object is compared beside its shape, slots and elements.
    enum class Kind : std::uint8_t {
        plain,   // with nothing
        empty,   // Map, Set, WeakMap: it has to be empty
        regexp,  // without the slot of its compiled form
        proxy,   // it is not native: by its edges alone
    };
    struct Record {
        JSObject* object;
        const void* shape;
        const void* base;  // of the shape
        const void* map;
        std::uint32_t immutable;
        std::uint16_t shape_flags;
        Kind kind;
        std::uint32_t fixed;     // slots in the object
        std::uint32_t dynamic;   // ... and beside it
        std::uint32_t elements;  // initialised
        std::uint32_t length;    // of an array
        std::uint32_t flags;     // of the elements: frozen, sealed, ...
        std::uint32_t words;     // where its slots and elements begin in words_
    };
    struct Property {
        std::uint64_t value, getter, setter;
        unsigned attributes;  // data, writable, enumerable, configurable
        bool operator==(const Property&) const = default;
    };

    explicit Pristine(JSContext* cx) : global_(cx), cells_(cx), prototype_(cx), names_(cx) {}
    bool record(JSContext* cx, JSObject* object);
    void copy(JSContext* cx, Record& record);
    bool hold(const JS::GCCellPtr& cell);
    [[nodiscard]] bool same(JSContext* cx, Record& record);
    bool same_shape(Record& record);
    bool record_global(JSContext* cx);
    bool restore_global(JSContext* cx);
    bool describe(JSContext* cx, JS::HandleId name, Property& out) const;
    bool differs(const char* what, JSObject* object);

    JS::PersistentRootedObject global_;
    JS::PersistentRootedVector<JS::Value> cells_;  // what the records, words_, edges_ and properties_ name
    std::vector<Record> records_;
    std::vector<std::uint64_t> words_;
    std::vector<const void*> edges_;  // of the global, to the intrinsic objects of its realm
    // The global's own properties, in order.
    JS::PersistentRootedObject prototype_;
    JS::PersistentRootedIdVector names_;
    std::vector<Property> properties_;
    std::string difference_;
};

}  // namespace assay::script
