// `assay image list|build|gc`: the images that this host can make, and the store of dependency layers.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <memory>

#include "base/fd.h"
#include "base/units.h"
#include "images/dependencies.h"
#include "images/probe.h"
#include "tools/assay/commands.h"
#include "tools/assay/environment.h"

namespace assay::tools {
namespace {

struct Options {
    std::string cache = cache_folder();
    std::string recipes;
    std::string max_size = "0";
    std::string image = "python";
    std::string folder;
    std::vector<std::string> allow_hosts;
    bool offline = false;
};

constexpr int kUsage = 2;
constexpr int kInternal = 70;

int complain(const Error& error, int code) {
    fmt::print(stderr, "assay image: {}\n", error.to_string());
    return code;
}

std::string ago(std::chrono::system_clock::time_point then) {
    const auto seconds =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now() - then).count();
    if (seconds < 120) return fmt::format("{} s ago", std::max<long long>(seconds, 0));
    if (seconds < 2 * 3600) return fmt::format("{} min ago", seconds / 60);
    if (seconds < 48 * 3600) return fmt::format("{} h ago", seconds / 3600);
    return fmt::format("{} days ago", seconds / 86400);
}

// One image: what it is, and each tool with where to get it when it is not there.
bool print_image(const images::Recipe& recipe, const std::string& probes) {
    fmt::print("{:<8} {}\n", recipe.name, recipe.summary);
    if (const auto versions = images::probe_versions(recipe, probes, environment()))
        for (const auto& [name, version] : *versions) fmt::print("         {} {}\n", name, version);
    const auto missing = images::missing_tools(recipe, true);
    for (const images::Tool& tool : missing)
        fmt::print("         missing: {}{} (apt-get install {})\n", tool.path,
                   tool.build ? ", needed to build layers" : "", tool.package);
    return missing.empty();
}

int list(const Options& options) {
    int broken = 0;
    for (const std::string& name : images::recipe_names(options.recipes)) {
        const auto recipe = images::find_recipe(name, options.recipes);
        if (recipe)
            print_image(*recipe, options.cache + "/probes.json");
        else
            broken = complain(recipe.error(), kUsage);
    }
    const auto store = images::Store::open({options.cache});
    if (!store) return complain(store.error(), kInternal);
    const auto layers = store->list();
    std::uint64_t total = 0;
    for (const auto& layer : layers) total += layer.size.count;
    fmt::print("\n{} layers, {} in {}\n", layers.size(), format_bytes(Bytes{total}), store->path());
    for (const auto& layer : layers) {
        std::string contents = fmt::format("{}", fmt::join(layer.contents, ", "));
        if (contents.size() > 60) contents = contents.substr(0, 57) + "...";
        fmt::print("{}  {:<8} {:>9}  {:>7} files  built in {:>7}  used {:>11}  {}\n", layer.key.substr(0, 12),
                   layer.image, format_bytes(layer.size), layer.entries, format_duration(layer.build_time),
                   ago(layer.last_used), contents);
    }
    return broken;
}

// The layer of one submission's folder, ahead of a batch or to see why it fails.
int build(const Options& options) {
    const auto recipe = images::find_recipe(options.image, options.recipes);
    if (!recipe) return complain(recipe.error(), kUsage);
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

    images::LayerRequest request{options.image, {}, {}};
    std::vector<std::string> files = recipe->manifests;
    for (std::size_t next = 0; next < files.size(); ++next) {  // grows by what a requirements file includes
        if (request.manifests.contains(files[next])) continue;
        auto bytes = read_file(options.folder + "/" + files[next], 8u << 20);
        if (!bytes) continue;
        if (recipe->layer == images::LayerKind::python_prefix)
            for (std::string& include : images::manifest_includes(*bytes)) files.push_back(std::move(include));
        request.manifests[files[next]] = std::move(*bytes);
    }
    const auto layer = store->ensure(request);
    if (!layer) {
        const auto& failure = layer.error();
        for (const std::string& line : failure.last_lines) fmt::print(stderr, "  {}\n", line);
        if (!failure.log.empty()) fmt::print(stderr, "log: {}\n", failure.log);
        fmt::print(stderr, "assay image build: {}\n", failure.to_string());
        return failure.of_submission() ? 1 : kInternal;
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
    fmt::print(stderr, "removed {} layers, {}; {} in use\n", done->layers, format_bytes(done->size), done->in_use);
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
        add("build", "Build the dependency layer of a submission's folder; prints its path", build);
    CLI::App* gc_command = add("gc", "Remove the layers that have not been used for the longest time", collect);
    for (CLI::App* command : {list_command, build_command})
        command->add_option("--recipes", options->recipes, "Folder of further recipes, <name>/recipe.toml");
    build_command->add_option("folder", options->folder, "Folder with requirements.txt or package.json")->required();
    build_command->add_option("--image", options->image, "Image to build for")->capture_default_str();
    build_command->add_option("--allow-host", options->allow_hosts, "Let builds reach this host, too (host[:port])");
    build_command->add_flag("--offline", options->offline, "Build nothing: fail when the layer is not there");
    gc_command->add_option("--max-size", options->max_size, "Keep at most so much")->capture_default_str();
}

}  // namespace assay::tools
