#include "images/node_tree.h"

#include <algorithm>
#include <filesystem>

#include "images/tree.h"
#include "images/untrusted_json.h"

namespace assay::images {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kNotesLimit = 64u << 20;
constexpr std::string_view kFolder = "node_modules/";

std::string text_of(const nlohmann::json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool flag_of(const nlohmann::json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_boolean() && found->get<bool>();
}

// Only names, so that a path made of them stays below the tree.
bool plain_path(const std::string& path) {
    return path.starts_with(kFolder) && fs::path(path).lexically_normal() == fs::path(path) &&
           path.find("..") == std::string::npos;
}

// Entries of node_modules that npm has no note of: what scripts have written beside their packages.
bool has_strangers(const std::string& tree, const std::vector<NodePackage>& packages) {
    for (const std::string& entry : list_beneath(tree, "node_modules")) {
        if (entry == ".bin" || entry == ".package-lock.json") continue;
        const std::string path = std::string(kFolder) + entry;
        if (std::none_of(packages.begin(), packages.end(), [&](const NodePackage& package) {
                return package.path == path || package.path.starts_with(path + "/");
            }))
            return true;
    }
    return false;
}

// As root we own the copies, and servers are another user.
void let_others_read(const fs::path& path) {
    std::error_code ignored;
    const auto open_to_all = [&](const fs::path& entry) {
        const auto status = fs::symlink_status(entry, ignored);
        if (fs::is_symlink(status)) return;
        auto more = fs::perms::owner_read | fs::perms::group_read | fs::perms::others_read;
        if (fs::is_directory(status)) more |= fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec;
        fs::permissions(entry, more, fs::perm_options::add | fs::perm_options::nofollow, ignored);
        if (ignored) fs::permissions(entry, more, fs::perm_options::add, ignored);  // no nofollow on this kernel
    };
    open_to_all(path);
    fs::recursive_directory_iterator entry(path, ignored);
    for (; entry != fs::recursive_directory_iterator(); entry.increment(ignored)) open_to_all(entry->path());
}

}  // namespace

std::vector<NodePackage> node_packages(const std::string& tree) {
    std::vector<NodePackage> packages;
    const auto text = read_beneath(tree, "node_modules/.package-lock.json", kNotesLimit);
    const auto json = text ? parse_untrusted(*text) : std::nullopt;
    if (!json || !json->is_object() || !json->contains("packages") || !(*json)["packages"].is_object()) return packages;
    for (const auto& [path, entry] : (*json)["packages"].items()) {
        if (!entry.is_object() || !plain_path(path)) continue;
        NodePackage package;
        package.path = path;
        package.name = text_of(entry, "name");  // only noted when it is not the folder's
        if (package.name.empty()) package.name = path.substr(path.rfind(kFolder) + kFolder.size());
        package.version = text_of(entry, "version");
        package.integrity = text_of(entry, "integrity");
        package.scripts = flag_of(entry, "hasInstallScript");
        package.optional = flag_of(entry, "optional") || flag_of(entry, "devOptional");
        packages.push_back(std::move(package));
    }
    return packages;
}

LayerContent single_package(const std::string& name, const std::string& version) {
    LayerContent content;
    content.kind = LayerKind::node_modules;
    content.files["package.json"] = nlohmann::json{{"dependencies", {{name, version}}}}.dump(1);
    return content;
}

bool is_single_package(const LayerContent& content) {
    const auto manifest = content.files.find("package.json");
    if (content.locked || content.files.size() != 1 || manifest == content.files.end()) return false;
    const auto json = parse_untrusted(manifest->second);
    return json && json->is_object() && json->size() == 1 && json->contains("dependencies") &&
           (*json)["dependencies"].is_object() && (*json)["dependencies"].size() == 1;
}

Result<bool> adopt_package(const NodePackage& package, const Layer& layer, const std::string& tree) {
    const std::string from = layer.path() + "/tree";
    const auto packages = node_packages(from);
    const auto same = std::find_if(packages.begin(), packages.end(), [&](const NodePackage& other) {
        return other.path == std::string(kFolder) + package.name && other.version == package.version &&
               other.integrity == package.integrity;
    });
    if (same == packages.end() || has_strangers(from, packages)) return false;
    // Packages that the tree holds inside of this one stay: they are the tree's own choice of versions.
    const std::string source = from + "/" + same->path + "/";
    const std::string target = tree + "/" + package.path + "/";
    for (const std::string& entry : list_beneath(tree, package.path))
        if (entry != "node_modules") ASSAY_CHECK(remove_tree(target + entry));
    for (const std::string& entry : list_beneath(from, same->path)) {
        if (entry == "node_modules") continue;
        std::error_code failed;
        fs::copy(source + entry, target + entry, fs::copy_options::recursive | fs::copy_options::copy_symlinks, failed);
        if (failed) return fail_errno(failed.value(), "copy package", package.path + "/" + entry);
        let_others_read(target + entry);
    }
    return true;
}

}  // namespace assay::images
