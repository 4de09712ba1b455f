// A submission's manifests and set-up commands: a plan or a reason for any bytes, and nothing in the plan that a
// builder must not be told.
//
// The first byte says whose they are; files are divided by lines of "---".
#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "images/diagnose.h"
#include "images/setup.h"
#include "tests/fuzz/check.h"

namespace {

using namespace assay::images;

std::string next_file(std::string_view& rest) {
    constexpr std::string_view kDivider = "\n---\n";
    const auto end = std::min(rest.find(kDivider), rest.size());
    std::string file(rest.substr(0, end));
    rest.remove_prefix(std::min(end + kDivider.size(), rest.size()));
    return file;
}

void check_npm(const LayerContent& content) {
    for (const auto& [name, bytes] : content.files) {
        FUZZ_CHECK(name == "package.json" || name == "package-lock.json" || name == ".npmrc");
        if (name == "package.json") {
            const auto json = nlohmann::json::parse(bytes);
            FUZZ_CHECK(!json.contains("scripts") && !json.contains("workspaces"));
        }
        if (name == ".npmrc")  // where packages come from, and as whom
            for (const char* setting : {"registry", "_auth", "//", "script-shell", "proxy", "cafile", "globalconfig"})
                FUZZ_CHECK(bytes.find("\n" + std::string(setting)) == std::string::npos && !bytes.starts_with(setting));
    }
}

// The same files make the same layer, and what was left out of them changes nothing.
void check_layer(const Recipe& recipe, const Manifests& files, const LayerContent& content) {
    const auto again = plan_setup(recipe, files, {});
    FUZZ_CHECK(again && again->layer);
    if (content.kind == LayerKind::node_modules) {
        const auto reduced = plan_setup(recipe, content.files, {});
        FUZZ_CHECK(reduced && reduced->layer && reduced->commands.empty());
        FUZZ_CHECK(reduced->layer->files == content.files);
    }
    (void)runs_wheels_only(content);
}

void judge(const Recipe& recipe, const Manifests& files, const std::string& command) {
    for (const auto& commands : {std::vector<std::string>(), std::vector<std::string>{command}}) {
        const auto setup = plan_setup(recipe, files, commands);
        if (!setup) {
            FUZZ_CHECK(!setup.error().detail.empty());
            continue;
        }
        if (!setup->layer) continue;
        FUZZ_CHECK(setup->layer->digest().size() == 64);
        if (recipe.layer == LayerKind::node_modules) check_npm(*setup->layer);
        check_layer(recipe, files, *setup->layer);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Recipe python = *find_recipe("python"), node = *find_recipe("node");
    if (size < 1) return 0;
    std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::string command = next_file(rest);
    if (data[0] % 3 == 0) {
        const Manifests files{{"requirements.txt", next_file(rest)}, {"more.txt", next_file(rest)}};
        for (const auto& name : manifest_includes(files.at("requirements.txt"))) FUZZ_CHECK(!name.empty());
        judge(python, files, command);
    } else if (data[0] % 3 == 1) {
        Manifests files{{"package.json", next_file(rest)}};
        for (const char* name : {"package-lock.json", ".npmrc"})
            if (std::string bytes = next_file(rest); !bytes.empty()) files.emplace(name, std::move(bytes));
        judge(node, files, command);
    } else {  // what an installer printed
        StepOutcome step;
        step.kind = data[0] % 2 == 0 ? LayerKind::node_modules : LayerKind::python_prefix;
        step.trusted = data[0] % 4 < 2;
        step.exit.code = 1;
        step.output = command;
        step.report = next_file(rest);
        step.log = next_file(rest);
        const auto failure = diagnose(step);
        FUZZ_CHECK(failure && !failure->what.empty());
        if (!step.trusted) FUZZ_CHECK(failure->of_submission());
        (void)worth_building_from_source(*failure);
        (void)locate("package.json", next_file(rest), failure->subject);
    }
    return 0;
}
