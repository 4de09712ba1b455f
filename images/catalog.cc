#include "images/catalog.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "images/image_tree.h"
#include "images/names.h"
#include "images/probe.h"

namespace assay::images {
namespace {

using Env = std::vector<std::pair<std::string, std::string>>;

constexpr const char* kPath = "PATH";

// Null: it is not set.
template <typename Pairs>
auto* value_of(Pairs& env, std::string_view name) {
    const auto found = std::find_if(env.begin(), env.end(), [&](const auto& pair) { return pair.first == name; });
    return found == env.end() ? nullptr : &found->second;
}

void put(Env& env, const std::string& name, const std::string& value) {
    if (std::string* known = value_of(env, name))
        *known = value;
    else
        env.emplace_back(name, value);
}

// What a sandbox decides for itself, whatever a container would have had.
bool is_ours(std::string_view name) { return name == "HOME" || name == "USER" || name == "TZ" || name == "PORT"; }

Recipe of_import(std::string_view name) {
    Recipe recipe;
    recipe.name = name;
    recipe.origin = fmt::format("the imported image '{}'", name);
    recipe.imported = name;
    recipe.layer = LayerKind::by_manifest;
    recipe.manifests = {"requirements.txt", "package.json", "package-lock.json", ".npmrc"};
    return recipe;
}

Result<void> attach(Recipe& recipe, Store& store) {
    ASSAY_TRY(const Recipe house, find_recipe("host"));
    std::string key, remedy;
    if (recipe.bootstrap) {
        key = bootstrap_key(*recipe.bootstrap, house);
        remedy = fmt::format("assay image build {}", recipe.name);
    } else {
        key = image_named(store.path(), recipe.imported);
        remedy = fmt::format("assay image import FILE --name {}", recipe.imported);
    }
    if (!key.empty()) {
        ASSAY_TRY(recipe.tree, store.find(key));
    }
    const std::string step = fmt::format("find image '{}'", recipe.name);
    if (!recipe.tree) return fail(step, "it is not in the store", remedy);
    ASSAY_TRY(const ImageAbout about, read_about(recipe.tree.path()));
    if (about.fitting != fitting(house)) return fail(step, "another version of assay made it", remedy);
    if (recipe.summary.empty()) recipe.summary = about.origin;
    return complete_env(recipe, about);
}

}  // namespace

Result<Recipe> find_image(std::string_view name, Store& store, const std::string& folder) {
    auto recipe = find_recipe(name, folder);
    if (!recipe) {
        // A recipe that cannot be read is not replaced by an image of its name.
        const auto known = recipe_names(folder);
        if (!is_image_name(name) || std::find(known.begin(), known.end(), name) != known.end() ||
            image_named(store.path(), std::string(name)).empty())
            return recipe;
        recipe = of_import(name);
    }
    if (recipe->has_own_tree()) ASSAY_CHECK(attach(*recipe, store));
    return recipe;
}

Result<void> complete_env(Recipe& recipe, const ImageAbout& about) {
    Env env;
    for (const char* house : {"host", "python", "node"}) {  // settings that make runs repeatable; each knows its own
        ASSAY_TRY(const Recipe each, find_recipe(house));
        for (const auto& [name, value] : each.env) put(env, name, value);
    }
    for (const auto& [name, value] : about.env)
        if (!is_ours(name)) put(env, name, value);
    for (const auto& [name, value] : recipe.env) put(env, name, value);
    // Console scripts of a dependency layer come first, as they do where the layer is at /usr/local.
    if (std::string* path = value_of(env, kPath)) *path = fmt::format("{}/bin:{}", kUserBase, *path);
    put(env, "PYTHONUSERBASE", kUserBase);
    recipe.env = std::move(env);
    return {};
}

std::string bootstrap_key(const Bootstrap& bootstrap, const Recipe& house) {
    std::vector<std::string> packages = bootstrap.packages;
    std::sort(packages.begin(), packages.end());
    return sha256(fmt::format("assay debootstrap 1\n{}\n{}\n{}\n{}\n", host_machine(), bootstrap.suite,
                              fmt::join(packages, " "), fitting(house)));
}

Result<void> check_layer_tools(const Recipe& recipe, LayerKind kind) {
    if (!recipe.tree) return {};
    const std::string tree = recipe.tree.path() + "/tree";
    const std::string* set = value_of(recipe.env, kPath);
    const std::string path = set == nullptr ? "" : *set;
    const auto has = [&](const char* program) { return !tree_program(tree, path, program).empty(); };
    std::vector<std::string> missing;
    if (!tree_has(tree, "/bin/sh")) missing.emplace_back("/bin/sh");
    if (is_python(kind)) {
        if (!has("python3")) missing.emplace_back("python3");
        if (!has("pip3") && !has("pip")) missing.emplace_back("pip");
    } else if (!has("npm")) {
        missing.emplace_back("npm");
    }
    if (missing.empty()) return {};
    return fail(fmt::format("check tools of image '{}'", recipe.name),
                fmt::format("it has no {}, and a layer of {} is built with what the image has",
                            fmt::join(missing, ", no "), is_python(kind) ? "requirements.txt" : "package.json"),
                "take an image that has them");
}

}  // namespace assay::images
