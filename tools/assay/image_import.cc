// `assay image import|rm`: images with a tree of their own, and the smoke test that every image has.

#include <fmt/format.h>

#include <cerrno>
#include <memory>

#include "images/catalog.h"
#include "images/names.h"
#include "images/oci/import.h"
#include "images/smoke.h"
#include "tools/assay/environment.h"
#include "tools/assay/image.h"

namespace assay::tools {
namespace {

struct Options {
    std::string cache = cache_folder();
    std::string from;
    std::string name;
    std::string reference;
    std::string max_size = "8G";
};

int import(const Options& options) {
    images::oci::ImportOrder order;
    order.from = options.from;
    order.name = options.name;
    order.reference = options.reference;
    order.taken = images::recipe_names();
    const auto size = parse_bytes(options.max_size);
    if (!size) return complain(size.error(), kUsage);
    order.limits.total = *size;
    auto store = images::Store::open({options.cache});
    if (!store) return complain(store.error(), kInternal);
    const auto imported = images::oci::import_image(*store, order);
    // What the file holds is its giver's affair; the disk is ours.
    if (!imported) return complain(imported.error(), imported.error().code == ENOSPC ? kInternal : kUsage);
    const auto& found = imported->found;
    if (imported->known)
        fmt::print(stderr, "{} is in the store already\n", imported->digest);
    else
        fmt::print(stderr, "{}, {} entries; left out: {} devices and pipes, set-user bits of {} files\n",
                   format_bytes(imported->layer.info().size), imported->layer.info().entries, found.devices,
                   found.set_user);
    fmt::print("{}\n", imported->name);
    return smoke_test(*store, imported->name, {});
}

int remove(const Options& options) {
    auto store = images::Store::open({options.cache});
    if (!store) return complain(store.error(), kInternal);
    const std::string key = images::image_named(store->path(), options.name);
    if (auto gone = images::forget_image(store->path(), options.name); !gone) return complain(gone.error(), kUsage);
    images::forget_smoke(store->path(), options.name);
    for (const auto& [name, other] : images::image_names(store->path()))
        if (other == key) {
            fmt::print(stderr, "its files stay for {}\n", name);
            return 0;
        }
    const auto removed = store->remove(key);
    if (!removed) return complain(removed.error(), kInternal);
    if (!*removed) fmt::print(stderr, "its files are in use, and go with assay image gc\n");
    return 0;
}

}  // namespace

int smoke_test(images::Store& store, const std::string& name, const std::string& recipes) {
    const auto image = images::find_image(name, store, recipes);
    if (!image) return complain(image.error(), kInternal);
    sandbox::Launcher::Options launcher;
    auto program = launcher_program();
    if (!program) return complain(program.error(), kInternal);
    launcher.program = *program;
    const auto smoke = images::run_smoke(*image, launcher);
    if (!smoke) return complain(smoke.error(), kInternal);
    if (auto kept = images::keep_smoke(store.path(), name, *smoke); !kept) return complain(kept.error(), kInternal);
    fmt::print(stderr, "smoke test {}: {}: {}\n", smoke->passed ? "passed" : "failed", smoke->command, smoke->said);
    return smoke->passed ? 0 : kFailed;
}

void add_image_import(CLI::App& group, int& exit_code) {
    auto options = std::make_shared<Options>();
    CLI::App* command =
        group.add_subcommand("import", "Store a container image from a file, as an image of its own; prints its name");
    command->add_option("file", options->from, "OCI image layout (folder or tar), or docker save's tar; - is stdin")
        ->required();
    command->add_option("--name", options->name, "Name it, instead of after its own reference");
    command->add_option("--ref", options->reference, "Which one, when the file has several");
    command->add_option("--max-size", options->max_size, "Refuse more than so much")->capture_default_str();
    command->add_option("--cache", options->cache, "Folder of the store")->capture_default_str();
    command->callback([options, &exit_code] { exit_code = import(*options); });

    CLI::App* remover = group.add_subcommand("rm", "Remove an imported or debootstrap image");
    remover->add_option("name", options->name, "Its name")->required();
    remover->add_option("--cache", options->cache, "Folder of the store")->capture_default_str();
    remover->callback([options, &exit_code] { exit_code = remove(*options); });
}

}  // namespace assay::tools
