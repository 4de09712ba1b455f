// A directory tree as an image's root, instead of the host's own files: an imported container image, or a Debian
// system made by debootstrap.
//
// The tree was written by somebody else. What of ours has to stand in it (users, names, mount points) is put there
// once, before it is published, so that nothing has to be laid over it for each sandbox; its symbolic links are not
// followed by anything that runs on the host.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "images/recipe.h"
#include "sandbox/spec.h"

namespace assay::images {

// Where the packages of a requirements.txt stand in an image that has its own idea of /usr/local: Python looks there by
// PYTHONUSERBASE.
inline constexpr const char* kUserBase = "/opt/assay/layer";

// Puts the house's files and mount points (the `host` recipe's) into the tree, replacing what is there.
Result<void> fit_tree(const std::string& tree, const Recipe& house);
// Changes when a tree would be fitted in another way.
std::string fitting(const Recipe& house);

// The root that shows `tree`, read-only, with the house's folders of the work tree, home and run.
Result<sandbox::RootPlan> tree_root_plan(const std::string& image, const std::string& tree);

// Whether the tree has the file, symbolic links followed as if the tree were /.
bool tree_has(const std::string& tree, const std::string& path);
// The first of the folders of `path_variable` that has the program; empty when none has.
std::string tree_program(const std::string& tree, const std::string& path_variable, const std::string& name);

// What an image says about itself, kept beside its tree (image.json).
struct ImageAbout {
    std::string origin;             // file and reference that it was imported from, or the suite
    std::string digest;             // of its configuration: the image's id; empty for a debootstrap one
    std::string fitting;            // fitting() when it was made
    std::string working_dir, user;  // of the configuration; for people
    std::vector<std::pair<std::string, std::string>> env;
};
Result<void> write_about(const std::string& layer, const ImageAbout& about);
Result<ImageAbout> read_about(const std::string& layer);

}  // namespace assay::images
