#include "images/recipe.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <filesystem>
#include <set>

#include "base/fd.h"
#include "images/embedded.h"
#include "images/image_tree.h"
#include "images/names.h"
#include "images/recipe_reader.h"

namespace assay::images {
namespace {

constexpr std::uint64_t kRecipeLimit = 256 * 1024;
constexpr std::uint64_t kCopyLimit = 2 * 1024 * 1024;

Result<RootEntry> read_root_entry(const RecipeReader& reader) {
    struct Shape {
        RootEntry::Kind kind;
        const char* key;
        const char* content;
    };
    static constexpr std::array shapes{
        Shape{RootEntry::Kind::bind, "bind", nullptr},   Shape{RootEntry::Kind::copy, "copy", nullptr},
        Shape{RootEntry::Kind::empty, "empty", nullptr}, Shape{RootEntry::Kind::directory, "directory", nullptr},
        Shape{RootEntry::Kind::file, "file", "content"}, Shape{RootEntry::Kind::symlink, "symlink", "to"},
    };
    for (const Shape& shape : shapes) {
        if (!reader.has(shape.key)) continue;
        RootEntry entry;
        entry.kind = shape.kind;
        ASSAY_TRY(entry.path, reader.path(shape.key));
        if (shape.content != nullptr) {
            ASSAY_CHECK(reader.only({shape.key, shape.content}));
            ASSAY_TRY(entry.content, reader.text(shape.content, true));
        } else if (shape.kind == RootEntry::Kind::bind || shape.kind == RootEntry::Kind::copy) {
            ASSAY_CHECK(reader.only({shape.key, "optional"}));
            ASSAY_TRY(entry.optional, reader.flag("optional"));
        } else {
            ASSAY_CHECK(reader.only({shape.key}));
        }
        return entry;
    }
    return tl::unexpected(
        reader.complain(nullptr, "a [[root]] entry needs one of bind, copy, empty, directory, file, symlink"));
}

Result<void> read_layer(const RecipeReader& reader, Recipe& recipe) {
    recipe.layer = LayerKind::none;
    ASSAY_CHECK(reader.only({"kind", "manifests"}));
    ASSAY_TRY(const std::string kind, reader.text("kind", true));
    for (const LayerKind known : {LayerKind::python_prefix, LayerKind::node_modules})
        if (kind == kind_name(known)) recipe.layer = known;
    if (recipe.layer == LayerKind::none)
        return tl::unexpected(reader.complain(reader.table().get("kind"), "no layer kind '" + kind + "'",
                                              "known are: python-prefix, node-modules"));
    ASSAY_TRY(recipe.manifests, reader.texts("manifests", true));
    if (recipe.layer == LayerKind::python_prefix && !recipe.imported.empty()) recipe.layer = LayerKind::python_user;
    return {};
}

constexpr std::string_view kImported = "imported:";

// The names that Debian gives to packages.
bool is_package(std::string_view name) {
    return !name.empty() && name.size() <= 100 && std::isalnum(static_cast<unsigned char>(name.front())) != 0 &&
           name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789+-.") == std::string_view::npos;
}

// A base that is no recipe, but a tree of its own.
Result<void> read_own_tree(const RecipeReader& reader, const std::string& base, Recipe& recipe) {
    if (base.starts_with(kImported)) {
        recipe.imported = base.substr(kImported.size());
        if (!is_image_name(recipe.imported))
            return tl::unexpected(reader.complain(reader.table().get("base"), "'" + base + "' names no image"));
        recipe.layer = LayerKind::by_manifest;
        recipe.manifests = {"requirements.txt", "package.json", "package-lock.json", ".npmrc"};
        return {};
    }
    const toml::node* node = reader.table().get("debootstrap");
    if (node == nullptr || !node->is_table())
        return tl::unexpected(reader.complain(node, "write [debootstrap], with suite and packages"));
    const RecipeReader entry(*node->as_table(), reader.file());
    ASSAY_CHECK(entry.only({"suite", "packages"}));
    Bootstrap bootstrap;
    ASSAY_TRY(bootstrap.suite, entry.text("suite", true));
    ASSAY_TRY(bootstrap.packages, entry.texts("packages", false));
    // They become arguments and lines of a sources list.
    for (const std::string& word : bootstrap.packages)
        if (!is_package(word))
            return tl::unexpected(entry.complain(entry.table().get("packages"), "'" + word + "' is not a package"));
    if (!is_image_name(bootstrap.suite))
        return tl::unexpected(entry.complain(entry.table().get("suite"), "'" + bootstrap.suite + "' is not a suite"));
    recipe.bootstrap = std::move(bootstrap);
    return {};
}

// What lies over the host's files, or is imported from there, has no place in another tree.
Result<void> check_own_tree(const RecipeReader& reader, const Recipe& recipe) {
    if (!recipe.has_own_tree()) return {};
    for (const char* table : {"root", "probe", "warm", "service"})
        if (reader.has(table))
            return tl::unexpected(reader.complain(reader.table().get(table),
                                                  fmt::format("an image with a tree of its own has no [{}]", table)));
    return {};
}

Result<void> read_warm(const RecipeReader& reader, Recipe& recipe) {
    ASSAY_CHECK(reader.only({"interpreter", "modules"}));
    Warm warm;
    ASSAY_TRY(warm.interpreter, reader.path("interpreter"));
    ASSAY_TRY(warm.modules, reader.texts("modules", true));
    recipe.warm = std::move(warm);
    return {};
}

void set_env(Recipe& recipe, std::string name, std::string value) {
    for (auto& [known, old] : recipe.env)
        if (known == name) {
            old = std::move(value);
            return;
        }
    recipe.env.emplace_back(std::move(name), std::move(value));
}

}  // namespace

std::string_view kind_name(LayerKind kind) {
    switch (kind) {
        case LayerKind::python_prefix: return "python-prefix";
        case LayerKind::node_modules: return "node-modules";
        case LayerKind::python_user: return "python-user";
        case LayerKind::by_manifest: return "by-manifest";
        case LayerKind::none: break;
    }
    return "none";
}

Result<Recipe> parse_recipe(std::string_view text, const std::string& file, const FindBase& find_base) {
    toml::table parsed;
    try {
        parsed = toml::parse(text);
    } catch (const toml::parse_error& error) {
        return fail("read recipe", fmt::format("{}:{}: {}", file, error.source().begin.line, error.description()));
    }
    const RecipeReader reader(parsed, file);
    ASSAY_CHECK(reader.only({"name", "base", "summary", "revision", "tool", "probe", "env", "root", "layer", "warm",
                             "service", "debootstrap", "smoke"}));

    Recipe recipe;
    ASSAY_TRY(const std::string base_name, reader.text("base", false));
    if (base_name == "debootstrap" || base_name.starts_with(kImported)) {
        ASSAY_CHECK(read_own_tree(reader, base_name, recipe));
    } else if (reader.has("debootstrap")) {
        return tl::unexpected(reader.complain(parsed.get("debootstrap"), "it goes with base = \"debootstrap\""));
    } else if (!base_name.empty()) {
        auto found = find_base(base_name);
        if (!found)
            return tl::unexpected(reader.complain(parsed.get("base"),
                                                  fmt::format("base '{}': {}", base_name, found.error().detail),
                                                  found.error().remedy));
        recipe = std::move(*found);
    }
    recipe.origin = file;
    ASSAY_TRY(recipe.name, reader.text("name", true));
    ASSAY_CHECK(check_own_tree(reader, recipe));
    if (!is_image_name(recipe.name))
        return tl::unexpected(reader.complain(parsed.get("name"), "'" + recipe.name + "' is not a name",
                                              "use a-z, 0-9, '.', '_' and '-'"));
    ASSAY_TRY(recipe.summary, reader.text("summary", true));
    const toml::node* revision = parsed.get("revision");
    const auto number = revision != nullptr ? revision->value_exact<std::int64_t>() : std::nullopt;
    if (!number || *number < 1 || *number > 1'000'000)
        return tl::unexpected(reader.complain(revision, "'revision' must be a number from 1 on"));
    recipe.revision = static_cast<std::uint32_t>(*number);

    if (reader.has("smoke")) {
        ASSAY_TRY(recipe.smoke, reader.texts("smoke", true));
    }
    ASSAY_TRY(const auto tools, reader.tables("tool"));
    for (const RecipeReader& entry : tools) {
        Tool tool;
        ASSAY_CHECK(entry.only({"path", "package", "build"}));
        ASSAY_TRY(tool.path, entry.path("path"));
        ASSAY_TRY(tool.package, entry.text("package", true));
        ASSAY_TRY(tool.build, entry.flag("build"));
        recipe.tools.push_back(std::move(tool));
    }
    ASSAY_TRY(const auto probes, reader.tables("probe"));
    for (const RecipeReader& entry : probes) {
        Probe probe;
        ASSAY_CHECK(entry.only({"name", "command", "stamp"}));
        ASSAY_TRY(probe.name, entry.text("name", true));
        ASSAY_TRY(probe.command, entry.texts("command", true));
        ASSAY_TRY(probe.stamp, entry.text("stamp", false));
        if (!probe.command.front().starts_with('/'))
            return tl::unexpected(entry.complain(nullptr, "'command' must start with an absolute path"));
        recipe.probes.push_back(std::move(probe));
    }
    ASSAY_TRY(auto env, reader.pairs("env"));
    for (auto& [name, value] : env) set_env(recipe, std::move(name), std::move(value));
    ASSAY_TRY(const auto entries, reader.tables("root"));
    for (const RecipeReader& entry : entries) {
        ASSAY_TRY(RootEntry step, read_root_entry(entry));
        recipe.root.push_back(std::move(step));
    }
    if (const toml::node* layer = parsed.get("layer")) {
        if (!layer->is_table()) return tl::unexpected(reader.complain(layer, "write [layer]"));
        ASSAY_CHECK(read_layer(RecipeReader(*layer->as_table(), file), recipe));
    }
    if (const toml::node* warm = parsed.get("warm")) {
        if (!warm->is_table()) return tl::unexpected(reader.complain(warm, "write [warm]"));
        ASSAY_CHECK(read_warm(RecipeReader(*warm->as_table(), file), recipe));
    }
    if (const toml::node* service = parsed.get("service")) {
        if (!service->is_table()) return tl::unexpected(reader.complain(service, "write [service]"));
        ASSAY_TRY(recipe.service, read_service(RecipeReader(*service->as_table(), file)));
    }
    return recipe;
}

namespace {

// A chain of bases is at most four long, which also ends a recipe that is its own base.
Result<Recipe> find_at_depth(std::string_view name, const std::string& folder, int depth) {
    if (depth >= 4) return fail("find recipe", "the chain of bases is longer than four, or goes in a circle");
    const FindBase find_base = [&](std::string_view base) { return find_at_depth(base, folder, depth + 1); };
    if (!is_image_name(name)) return fail("find recipe", fmt::format("'{}' is not an image's name", name));
    Result<Recipe> recipe = [&]() -> Result<Recipe> {
        if (!folder.empty()) {
            const std::string file = fmt::format("{}/{}/recipe.toml", folder, name);
            auto text = read_file(file, kRecipeLimit);
            if (text) return parse_recipe(*text, file, find_base);
            if (text.error().code != ENOENT) return tl::unexpected(text.error());
        }
        for (const EmbeddedRecipe& embedded : embedded_recipes())
            if (embedded.name == name)
                return parse_recipe(embedded.text, fmt::format("images/{}/recipe.toml", name), find_base);
        return fail("find recipe", fmt::format("there is no image '{}'", name),
                    fmt::format("known are: {}", fmt::join(recipe_names(folder), ", ")));
    }();
    if (recipe && recipe->name != name)
        return fail("read recipe",
                    fmt::format("{}: its name is '{}', its folder's '{}'", recipe->origin, recipe->name, name));
    return recipe;
}

}  // namespace

Result<Recipe> find_recipe(std::string_view name, const std::string& folder) { return find_at_depth(name, folder, 0); }

std::vector<std::string> recipe_names(const std::string& folder) {
    std::set<std::string> names;
    for (const EmbeddedRecipe& embedded : embedded_recipes()) names.emplace(embedded.name);
    std::error_code ignored;
    if (!folder.empty())
        for (const auto& entry : std::filesystem::directory_iterator(folder, ignored))
            if (std::filesystem::exists(entry.path() / "recipe.toml", ignored)) names.insert(entry.path().filename());
    return {names.begin(), names.end()};
}

namespace {

bool has_file(const Recipe& recipe, const std::string& path) {
    if (recipe.has_own_tree()) return recipe.tree && tree_has(recipe.tree.path() + "/tree", path);
    return ::access(path.c_str(), R_OK) == 0;
}

}  // namespace

std::vector<Tool> missing_tools(const Recipe& recipe, bool build) {
    std::vector<Tool> missing;
    for (const Tool& tool : recipe.tools)
        if ((build || !tool.build) && !has_file(recipe, tool.path)) missing.push_back(tool);
    return missing;
}

Result<void> check_tools(const Recipe& recipe, bool build) {
    const auto missing = missing_tools(recipe, build);
    if (missing.empty()) return {};
    std::set<std::string> paths, packages;
    for (const Tool& tool : missing) paths.insert(tool.path), packages.insert(tool.package);
    return fail("check tools of image '" + recipe.name + "'", fmt::format("not found: {}", fmt::join(paths, ", ")),
                recipe.has_own_tree() ? fmt::format("its tree needs {}", fmt::join(packages, ", "))
                                      : fmt::format("apt-get install {}", fmt::join(packages, " ")));
}

std::vector<std::pair<std::string, std::string>> server_env(const Recipe& recipe, std::uint16_t port,
                                                            std::span<const Recipe* const> services) {
    auto env = recipe.env;
    env.emplace_back("PORT", std::to_string(port));
    for (const Recipe* beside : services)
        env.insert(env.end(), beside->service->server_env.begin(), beside->service->server_env.end());
    return env;
}

Result<sandbox::RootPlan> root_plan(const Recipe& recipe) {
    using Step = sandbox::RootStep;
    if (recipe.tree) return tree_root_plan(recipe.name, recipe.tree.path() + "/tree");
    if (recipe.has_own_tree()) return fail("assemble image '" + recipe.name + "'", "its tree is not there");
    sandbox::RootPlan plan;
    plan.image = recipe.name;
    const std::string assemble = "assemble image '" + recipe.name + "'";
    for (const RootEntry& entry : recipe.root) {
        Step step{};
        step.target = entry.path;
        switch (entry.kind) {
            case RootEntry::Kind::bind: {
                struct stat info {};
                if (::lstat(entry.path.c_str(), &info) != 0) {
                    if (errno == ENOENT && entry.optional) continue;
                    return fail_errno(errno, assemble, entry.path);
                }
                if (S_ISLNK(info.st_mode) && std::count(entry.path.begin(), entry.path.end(), '/') == 1) {
                    // Merged /usr: /bin is a symlink to usr/bin, and must stay one (a second bind would double it).
                    char target[4096];
                    const ssize_t length = ::readlink(entry.path.c_str(), target, sizeof target);
                    if (length < 0) return fail_errno(errno, assemble, entry.path);
                    step.kind = Step::Kind::symlink;
                    step.content.assign(target, static_cast<std::size_t>(length));
                } else {
                    step.kind = Step::Kind::bind_ro;
                    step.source = entry.path;
                    step.optional = entry.optional;
                }
                break;
            }
            case RootEntry::Kind::copy: {
                auto content = read_file(entry.path, kCopyLimit);
                if (!content && content.error().code == ENOENT && entry.optional) continue;
                if (!content) return fail_errno(content.error().code, assemble, entry.path);
                step.kind = Step::Kind::file;
                step.content = std::move(*content);
                break;
            }
            case RootEntry::Kind::empty: step.kind = Step::Kind::tmpfs; break;
            case RootEntry::Kind::directory: step.kind = Step::Kind::directory; break;
            case RootEntry::Kind::file:
                step.kind = Step::Kind::file;
                step.content = entry.content;
                break;
            case RootEntry::Kind::symlink:
                step.kind = Step::Kind::symlink;
                step.content = entry.content;
                break;
        }
        plan.steps.push_back(std::move(step));
    }
    return plan;
}

}  // namespace assay::images
