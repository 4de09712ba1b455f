// What stands inside a sandbox, as data: a recipe names the host's files that an image shows, the tools that must be
// there, the environment of a server, how dependency layers are made, and what a service beside a server is.
//
// Recipes are TOML files (images/<name>/recipe.toml), built into the program; an operator's folder of the same shape
// goes before them. A recipe with a base is that base with its own entries after it.
//
// Plain values and pure functions, but for root_plan() and missing_tools(), which look at the host's files.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "images/service.h"
#include "images/store.h"
#include "sandbox/spec.h"

namespace assay::images {

// A program or file of the host (of the tree, where the recipe has one) that the image needs, and the Debian package
// that brings it.
struct Tool {
    std::string path;
    std::string package;
    bool build = false;  // needed to build layers only; servers run without it
};

// How the version of something that decides what a layer contains is asked for.
struct Probe {
    std::string name;
    std::vector<std::string> command;  // argv[0] is an absolute path
    std::string stamp;                 // the file whose change makes the answer old; argv[0] when empty
};

// One entry of the root, before it was looked up on the host.
struct RootEntry {
    enum class Kind { bind, copy, empty, directory, file, symlink };
    Kind kind = Kind::bind;
    std::string path;
    std::string content;  // of a file; where a symlink leads
    bool optional = false;
};

enum class LayerKind {
    none,
    python_prefix,  // a tree to stand at /usr/local
    node_modules,   // a tree to lie under the work tree
    python_user,    // a tree to stand at kUserBase (images/image_tree.h)
    by_manifest     // of a recipe only: python_user for a requirements.txt, else node_modules for a package.json
};

std::string_view kind_name(LayerKind kind);  // "python-prefix", "node-modules", "none", ...
constexpr bool is_python(LayerKind kind) { return kind == LayerKind::python_prefix || kind == LayerKind::python_user; }

// A Debian system of its own, made from packages of the host's own apt sources.
struct Bootstrap {
    std::string suite;                  // "bookworm"
    std::vector<std::string> packages;  // beside what every Debian system has
};

// How an interpreter is kept prepared for a dependency layer (docs/decisions/warm-templates.md).
struct Warm {
    std::string interpreter;           // the path that programs execute
    std::vector<std::string> modules;  // imported where the layer has them, in this order
};

struct Recipe {
    std::string name;
    std::string summary;
    std::string origin;          // the file it was read from, for messages
    std::uint32_t revision = 1;  // part of every layer's key
    std::vector<Tool> tools;
    std::vector<Probe> probes;
    std::vector<std::pair<std::string, std::string>> env;
    std::vector<std::string> smoke;  // a command that must succeed in a sandbox of it; empty: images/smoke.h chooses
    std::vector<RootEntry> root;
    LayerKind layer = LayerKind::none;
    std::vector<std::string> manifests;  // file names that decide what the layer contains
    std::optional<Warm> warm;            // set: servers may continue from a prepared interpreter
    std::optional<Service> service;      // set: not an image of servers, but what runs beside them

    // A root of its own instead of the host's files: one of the first two says which, find_image() (images/catalog.h)
    // adds the tree and completes `env`.
    std::string imported;  // the name that `assay image import` gave it
    std::optional<Bootstrap> bootstrap;
    Layer tree;

    [[nodiscard]] bool has_own_tree() const { return !imported.empty() || bootstrap; }
};

// Reads a recipe; `find_base` answers its `base`. Errors carry file:line.
using FindBase = std::function<Result<Recipe>(std::string_view name)>;
Result<Recipe> parse_recipe(std::string_view toml, const std::string& file, const FindBase& find_base);

// `folder`: an operator's recipes, looked at first; empty = only those built in.
Result<Recipe> find_recipe(std::string_view name, const std::string& folder = {});
std::vector<std::string> recipe_names(const std::string& folder = {});  // sorted; whether they parse or not

// Tools of the recipe that this host (its tree, once it is there) has not; with `build` false those that only building
// needs are not asked for.
std::vector<Tool> missing_tools(const Recipe& recipe, bool build);
// The same as an error whose remedy is the apt command.
Result<void> check_tools(const Recipe& recipe, bool build);

// Environment of a server: the recipe's, PORT, and what the services beside it give (DATABASE_URL, PG*, ...).
std::vector<std::pair<std::string, std::string>> server_env(const Recipe& recipe, std::uint16_t port,
                                                            std::span<const Recipe* const> services = {});

// The image's root on this host. Errors: a path that the recipe requires is not there, or its tree is not.
Result<sandbox::RootPlan> root_plan(const Recipe& recipe);

}  // namespace assay::images
