#include "harness/causes.h"

#include <algorithm>

namespace assay::harness {
namespace {

bool has_failed(const check::RequestOutcome& outcome) {
    return !outcome.error.empty() || !outcome.script_errors.empty() ||
           std::any_of(outcome.assertions.begin(), outcome.assertions.end(),
                       [](const auto& assertion) { return assertion.status == check::Status::failed; });
}

// What the scopes noted during the step of that number; they count steps from 1.
std::vector<VariableRead> reads_of(const suite::Scopes& scopes, std::uint32_t sequence) {
    std::vector<VariableRead> all;
    const auto add = [&all](const std::string& variable, std::uint32_t set_by, bool empty) {
        all.push_back({variable, set_by == 0 ? std::nullopt : std::optional(set_by - 1), empty});
    };
    for (const auto* scope : {&scopes.local, &scopes.data, &scopes.environment, &scopes.collection, &scopes.globals}) {
        for (const auto& variable : scope->all()) {
            if (variable.read_at == sequence + 1) add(variable.key, variable.read_from, variable.read_empty);
        }
        for (const auto& removed : scope->removed()) add(removed.key, removed.set_by, false);
    }
    for (const auto& name : scopes.missing()) add(name, 0, true);
    return all;
}

}  // namespace

void CauseFinder::end_step(check::RequestOutcome& outcome, const suite::Scopes& scopes) {
    end_step(outcome, [&] { return reads_of(scopes, outcome.sequence); });
}

void CauseFinder::end_step(check::RequestOutcome& outcome, const std::function<std::vector<VariableRead>()>& reads) {
    const bool failed = has_failed(outcome);
    trouble_ = trouble_ || failed;
    if (!trouble_) {
        steps_.push_back({outcome.position, false, {}, {}});
        return;
    }
    Step made{outcome.position, failed, {}, {}};
    auto all = dependencies(reads());
    // What was lost explains more than what was merely made by a step that failed elsewhere.
    std::stable_partition(all.begin(), all.end(), [](const auto& each) { return each.lost; });
    for (const auto& each : all) {
        const Step& earlier = step(each.sequence);
        if (!earlier.failed && !earlier.follows && !(each.lost && failed)) continue;
        made.follows = earlier.failed || !earlier.follows ? each.sequence : *earlier.follows;
        made.root_cause = earlier.root_cause.value_or(each.sequence);
        break;
    }
    steps_.push_back(made);
    if (!failed) return;
    outcome.depends_on = std::move(all);
    outcome.follows = made.follows;
    outcome.root_cause = made.root_cause;
}

std::vector<check::Dependency> CauseFinder::dependencies(const std::vector<VariableRead>& reads) const {
    std::vector<check::Dependency> all;
    for (const auto& read : reads) {
        // Nobody's output, or nothing: a step that could have set it and did not, is the one that matters.
        if (read.empty || !read.set_by) {
            const auto late = should_have_set(read);
            if (late && (read.empty || step(*late).failed)) {
                all.push_back({*late, read.variable, true});
                continue;
            }
        }
        if (read.set_by) all.push_back({*read.set_by, read.variable, read.empty});
    }
    return all;
}

// The last step that may set the variable, after the one that did.
std::optional<std::uint32_t> CauseFinder::should_have_set(const VariableRead& read) const {
    const auto writers = writers_.find(read.variable);
    if (writers == writers_.end()) return std::nullopt;
    const std::uint32_t after = read.set_by ? *read.set_by + 1 - first_ : 0;
    for (auto index = static_cast<std::uint32_t>(steps_.size()); index > after; --index) {
        const auto position = steps_[index - 1].position;
        if (std::binary_search(writers->second.begin(), writers->second.end(), position)) return first_ + index - 1;
    }
    return std::nullopt;
}

}  // namespace assay::harness
