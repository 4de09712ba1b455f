// `assay image list|build|gc`: the images that this host can make, and the store of dependency layers.
// `import` and `rm` are in image_import.cc.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "base/fd.h"
#include "base/units.h"
#include "images/catalog.h"
#include "images/debootstrap/make.h"
#include "images/dependencies.h"
#include "images/image_tree.h"
#include "images/names.h"
#include "images/probe.h"
#include "images/smoke.h"
#include "tools/assay/commands.h"
#include "tools/assay/environment.h"
#include "tools/assay/image.h"

namespace assay::tools {

int complain(const Error& error, int code) {
    fmt::print(stderr, "assay image: {}\n", error.to_string());
    return code;
}

namespace {

struct Options {
    std::string cache = cache_folder();
    std::string recipes;
    std::string max_size = "0";
    std::string image;
    FromOptions from;
    std::string folder;
    std::vector<std::string> allow_hosts;
    bool offline = false;
    bool json = false;
};

std::string ago(std::chrono::system_clock::time_point then) {
    const auto seconds =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now() - then).count();
    if (seconds < 120) return fmt::format("{} s ago", std::max<long long>(seconds, 0));
    if (seconds < 2 * 3600) return fmt::format("{} min ago", seconds / 60);
    if (seconds < 48 * 3600) return fmt::format("{} h ago", seconds / 3600);
    return fmt::format("{} days ago", seconds / 86400);
}

// One image and all that is known of it, for people and for programs.
struct Row {
    std::string name, summary, base;  // base: "host", "debootstrap", "imported"
    std::map<std::string, std::string> versions;
    std::vector<images::Tool> missing;
    std::optional<images::LayerInfo> tree;
    std::string why_not;  // it cannot be used; empty: it can
    std::optional<images::Smoke> smoke;
};

Row row_of(const std::string& name, images::Store& store, const Options& options) {
    Row row;
    row.name = name;
    row.smoke = images::last_smoke(store.path(), name);
    auto recipe = images::find_recipe(name, options.recipes);
    const bool host = recipe && !recipe->has_own_tree();
    row.base = host ? "host" : recipe && recipe->bootstrap ? "debootstrap" : "imported";
    if (recipe) row.summary = recipe->summary;
    if (!host) {
        recipe = images::find_image(name, store, options.recipes);
        if (recipe) row.tree = recipe->tree.info();
        if (recipe && row.summary.empty()) row.summary = recipe->summary;
    }
    if (!recipe) {
        row.why_not = recipe.error().to_string();
        return row;
    }
    row.missing = images::missing_tools(*recipe, true);
    if (host)
        if (auto versions = images::probe_versions(*recipe, options.cache + "/probes.json", environment()))
            row.versions = std::move(*versions);
    return row;
}

void print(const Row& row) {
    fmt::print("{:<8} {}\n", row.name, row.summary);
    if (!row.why_not.empty()) fmt::print("         {}\n", row.why_not);
    if (row.tree)
        fmt::print("         {}, {} files, made in {}\n", format_bytes(row.tree->size), row.tree->entries,
                   format_duration(row.tree->build_time));
    for (const auto& [name, version] : row.versions) fmt::print("         {} {}\n", name, version);
    for (const images::Tool& tool : row.missing)
        fmt::print("         missing: {}{} ({} {})\n", tool.path, tool.build ? ", needed to build layers" : "",
                   row.base == "host" ? "apt-get install" : "its tree needs", tool.package);
    if (row.smoke)
        fmt::print("         smoke test {} {}: {}\n", row.smoke->passed ? "passed" : "failed", ago(row.smoke->when),
                   row.smoke->said);
}

nlohmann::ordered_json json_of(const Row& row) {
    nlohmann::ordered_json json{
        {"name", row.name}, {"base", row.base}, {"summary", row.summary}, {"usable", row.why_not.empty()}};
    if (!row.why_not.empty()) json["why_not"] = row.why_not;
    json["versions"] = row.versions;
    json["missing"] = nlohmann::ordered_json::array();
    for (const images::Tool& tool : row.missing) json["missing"].push_back(tool.path);
    if (row.tree)
        json["tree"] = {{"key", row.tree->key}, {"bytes", row.tree->size.count}, {"files", row.tree->entries}};
    json["smoke"] = nullptr;
    if (row.smoke)
        json["smoke"] = {{"passed", row.smoke->passed}, {"command", row.smoke->command}, {"said", row.smoke->said}};
    return json;
}

void print(const images::LayerInfo& layer) {
    std::string contents = fmt::format("{}", fmt::join(layer.contents, ", "));
    if (contents.size() > 60) contents = contents.substr(0, 57) + "...";
    fmt::print("{}  {:<8} {:>9}  {:>7} files  built in {:>7}  used {:>11}  {}\n", layer.key.substr(0, 12), layer.image,
               format_bytes(layer.size), layer.entries, format_duration(layer.build_time), ago(layer.last_used),
               contents);
}

int list(const Options& options) {
    auto store = images::Store::open({options.cache});
    if (!store) return complain(store.error(), kInternal);
    std::set<std::string> names;
    for (const std::string& name : images::recipe_names(options.recipes)) names.insert(name);
    for (const auto& [name, key] : images::image_names(store->path())) names.insert(name);
    std::vector<Row> rows;
    rows.reserve(names.size());
    for (const std::string& name : names) rows.push_back(row_of(name, *store, options));
    const auto layers = store->list();
    std::uint64_t total = 0;
    for (const auto& layer : layers) total += layer.size.count;
    if (options.json) {
        nlohmann::ordered_json json{{"store", store->path()}, {"bytes", total}};
        json["images"] = json["layers"] = nlohmann::ordered_json::array();
        for (const Row& row : rows) json["images"].push_back(json_of(row));
        for (const auto& layer : layers)
            json["layers"].push_back({{"key", layer.key},
                                      {"image", layer.image},
                                      {"kind", layer.kind},
                                      {"bytes", layer.size.count},
                                      {"files", layer.entries},
                                      {"contents", layer.contents}});
        fmt::print("{}\n", json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
    } else {
        for (const Row& row : rows) print(row);
        fmt::print("\n{} layers, {} in {}\n", layers.size(), format_bytes(Bytes{total}), store->path());
        for (const auto& layer : layers) print(layer);
    }
    // A recipe that cannot be read is the operator's mistake; an image that is not made yet is none.
    for (const std::string& name : images::recipe_names(options.recipes))
        if (const auto recipe = images::find_recipe(name, options.recipes); !recipe)
            return complain(recipe.error(), kUsage);
    return 0;
}

// The tree of an image that has one of its own, and for each its smoke test.
int build_image(const Options& options) {
    auto store = images::Store::open({options.cache});
    if (!store) return complain(store.error(), kInternal);
    const auto recipe = images::find_recipe(options.folder, options.recipes);
    if (!recipe) return complain(recipe.error(), kUsage);
    if (recipe->bootstrap) {
        if (options.offline && !images::find_image(options.folder, *store, options.recipes))
            return complain(Error{"build image", 0, "it has not been built yet", "build it without --offline"},
                            kInternal);
        const auto tree = images::ensure_debootstrap(*store, {*recipe, environment()});
        if (!tree) return complain(tree.error(), kInternal);
        fmt::print("{}\n", tree->path());
    }
    return smoke_test(*store, options.folder, options.recipes);
}

bool is_folder(const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

// The layer of one submission's folder, ahead of a batch or to see why it fails.
int build(const Options& options) {
    if (options.folder.empty() == options.from.batch.empty())
        return complain(Error{"read options", 0, "name one folder, one image, or a batch with --from", {}}, kUsage);
    const auto known = images::recipe_names(options.recipes);
    if (!is_folder(options.folder) && std::find(known.begin(), known.end(), options.folder) != known.end())
        return build_image(options);
    if (options.from.batch.empty() && !is_folder(options.folder))
        return complain(
            Error{"build image", 0, "'" + options.folder + "' is neither a folder nor an image that is built",
                  "assay image list shows the images"},
            kUsage);
    auto launcher = launcher_program();
    if (!launcher) return complain(launcher.error(), kInternal);
    images::LayerStore::Options how;
    how.store.path = options.cache;
    how.recipes = options.recipes;
    how.environment = environment();
    how.allow_hosts = options.allow_hosts;
    how.launcher.program = *launcher;
    how.offline = options.offline;
    how.believe_failures = std::chrono::seconds(0);  // somebody asks by hand: try
    auto store = images::LayerStore::open(std::move(how));
    if (!store) return complain(store.error(), kInternal);
    if (!options.from.batch.empty()) {
        FromOptions from = options.from;
        from.image = options.image;
        return build_from(*store, from);
    }
    const std::string image = options.image.empty() ? "python" : options.image;
    const auto recipe = images::find_image(image, store->store(), options.recipes);
    if (!recipe) return complain(recipe.error(), kUsage);

    images::LayerRequest request{image, {}, {}};
    std::vector<std::string> files = recipe->manifests;
    for (std::size_t next = 0; next < files.size(); ++next) {  // grows by what a requirements file includes
        if (request.manifests.contains(files[next])) continue;
        auto bytes = read_file(options.folder + "/" + files[next], 8u << 20);
        if (!bytes) continue;
        if (files[next].ends_with(".txt"))
            for (std::string& include : images::manifest_includes(*bytes)) files.push_back(std::move(include));
        request.manifests[files[next]] = std::move(*bytes);
    }
    const auto layer = store->ensure(request);
    if (!layer) {
        const auto& failure = layer.error();
        for (const std::string& line : failure.last_lines) fmt::print(stderr, "  {}\n", line);
        if (!failure.log.empty()) fmt::print(stderr, "log: {}\n", failure.log);
        fmt::print(stderr, "assay image build: {}\n", failure.to_string());
        return failure.of_submission() ? kFailed : kInternal;
    }
    if (!*layer) {
        fmt::print(stderr, "{} asks for nothing\n", options.folder);
        return 0;
    }
    fmt::print("{}\n", layer->path());
    for (const std::string& package : layer->info().contents) fmt::print(stderr, "  {}\n", package);
    fmt::print(stderr, "{}, {} files, built in {}\n", format_bytes(layer->info().size), layer->info().entries,
               format_duration(layer->info().build_time));
    return 0;
}

int collect(const Options& options) {
    const auto size = parse_bytes(options.max_size);
    if (!size) return complain(size.error(), kUsage);
    auto store = images::Store::open({options.cache});
    if (!store) return complain(store.error(), kInternal);
    const auto done = store->collect(*size);
    if (!done) return complain(done.error(), kInternal);
    fmt::print(stderr, "removed {} layers, {}; {} in use, {} images that have a name\n", done->layers,
               format_bytes(done->size), done->in_use, done->named);
    return 0;
}

}  // namespace

void add_image(CLI::App& app, int& exit_code) {
    CLI::App* group = app.add_subcommand("image", "Images and dependency layers");
    group->require_subcommand(1);
    auto options = std::make_shared<Options>();
    const auto add = [&](const char* name, const char* what, int (*run)(const Options&)) {
        CLI::App* command = group->add_subcommand(name, what);
        command->add_option("--cache", options->cache, "Folder of the store")->capture_default_str();
        command->callback([options, &exit_code, run] { exit_code = run(*options); });
        return command;
    };
    CLI::App* list_command = add("list", "Show images, their tools on this host, and the layers in the store", list);
    CLI::App* build_command =
        add("build", "Build the dependency layer of a submission's folder, or an image; prints its path", build);
    CLI::App* gc_command = add("gc", "Remove the layers that have not been used for the longest time", collect);
    for (CLI::App* command : {list_command, build_command})
        command->add_option("--recipes", options->recipes, "Folder of further recipes, <name>/recipe.toml");
    build_command->add_option("folder", options->folder,
                              "Folder with requirements.txt or package.json, or an image's name");
    build_command->add_option("--from", options->from.batch, "Make what this batch needs: layers, services, templates");
    add_batch_input(*build_command, options->from, "With --from: ", "Folder of task files, for a result tree");
    build_command->add_option("--jobs", options->from.jobs, "With --from: builds at once")
        ->check(CLI::Range(1u, 64u))
        ->capture_default_str();
    build_command->add_option("--image", options->image,
                              "Image to build for (python); with --from instead of each task's");
    build_command->add_option("--allow-host", options->allow_hosts, "Let builds reach this host, too (host[:port])");
    build_command->add_flag("--offline", options->offline, "Build nothing: fail when the layer is not there");
    list_command->add_flag("--json", options->json, "As JSON");
    add_image_import(*group, exit_code);
    gc_command->add_option("--max-size", options->max_size, "Keep at most so much")->capture_default_str();
}

}  // namespace assay::tools
