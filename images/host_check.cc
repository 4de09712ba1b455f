#include "images/host_check.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include <filesystem>

#include "base/units.h"
#include "images/recipe.h"

namespace assay::images {
namespace {

using sandbox::Finding;
using State = Finding::State;

constexpr Bytes kLittleRoom = 2_GiB;  // some dependency layers and a run

// What it is made with; whether it is made, `assay image list` says.
Finding check_bootstrap(const Recipe& recipe) {
    const std::string name = "image " + recipe.name;
    if (::access("/usr/bin/mmdebstrap", X_OK) == 0)
        return {name, State::good, recipe.summary + "; assay image build " + recipe.name, {}, {}};
    return {name, State::limited, "no /usr/bin/mmdebstrap", "apt-get install mmdebstrap uidmap", "the other images"};
}

Finding check_image(const Recipe& recipe) {
    if (recipe.bootstrap) return check_bootstrap(recipe);
    const std::string name = "image " + recipe.name;
    std::string packages;
    std::string paths;
    for (const Tool& tool : missing_tools(recipe, true)) {
        packages += " " + tool.package;
        paths += (paths.empty() ? "" : ", ") + tool.path;
    }
    if (packages.empty()) return {name, State::good, recipe.summary, {}, {}};
    const bool runs = missing_tools(recipe, false).empty();
    return {name, State::limited, "no " + paths, "apt-get install" + packages,
            runs ? "servers run, dependency layers that are there are used, none is built" : "the other images"};
}

Finding check_git(const std::string& search) {
    for (std::size_t at = 0; at <= search.size();) {
        const std::size_t end = std::min(search.find(':', at), search.size());
        const std::string program = search.substr(at, end - at) + "/git";
        if (::access(program.c_str(), X_OK) == 0) return {"git", State::good, program, {}, {}};
        at = end + 1;
    }
    return {"git", State::limited, "not in PATH", "apt-get install git",
            "everything but tasks that start from a commit of a repository"};
}

}  // namespace

std::vector<Finding> check_tools(const std::string& recipes, const std::string& search) {
    std::vector<Finding> findings;
    bool any = false;
    for (const std::string& name : recipe_names(recipes)) {
        auto recipe = find_recipe(name, recipes);
        if (!recipe) {
            findings.push_back({"image " + name, State::limited, recipe.error().to_string(), "correct its recipe.toml",
                                "the other images"});
            continue;
        }
        if (!recipe->imported.empty()) continue;  // of the store, not of the host
        findings.push_back(check_image(*recipe));
        any = any ||
              (recipe->layer != LayerKind::none && !recipe->has_own_tree() && missing_tools(*recipe, false).empty());
    }
    if (!any)
        findings.push_back({"images", State::missing, "none has its programs",
                            "apt-get install python3 python3-pip nodejs npm", "assay sandbox exec, assay suite run"});
    findings.push_back(check_git(search));
    return findings;
}

Finding check_space(const std::string& name, const std::string& folder) {
    std::filesystem::path there = folder;
    std::error_code error;
    while (!std::filesystem::exists(there, error) && there.has_relative_path()) there = there.parent_path();
    struct statvfs info {};
    if (::statvfs(there.c_str(), &info) != 0)
        return {name, State::missing, there.string() + " cannot be read", "name another folder", "nothing"};
    const Bytes free{static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize};
    const std::string found = format_bytes(free) + " free in " + there.string();
    if (::access(there.c_str(), W_OK) != 0)
        return {name, State::missing, there.string() + " is not writable", "chown it, or name another folder",
                "assay run -o DIR, with the cache of $XDG_CACHE_HOME elsewhere"};
    if (free.count >= kLittleRoom.count) return {name, State::good, found, {}, {}};
    return {name, State::limited, found, "assay image gc --max-size 1G, or free space in " + there.string(),
            "small batches; one that finds the disk full stops, and --resume goes on"};
}

}  // namespace assay::images
