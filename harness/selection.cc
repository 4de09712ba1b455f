#include "harness/selection.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace assay::harness {
namespace {

std::optional<std::size_t> find_node(const suite::Node& node, const std::string& wanted, const suite::Node*& found) {
    for (const auto& child : node.children) {
        if (child.id == wanted || child.name == wanted) {
            found = &child;
            return child.begin;
        }
    }
    for (const auto& child : node.children) {
        if (auto at = find_node(child, wanted, found)) return at;
    }
    return std::nullopt;
}

// Several names: found in document order, and not again inside what is selected already.
void collect(const suite::Node& node, std::vector<std::string>& wanted, bool inside, std::vector<std::size_t>& items) {
    for (const auto& child : node.children) {
        auto match = std::find(wanted.begin(), wanted.end(), child.id);
        if (child.id.empty() || match == wanted.end()) match = std::find(wanted.begin(), wanted.end(), child.name);
        const bool matched = match != wanted.end();
        if (matched) {
            wanted.erase(match);
            for (auto i = child.begin; !inside && i < child.end; ++i) items.push_back(i);
        }
        collect(child, wanted, inside || matched, items);
    }
}

}  // namespace

Result<std::vector<std::size_t>> selected_items(const suite::Suite& suite, const std::vector<std::string>& folders) {
    std::vector<std::size_t> items;
    if (folders.empty()) {
        for (std::size_t i = 0; i < suite.items.size(); ++i) items.push_back(i);
        return items;
    }
    const auto missing = [&](const std::string& name) {
        return fail("select folder", fmt::format("{} has no folder or request \"{}\"", suite.file, name),
                    "compare --folder with the names in the collection");
    };
    if (folders.size() == 1) {
        const suite::Node* found = nullptr;
        if (!find_node(suite.root, folders[0], found)) return missing(folders[0]);
        for (auto i = found->begin; i < found->end; ++i) items.push_back(i);
        return items;
    }
    auto wanted = folders;
    collect(suite.root, wanted, false, items);
    if (!wanted.empty()) return missing(wanted.front());
    return items;
}

}  // namespace assay::harness
