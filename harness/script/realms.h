// The global objects that runs get: a fresh one, or one that is proven to be as good. Internal to this room.
//
// Theory of operation. Of every suite the first runs on an engine get a realm of their own, made plainly and thrown
// away. From then on a realm is made to be kept: its standard classes resolved, what earlier runs have loaded
// (chai, lodash, ...) loaded, the suite's scripts instantiated, all of it remembered (pristine.h). When its run is
// over and nothing has changed, it waits for the next; else it is thrown away. A suite whose scripts keep changing
// their realm soon gets plain ones only. On a lane with many runs at once a few share kept realms and the others have
// plain ones, so that memory stays what it was.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "harness/script/spider.h"

namespace assay::script {

class Pristine;

struct ScriptRealm {
    explicit ScriptRealm(JSContext* cx);
    ~ScriptRealm();

    JS::PersistentRootedObject global;
    JS::PersistentRootedObject calls;            // what core.js returned
    JS::PersistentRootedObjectVector functions;  // the suite's scripts, made when first run; null: not yet
    std::vector<std::string> loaded;             // modules, in order: "sdk", "lib/chai/chai.js"
    std::unique_ptr<Pristine> pristine;          // null: it serves one run

    // The suite's script in this realm. Null: an exception is pending.
    JSObject* function(JSContext* cx, const CompiledSuite::State& suite, std::uint32_t script);
};

class Realms {
 public:
    explicit Realms(Engine::State& engine) : engine_(engine) {}
    Realms(const Realms&) = delete;
    Realms& operator=(const Realms&) = delete;

    // For one run of the suite. Null: an exception is pending. `context` is whose native functions are called.
    std::unique_ptr<ScriptRealm> take(const std::shared_ptr<const CompiledSuite>& suite, ScriptContext::State& context);
    // The run is over; `usable` is false when a script of it was ended from outside.
    void give_back(std::unique_ptr<ScriptRealm> realm, const CompiledSuite& suite, bool usable);

    // Since the engine was made: realms that served again, and those that were found changed.
    struct Counts {
        std::uint64_t made = 0, reused = 0, changed = 0;
        std::string difference;  // the last one's
    };
    [[nodiscard]] const Counts& counts() const { return counts_; }

 private:
    struct Shelf {
        std::weak_ptr<const CompiledSuite> owner;
        const CompiledSuite* suite = nullptr;
        std::uint64_t runs = 0;     // that are over
        std::uint64_t kept = 0;     // realms made to be kept
        std::uint32_t changed = 0;  // realms that were found changed, and nothing was learnt from it
        std::uint64_t unchanged = 0;
        std::vector<std::string> modules;  // that runs have loaded
        std::vector<std::unique_ptr<ScriptRealm>> idle;
    };

    Shelf& shelf(const std::shared_ptr<const CompiledSuite>& suite);
    std::unique_ptr<ScriptRealm> taken(std::unique_ptr<ScriptRealm> realm);
    std::unique_ptr<ScriptRealm> make(const CompiledSuite& suite, ScriptContext::State& context, Shelf* keep_on);

    Engine::State& engine_;
    std::vector<Shelf> shelves_;
    Counts counts_;
    std::size_t lent_ = 0;  // kept realms that runs have now
    int fits_ = -1;         // layout_fits, once it was asked
};

}  // namespace assay::script
