// What npm has put into a tree: read from its own notes (node_modules/.package-lock.json), and packages that were built
// elsewhere put in their place.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "images/setup.h"
#include "images/store.h"

namespace assay::images {

struct NodePackage {
    std::string path;  // "node_modules/a/node_modules/b", below the tree
    std::string name;  // as the registry knows it
    std::string version;
    std::string integrity;  // hash of what was fetched; empty when npm notes none (not from a registry)
    bool scripts = false;   // has install scripts
    bool optional = false;  // npm goes on without it when they fail
};

// All packages of the tree; empty when there are no notes. Written by npm, or by whoever ran after it: plain data.
std::vector<NodePackage> node_packages(const std::string& tree);

// A layer of this one package at this one version, and whether `content` is one.
LayerContent single_package(const std::string& name, const std::string& version);
bool is_single_package(const LayerContent& content);

// Replaces `package` in `tree`, where its scripts have not run, by the same package of a layer where they have. False
// when the layer's is not the same, or its scripts wrote outside of their own package: then they must run in the tree.
Result<bool> adopt_package(const NodePackage& package, const Layer& layer, const std::string& tree);

}  // namespace assay::images
