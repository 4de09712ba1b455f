#include "images/setup.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <nlohmann/json.hpp>
#include <set>
#include <span>

#include "images/store.h"
#include "images/untrusted_json.h"

namespace assay::images {
namespace {

using Json = nlohmann::json;
using Words = std::vector<std::string>;

std::string_view trim(std::string_view text) {
    constexpr std::string_view blank = " \t\r\n\f\v";
    const auto first = text.find_first_not_of(blank);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

std::vector<std::string_view> split_lines(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const auto end = text.find('\n');
        lines.push_back(trim(text.substr(0, end)));
        text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    }
    return lines;
}

// A comment starts at the line's begin or after a blank, as pip reads it ("url#egg=x" has none).
std::string_view without_comment(std::string_view line) {
    for (std::size_t at = line.find('#'); at != std::string_view::npos; at = line.find('#', at + 1))
        if (at == 0 || std::isspace(static_cast<unsigned char>(line[at - 1]))) return trim(line.substr(0, at));
    return line;
}

bool one_of(std::string_view word, std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

// ---------------------------------------------------------------------------------------------------- Python

// The argument of -r or -c on a line of a requirements file; empty when the line is something else.
std::string include_of(std::string_view line) {
    for (const std::string_view option : {"--requirement", "--constraint", "-r", "-c"}) {
        if (!line.starts_with(option)) continue;
        std::string_view rest = line.substr(option.size());
        if (!rest.empty() && (rest.front() == '=' || rest.front() == ' ' || rest.front() == '\t' || option.size() == 2))
            return std::string(trim(rest.front() == '=' ? rest.substr(1) : rest));
    }
    return {};
}

// Fails for what is not in the manifests, so not in the builder: the submission's own source as a package.
Result<void> check_requirement(const std::string& file, std::size_t line, std::string_view requirement) {
    const bool editable = requirement.starts_with("-e ") || requirement.starts_with("--editable");
    const bool local = requirement.starts_with('.') || requirement.starts_with('/') ||
                       requirement.find("file:") != std::string_view::npos;
    if (editable || local)
        return fail("read manifest", fmt::format("{}:{}: {}", file, line, requirement),
                    "a layer holds packages of the registry, not the submission's own source");
    return {};
}

struct Requirements {
    std::string text;    // without comments and blank lines; sorted when the order cannot matter
    bool empty = false;  // asks for nothing
};

Result<Requirements> normalise_requirements(const std::string& file, const std::string& bytes) {
    // Another encoding than UTF-8, which pip knows by its mark: left as it is.
    if (bytes.starts_with("\xff\xfe") || bytes.starts_with("\xfe\xff") || bytes.find('\0') != std::string::npos)
        return Requirements{bytes, false};
    std::string_view text = bytes;
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    std::vector<std::string_view> kept;
    bool plain = true;
    std::size_t number = 0;
    for (const std::string_view line : split_lines(text)) {
        ++number;
        const std::string_view requirement = without_comment(line);
        if (requirement.empty()) continue;
        ASSAY_CHECK(check_requirement(file, number, requirement));
        if (!std::isalnum(static_cast<unsigned char>(requirement.front())) || requirement.ends_with('\\'))
            plain = false;
        kept.push_back(requirement);
    }
    if (plain) {
        std::sort(kept.begin(), kept.end());
        kept.erase(std::unique(kept.begin(), kept.end()), kept.end());
    }
    return Requirements{fmt::format("{}\n", fmt::join(kept, "\n")), kept.empty()};
}

Result<std::optional<LayerContent>> python_content(const Recipe& recipe, LayerKind kind, const Manifests& manifests) {
    LayerContent content;
    content.kind = kind;
    const auto main = manifests.find(recipe.manifests.front());
    if (main == manifests.end()) return std::nullopt;
    bool empty = true;
    std::vector<std::string> wanted{main->first};
    for (std::size_t next = 0; next < wanted.size(); ++next) {  // grows while it is read
        const auto file = manifests.find(wanted[next]);
        if (file == manifests.end() || content.files.contains(file->first)) continue;  // pip says that it is missing
        ASSAY_TRY(Requirements requirements, normalise_requirements(file->first, file->second));
        for (std::string& name : manifest_includes(file->second)) wanted.push_back(std::move(name));
        empty = empty && requirements.empty;
        content.files.emplace(file->first, std::move(requirements.text));
    }
    if (empty) return std::nullopt;
    return content;
}

// All of the requirements file, or something else.
bool installs_requirements(const Recipe& recipe, std::span<const std::string> words) {
    if (words.empty()) return false;
    if (words[0] == "uv")
        words = words.subspan(1);
    else if (words.size() > 2 && one_of(words[0], {"python", "python3"}) && words[1] == "-m")
        words = words.subspan(2);
    if (words.size() < 2 || !one_of(words[0], {"pip", "pip3"}) || words[1] != "install") return false;
    bool file = false;
    for (std::size_t i = 2; i < words.size(); ++i) {
        std::string argument = words[i];
        if (one_of(argument, {"-r", "--requirement", "--requirements"}) && i + 1 < words.size())
            argument = "-r" + words[++i];
        if (const std::string name = include_of(argument); !name.empty() && !argument.starts_with("-c")) {
            if (name != recipe.manifests.front() && name != "./" + recipe.manifests.front()) return false;
            file = true;
        } else if (!one_of(argument, {"--system", "-q", "--quiet", "-v", "--verbose", "-U", "--upgrade", "--user",
                                      "--no-cache-dir", "--no-cache", "--no-input", "--no-color", "--no-progress",
                                      "--break-system-packages", "--disable-pip-version-check",
                                      "--root-user-action=ignore", "--no-warn-script-location"})) {
            return false;
        }
    }
    return file;
}

// ---------------------------------------------------------------------------------------------------- Node

constexpr std::array kDependencyFields{"dependencies", "devDependencies", "optionalDependencies", "peerDependencies"};
constexpr std::array kOtherFields{
    "peerDependenciesMeta", "overrides", "bundleDependencies", "bundledDependencies", "engines", "os", "cpu"};
// What npm runs of the installing package itself, in this order.
constexpr std::array kLifeCycle{"preinstall", "install", "postinstall", "prepublish",
                                "preprepare", "prepare", "postprepare"};

// Settings of a project's .npmrc that decide what is installed. All others are left out: where packages come from and
// which programs npm starts is not the submission's to say.
bool npm_setting_counts(std::string_view name) {
    return one_of(name, {"legacy-peer-deps", "strict-peer-deps", "engine-strict", "install-strategy", "omit", "include",
                         "force", "prefer-dedupe", "package-lock", "ignore-scripts", "optional", "production"});
}

Result<Json> parse_json(const std::string& file, const std::string& bytes) {
    if (nests_too_deep(bytes)) return fail("read manifest", file + ": nested too deep");
    try {
        return Json::parse(bytes);
    } catch (const Json::parse_error& error) {
        const auto before = std::min<std::size_t>(error.byte, bytes.size());
        const auto line = 1 + std::count(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(before), '\n');
        std::string_view what = error.what();  // "[json.exception...] parse error at line 1, column 2: text"
        if (const auto colon = what.find(": "); colon != std::string_view::npos) what.remove_prefix(colon + 2);
        return fail("read manifest", fmt::format("{}:{}: {}", file, line, what), "it is not JSON");
    }
}

Result<void> check_dependencies(const std::string& file, const char* field, const Json& dependencies) {
    if (!dependencies.is_object()) return fail("read manifest", fmt::format("{}: '{}' is not an object", file, field));
    for (const auto& [name, spec] : dependencies.items()) {
        if (!spec.is_string())
            return fail("read manifest", fmt::format("{}: version of '{}' is not a text", file, name));
        const auto text = spec.get<std::string>();
        if (text.starts_with("file:") || text.starts_with("link:") || text.starts_with("workspace:") ||
            text.starts_with('.') || text.starts_with('/') || text.starts_with("~/"))
            return fail("read manifest", fmt::format("{}: {}: {}", file, name, text),
                        "a layer holds packages of the registry, not the submission's own source");
    }
    return {};
}

// The lock's own name and version say nothing about what it locks.
std::string normalise_lock(const std::string& bytes) {
    auto parsed = parse_untrusted(bytes);
    if (!parsed || !parsed->is_object()) return bytes;  // npm decides what to do with it
    Json& lock = *parsed;
    lock.erase("name");
    lock.erase("version");
    if (lock.contains("packages") && lock["packages"].is_object() && lock["packages"].contains("") &&
        lock["packages"][""].is_object()) {
        Json& root = lock["packages"][""];
        for (const char* field : {"name", "version", "license", "hasInstallScript"}) root.erase(field);
    }
    return lock.dump(1);
}

struct NodeManifest {
    std::optional<LayerContent> content;
    std::vector<std::string> life_cycle;  // npm commands
};

Result<NodeManifest> node_content(const Manifests& manifests, bool locked, std::set<std::string> settings) {
    NodeManifest read;
    const auto main = manifests.find("package.json");
    if (main == manifests.end()) return read;
    ASSAY_TRY(const Json json, parse_json("package.json", main->second));
    if (!json.is_object()) return fail("read manifest", "package.json: it is not an object");

    if (const auto scripts = json.find("scripts"); scripts != json.end() && scripts->is_object())
        for (const char* name : kLifeCycle)
            if (const auto script = scripts->find(name); script != scripts->end() && script->is_string())
                if (!script->get_ref<const std::string&>().empty())
                    read.life_cycle.push_back(fmt::format("npm run {}", name));

    Json kept = Json::object();
    bool any = false;
    for (const char* field : kDependencyFields) {
        const auto found = json.find(field);
        if (found == json.end() || found->is_null()) continue;
        ASSAY_CHECK(check_dependencies("package.json", field, *found));
        if (found->empty()) continue;
        kept[field] = *found;
        any = true;
    }
    if (const auto workspaces = json.find("workspaces"); workspaces != json.end() && !workspaces->empty())
        return fail("read manifest", "package.json: 'workspaces'",
                    "a layer holds packages of the registry, not the submission's own source");
    if (!any) return read;
    for (const char* field : kOtherFields)
        if (const auto found = json.find(field); found != json.end()) kept[field] = *found;

    LayerContent content;
    content.kind = LayerKind::node_modules;
    content.locked = locked;
    content.files["package.json"] = kept.dump(1);
    if (const auto lock = manifests.find("package-lock.json"); lock != manifests.end())
        content.files["package-lock.json"] = normalise_lock(lock->second);
    if (const auto npmrc = manifests.find(".npmrc"); npmrc != manifests.end())
        for (const std::string_view line : split_lines(npmrc->second)) {
            const auto equals = line.find('=');
            const std::string_view name = trim(line.substr(0, equals));
            if (!npm_setting_counts(name)) continue;
            settings.insert(
                fmt::format("{}={}", name, equals == std::string_view::npos ? "true" : trim(line.substr(equals + 1))));
        }
    if (!settings.empty()) content.files[".npmrc"] = fmt::format("{}\n", fmt::join(settings, "\n"));
    read.content = std::move(content);
    return read;
}

struct NpmInstall {
    bool locked = false;
    std::set<std::string> settings;  // its flags, as .npmrc says them
};

std::optional<NpmInstall> installs_packages(std::span<const std::string> words) {
    if (words.size() < 2 || words[0] != "npm" || !one_of(words[1], {"install", "i", "ci", "clean-install"}))
        return std::nullopt;
    NpmInstall install;
    install.locked = one_of(words[1], {"ci", "clean-install"});
    for (const std::string& flag : words.subspan(2)) {
        if (one_of(flag, {"--no-audit", "--no-fund", "--silent", "-s", "--quiet", "-q", "--no-progress", "--verbose",
                          "--prefer-offline", "--no-save", "--audit=false", "--fund=false"}) ||
            flag.starts_with("--loglevel="))
            continue;
        if (flag == "--production" || flag == "--only=production") {
            install.settings.insert("omit=dev");
        } else if (one_of(flag, {"-f", "--force"})) {
            install.settings.insert("force=true");
        } else if (flag.starts_with("--") && npm_setting_counts(std::string_view(flag).substr(2, flag.find('=') - 2))) {
            install.settings.insert(flag.substr(2) + (flag.find('=') == std::string::npos ? "=true" : ""));
        } else {
            return std::nullopt;
        }
    }
    return install;
}

// ---------------------------------------------------------------------------------------------------- commands

Words words_of(std::string_view command) {
    Words words;
    for (std::string_view rest = trim(command); !rest.empty(); rest = trim(rest)) {
        const auto end = std::min(rest.find_first_of(" \t\n"), rest.size());
        words.emplace_back(rest.substr(0, end));
        rest.remove_prefix(end);
    }
    return words;
}

// "a && b && c", when nothing else in it needs a shell.
std::vector<Words> simple_commands(std::string_view line) {
    std::vector<Words> parts;
    while (true) {
        const auto at = line.find("&&");
        const std::string_view part = line.substr(0, at);
        if (part.find_first_of(";|&<>$`'\"\\()*?!#~") != std::string_view::npos) return {};
        parts.push_back(words_of(part));
        if (parts.back().empty()) return {};
        if (at == std::string_view::npos) return parts;
        line.remove_prefix(at + 2);
    }
}

bool makes_run_sh_executable(const Words& words) {
    return words.size() == 3 && words[0] == "chmod" && one_of(words[1], {"+x", "a+x", "u+x", "755", "0755", "777"}) &&
           one_of(words[2], {"run.sh", "./run.sh"});
}

LayerKind kind_for(const Recipe& recipe, const Manifests& manifests) {
    if (recipe.layer != LayerKind::by_manifest) return recipe.layer;
    return manifests.contains("requirements.txt") ? LayerKind::python_user
           : manifests.contains("package.json")   ? LayerKind::node_modules
                                                  : LayerKind::none;
}

}  // namespace

std::string LayerContent::digest() const {
    std::string all = fmt::format("{}\n{}\n", static_cast<int>(kind), locked);
    for (const auto& [name, bytes] : files)
        all += fmt::format("{} {}\n{} {}\n", name.size(), bytes.size(), name, bytes);
    return sha256(all);
}

bool runs_wheels_only(const LayerContent& content) {
    for (const auto& [name, text] : content.files) {
        if (text.find('\0') != std::string::npos) return false;  // another encoding: not read here
        for (const std::string_view line : split_lines(text)) {
            if (line.find('@') != std::string_view::npos || line.find("://") != std::string_view::npos) return false;
            if (line.find('-') == 0 && include_of(line).empty()) return false;
            if (line.find(" -") != std::string_view::npos || line.ends_with('\\')) return false;
        }
    }
    return true;
}

std::vector<std::string> manifest_includes(std::string_view requirements) {
    std::vector<std::string> names;
    for (const std::string_view line : split_lines(requirements))
        if (std::string name = include_of(without_comment(line)); !name.empty()) names.push_back(std::move(name));
    return names;
}

Result<Setup> plan_setup(const Recipe& recipe, const Manifests& manifests, const std::vector<std::string>& commands) {
    Setup setup;
    const LayerKind kind = kind_for(recipe, manifests);
    bool installs = commands.empty();
    NpmInstall npm;
    for (const std::string& command : commands) {
        bool known = true, installs_here = false;
        NpmInstall npm_here;
        const auto parts = simple_commands(command);
        for (const Words& words : parts) {
            if (makes_run_sh_executable(words)) continue;
            if (is_python(kind) && installs_requirements(recipe, words)) {
                installs_here = true;
            } else if (auto install = installs_packages(words); kind == LayerKind::node_modules && install) {
                installs_here = true;
                npm_here = std::move(*install);
            } else {
                known = false;
            }
        }
        if (parts.empty() || !known) {
            if (!trim(command).empty()) setup.commands.push_back(command);
            continue;
        }
        if (installs_here && !installs) npm = std::move(npm_here);
        installs = installs || installs_here;
    }
    if (!installs) return setup;
    if (is_python(kind)) {
        ASSAY_TRY(setup.layer, python_content(recipe, kind, manifests));
    } else if (kind == LayerKind::node_modules) {
        ASSAY_TRY(NodeManifest node, node_content(manifests, npm.locked, std::move(npm.settings)));
        setup.layer = std::move(node.content);
        setup.commands.insert(setup.commands.begin(), node.life_cycle.begin(), node.life_cycle.end());
    }
    return setup;
}

}  // namespace assay::images
