#include "harness/partition.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "harness/suite/postman.h"
#include "harness/suite/script_variables.h"

namespace assay::harness {
namespace {

using Names = std::set<std::string, std::less<>>;

// A top-level folder or request: what it needs of others, and what it leaves them.
struct Unit {
    std::string name;
    std::size_t begin = 0;  // of its items in the suite
    std::size_t end = 0;
    std::vector<std::size_t> items;  // those that are run
    Names needs;                     // variables that it reads before it sets them
    Names sets;
    bool needs_any = false;
    bool sets_any = false;
    Names jumps;
    bool jumps_any = false;
};

void read(Unit& unit, const std::vector<std::string>& names) {
    for (const auto& name : names)
        if (!unit.sets.contains(name)) unit.needs.insert(name);
}

void add_script(Unit& unit, const suite::ScriptVariables& script) {
    read(unit, script.reads);
    unit.needs_any = unit.needs_any || script.reads_any;
    unit.sets.insert(script.sets.begin(), script.sets.end());
    unit.sets_any = unit.sets_any || script.sets_any;
    unit.jumps.insert(script.jumps.begin(), script.jumps.end());
    unit.jumps_any = unit.jumps_any || script.jumps_any;
}

std::vector<Unit> units_of(const suite::Suite& suite, const std::vector<std::size_t>& items) {
    std::vector<suite::ScriptVariables> scripts;
    for (const auto& script : suite.scripts) scripts.push_back(suite::script_variables(script.source));
    // A variable's value may hold a template: who uses the variable reads that one too.
    std::vector<std::string> nested;
    for (const auto& variable : suite.variables.all()) {
        for (auto& name : suite::template_variables(suite::to_text(variable.value))) nested.push_back(std::move(name));
    }
    std::vector<Unit> units;
    for (const auto& node : suite.root.children) {
        Unit unit;
        unit.name = node.name;
        unit.begin = node.begin;
        unit.end = node.end;
        for (const auto position : items) {
            if (position < node.begin || position >= node.end) continue;
            const auto& item = suite.items[position];
            unit.items.push_back(position);
            for (const auto script : item.prerequest) add_script(unit, scripts[script]);
            read(unit, nested);
            read(unit, suite::template_variables(suite::request_json(item.request)));
            for (const auto& [key, value] : item.auth.parameters) read(unit, suite::template_variables(value));
            for (const auto script : item.test) add_script(unit, scripts[script]);
        }
        if (!unit.items.empty()) units.push_back(std::move(unit));
    }
    return units;
}

// The units that belong together, as the number of the first of them.
class Together {
 public:
    explicit Together(std::size_t count) : first_(count) { std::iota(first_.begin(), first_.end(), std::size_t{0}); }
    [[nodiscard]] std::size_t of(std::size_t unit) const {
        while (first_[unit] != unit) unit = first_[unit];
        return unit;
    }
    void join(std::size_t one, std::size_t other) {
        const std::size_t low = std::min(of(one), of(other)), high = std::max(of(one), of(other));
        first_[high] = low;
    }

 private:
    std::vector<std::size_t> first_;
};

// Why `later` needs `earlier`; empty: it does not.
std::string need(const Unit& later, const Unit& earlier) {
    for (const auto& name : later.needs)
        if (earlier.sets.contains(name))
            return fmt::format("\"{}\" reads \"{}\", which \"{}\" sets", later.name, name, earlier.name);
    if (later.needs_any && (earlier.sets_any || !earlier.sets.empty()))
        return fmt::format("a script of \"{}\" may read what \"{}\" sets", later.name, earlier.name);
    if (earlier.sets_any && !later.needs.empty())
        return fmt::format("a script of \"{}\" may set what \"{}\" reads", earlier.name, later.name);
    return {};
}

// The item that setNextRequest(name) leads to: as Scenario::jump has it.
std::size_t target(const suite::Suite& suite, const std::vector<std::size_t>& items, const std::string& name) {
    std::size_t named = suite.items.size();
    for (const auto position : items) {
        if (!suite.items[position].id.empty() && suite.items[position].id == name) return position;
        if (suite.items[position].name == name) named = position;
    }
    return named;
}

}  // namespace

Partition partition(const suite::Suite& suite, const std::vector<std::size_t>& items, std::uint32_t iterations) {
    const auto units = units_of(suite, items);
    Partition made;
    Together together(units.size());
    const auto join = [&](std::size_t one, std::size_t other, std::string why) {
        if (together.of(one) != together.of(other)) made.reasons.push_back(std::move(why));
        together.join(one, other);
    };
    for (std::size_t at = 0; at < units.size(); ++at) {
        for (std::size_t other = 0; other < units.size(); ++other) {
            if (other == at || (other > at && iterations <= 1)) continue;
            if (auto why = need(units[at], units[other]); !why.empty()) join(at, other, std::move(why));
        }
        for (const auto& name : units[at].jumps) {
            const auto to = target(suite, items, name);
            const auto goal = std::find_if(units.begin(), units.end(),
                                           [&](const Unit& unit) { return to >= unit.begin && to < unit.end; });
            // A name that there is not ends the iteration, and with it the folders after this one.
            const std::size_t last =
                goal == units.end() ? units.size() - 1 : static_cast<std::size_t>(goal - units.begin());
            for (std::size_t unit = std::min(at, last); unit <= std::max(at, last); ++unit)
                join(at, unit, fmt::format("\"{}\" jumps to \"{}\"", units[at].name, name));
        }
        for (std::size_t after = 0; units[at].jumps_any && after < units.size(); ++after)
            join(at, after, fmt::format("where a script of \"{}\" jumps to only a run tells", units[at].name));
    }
    std::map<std::size_t, Part> parts;
    for (std::size_t at = 0; at < units.size(); ++at) {
        auto& part = parts[together.of(at)];
        part.name += (part.name.empty() ? "" : ", ") + units[at].name;
        part.items.insert(part.items.end(), units[at].items.begin(), units[at].items.end());
    }
    for (auto& [first, part] : parts) made.parts.push_back(std::move(part));
    return made;
}

}  // namespace assay::harness
