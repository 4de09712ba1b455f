#include "harness/services.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

namespace assay::harness {

tl::expected<ServiceList, runtime::Fault> wanted_services(const batch::Task& task, const images::Manifests& manifests,
                                                          const ServiceRecipes& known) {
    std::set<std::string> names(task.services.begin(), task.services.end());
    if (task.constraints.database == verify::Database::postgres) names.insert("postgres");
    for (const auto& [name, recipe] : known)
        if (images::names_driver(*recipe->service, manifests)) names.insert(name);

    ServiceList wanted;
    std::vector<std::string> all;
    for (const auto& [name, recipe] : known) all.push_back(name);
    for (const std::string& name : names) {
        const auto found = known.find(name);
        if (found == known.end())
            return tl::unexpected(runtime::Fault{
                "services", fmt::format("there is no service \"{}\" (known are: {})", name, fmt::join(all, ", ")),
                false});
        wanted.push_back(found->second);
    }
    return wanted;
}

}  // namespace assay::harness
