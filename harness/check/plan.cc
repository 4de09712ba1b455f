#include "harness/check/plan.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>

namespace assay::check {
namespace {

bool fits(const PlannedAssertion& planned, const std::string& name) {
    return name.size() >= planned.name.size() + planned.suffix.size() && name.starts_with(planned.name) &&
           name.ends_with(planned.suffix);
}

bool counts(const Assertion& assertion) { return !assertion.pre_request; }

}  // namespace

std::string PlannedAssertion::shown() const { return exact ? name : name + "..." + suffix; }

std::uint32_t ItemPlan::known() const {
    return std::accumulate(assertions.begin(), assertions.end(), 0u,
                           [](std::uint32_t sum, const PlannedAssertion& each) { return sum + each.times; });
}

std::vector<std::string> unreached(const ItemPlan& plan, const RequestOutcome& visit) {
    // Nothing but planned assertions can be there, and all of them are: the way of nearly every request.
    const auto made = std::count_if(visit.assertions.begin(), visit.assertions.end(), counts);
    if (!plan.open && static_cast<std::uint32_t>(made) >= plan.known()) return {};

    // Exact names first; what is left over may be one of the computed ones.
    std::unordered_map<std::string, std::uint32_t> there;
    for (const Assertion& assertion : visit.assertions) {
        if (counts(assertion)) ++there[assertion.name];
    }
    std::vector<std::uint32_t> left;
    for (const PlannedAssertion& planned : plan.assertions) {
        left.push_back(planned.times);
        if (!planned.exact) continue;
        const auto found = there.find(planned.name);
        if (found == there.end()) continue;
        const auto taken = std::min(left.back(), found->second);
        left.back() -= taken;
        found->second -= taken;
    }
    for (std::size_t i = 0; i < left.size(); ++i) {
        if (plan.assertions[i].exact) continue;
        for (auto& [name, count] : there) {
            if (left[i] == 0) break;
            if (count == 0 || !fits(plan.assertions[i], name)) continue;
            const auto taken = std::min(left[i], count);
            left[i] -= taken;
            count -= taken;
        }
    }
    std::vector<std::string> names;
    for (std::size_t i = 0; i < left.size(); ++i) names.insert(names.end(), left[i], plan.assertions[i].shown());
    return names;
}

std::vector<std::string> unreached(const ItemPlan& plan) { return unreached(plan, RequestOutcome()); }

}  // namespace assay::check
