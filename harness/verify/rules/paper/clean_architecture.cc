#include "harness/verify/rules/paper/clean_architecture.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

#include "harness/verify/rules/paper/imports.h"

namespace assay::verify::paper {
namespace {

struct Layer {
    const char* name;
    int rank;
    std::array<std::string_view, 7> aliases;  // lower case; unused ones are empty
};

// In the order in which they are tried.
constexpr std::array<Layer, 4> kLayers{{
    {"routes", 3, {"routes", "handlers", "route", "handler", "routers", "views"}},
    {"services", 2, {"services", "service", "usecases", "use_cases"}},
    {"models", 0, {"models", "model", "entities", "entity", "domain"}},
    {"repositories", 1, {"repositories", "repository", "repos", "data_access", "data", "dao", "dal"}},
}};
constexpr std::size_t kNeeded = 3;

bool has_alias(const Layer& layer, const std::vector<std::string>& names) {
    return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
        return !name.empty() && std::find(layer.aliases.begin(), layer.aliases.end(), name) != layer.aliases.end();
    });
}

const Layer* first_layer(const std::vector<std::string>& names) {
    auto found = std::find_if(kLayers.begin(), kLayers.end(), [&](const Layer& l) { return has_alias(l, names); });
    return found == kLayers.end() ? nullptr : &*found;
}

const Layer* layer_of_import(std::string_view target) {
    std::string path(target);
    std::replace(path.begin(), path.end(), '.', '/');
    return first_layer(directories_of(path += '/'));  // the last component counts too
}

// One finding for each layer that is there, one that names those that are missing when too many are.
std::size_t check_presence(const View& view, RuleVerdict& verdict) {
    std::size_t present = 0;
    std::string missing;
    std::array<const std::string*, kLayers.size()> examples{};
    for (const std::string& path : view.listed) {
        const auto directories = directories_of(path);
        for (std::size_t i = 0; i < kLayers.size(); ++i)
            if (examples[i] == nullptr && has_alias(kLayers[i], directories)) examples[i] = &path;
    }
    for (std::size_t i = 0; i < kLayers.size(); ++i) {
        const std::string name = kLayers[i].name;
        if (examples[i] == nullptr) {
            missing += (missing.empty() ? "" : ", ") + name;
            continue;
        }
        ++present;
        add_finding(verdict, {{}, Weight::supports, *examples[i], 0, "the layer of " + name + " is here", {}});
    }
    if (present < kNeeded) {
        add_finding(verdict, {{},
                              Weight::breaks,
                              {},
                              0,
                              std::to_string(present) + " of 4 layers occur among the files, " +
                                  std::to_string(kNeeded) + " are needed; missing: " + missing,
                              {}});
    }
    return present;
}

std::size_t check_direction(const View& view, RuleVerdict& verdict) {
    std::size_t upward = 0;
    for (const Text& file : view.files) {
        const std::string& path = file.paths.at(0);
        const Layer* own = first_layer(directories_of(path));
        if (own == nullptr) continue;
        std::set<std::pair<std::size_t, const Layer*>> seen;  // one import may be seen in two forms
        std::vector<std::pair<Import, const Layer*>> found;
        for (const Import& import : imports_in(file.text)) {
            const Layer* target = layer_of_import(import.target);
            if (target != nullptr && target->rank > own->rank && seen.emplace(import.at, target).second)
                found.emplace_back(import, target);
        }
        std::stable_sort(found.begin(), found.end(),
                         [](const auto& a, const auto& b) { return a.first.at < b.first.at; });
        upward += found.size();
        for (const auto& [import, target] : found) {
            const Text::Line* line = file.line_at(import.at);
            add_finding(verdict, {{},
                                  Weight::breaks,
                                  path,
                                  line->number,
                                  std::string("a file of ") + own->name + " imports " + target->name + ": " +
                                      excerpt(import.target, 80),
                                  excerpt(file.line_text(*line))});
        }
    }
    return upward;
}

}  // namespace

RuleVerdict clean_architecture(const View& view) {
    RuleVerdict verdict;
    verdict.rule = kCleanArchitecture;
    verdict.applicable = true;
    const std::size_t present = check_presence(view, verdict);
    const std::size_t upward = check_direction(view, verdict);
    verdict.holds = present >= kNeeded && upward == 0;
    verdict.summary = std::to_string(present) + " of 4 layers, " + std::to_string(upward) + " upward " +
                      (upward == 1 ? "import" : "imports");
    return verdict;
}

}  // namespace assay::verify::paper
