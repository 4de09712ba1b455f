#include "images/layer_contents.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "images/node_tree.h"
#include "images/tree.h"

namespace assay::images {
namespace {

constexpr std::size_t kMost = 500;
constexpr std::string_view kMark = ".dist-info";

std::vector<std::string> python_packages(const std::string& tree) {
    std::vector<std::string> names;
    for (const std::string& lib : list_beneath(tree, "lib"))
        for (const char* packages : {"dist-packages", "site-packages"})
            for (const std::string& entry : list_beneath(tree, fmt::format("lib/{}/{}", lib, packages)))
                if (entry.ends_with(kMark)) names.push_back(entry.substr(0, entry.size() - kMark.size()));
    for (std::string& name : names) std::replace(name.begin(), name.end(), '-', ' ');
    return names;
}

}  // namespace

std::vector<std::string> layer_contents(const std::string& tree, bool python) {
    std::vector<std::string> names;
    if (python) {
        names = python_packages(tree);
    } else {
        for (const NodePackage& package : node_packages(tree)) names.push_back(package.name + " " + package.version);
    }
    std::sort(names.begin(), names.end());
    if (names.size() > kMost) names.resize(kMost);
    return names;
}

}  // namespace assay::images
