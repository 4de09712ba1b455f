#include "harness/causes.h"

#include <algorithm>

namespace assay::harness {
namespace {

bool has_failed(const check::RequestOutcome& outcome) {
    return !outcome.error.empty() || !outcome.script_errors.empty() ||
           std::any_of(outcome.assertions.begin(), outcome.assertions.end(),
                       [](const auto& assertion) { return assertion.status == check::Status::failed; });
}

}  // namespace

void CauseFinder::end_step(check::RequestOutcome& outcome, const suite::Scopes& scopes) {
    const bool failed = has_failed(outcome);
    trouble_ = trouble_ || failed;
    if (!trouble_) {
        steps_.push_back({outcome.position, false, {}, {}});
        return;
    }
    Step step{outcome.position, failed, {}, {}};
    auto all = dependencies(scopes);
    // What was lost explains more than what was merely made by a step that failed elsewhere.
    std::stable_partition(all.begin(), all.end(), [](const auto& each) { return each.lost; });
    for (const auto& each : all) {
        const Step& earlier = steps_[each.sequence];
        if (!earlier.failed && !earlier.follows && !(each.lost && failed)) continue;
        step.follows = earlier.failed || !earlier.follows ? each.sequence : *earlier.follows;
        step.root_cause = earlier.root_cause.value_or(each.sequence);
        break;
    }
    steps_.push_back(step);
    if (!failed) return;
    outcome.depends_on = std::move(all);
    outcome.follows = step.follows;
    outcome.root_cause = step.root_cause;
}

std::vector<check::Dependency> CauseFinder::dependencies(const suite::Scopes& scopes) const {
    std::vector<check::Dependency> all;
    const auto now = static_cast<std::uint32_t>(steps_.size()) + 1;  // variables count steps from 1
    for (const auto* scope : {&scopes.local, &scopes.data, &scopes.environment, &scopes.collection, &scopes.globals}) {
        for (const auto& variable : scope->all()) {
            if (variable.read_at == now) add(all, variable.key, variable.read_from, variable.read_empty);
        }
        for (const auto& removed : scope->removed()) add(all, removed.key, removed.set_by, false);
    }
    for (const auto& name : scopes.missing()) add(all, name, 0, true);
    return all;
}

void CauseFinder::add(std::vector<check::Dependency>& all, const std::string& variable, std::uint32_t set_by,
                      bool empty) const {
    // Nobody's output, or nothing: a step that could have set it and did not, is the one that matters.
    if (empty || set_by == 0) {
        const auto late = should_have_set(variable, set_by);
        if (late && (empty || steps_[*late].failed)) return all.push_back({*late, variable, true});
    }
    if (set_by != 0) all.push_back({set_by - 1, variable, empty});
}

std::optional<std::uint32_t> CauseFinder::should_have_set(const std::string& variable, std::uint32_t set_by) const {
    const auto writers = writers_.find(variable);
    if (writers == writers_.end()) return std::nullopt;
    for (auto step = static_cast<std::uint32_t>(steps_.size()); step > set_by; --step) {
        const auto position = steps_[step - 1].position;
        if (std::binary_search(writers->second.begin(), writers->second.end(), position)) return step - 1;
    }
    return std::nullopt;
}

}  // namespace assay::harness
