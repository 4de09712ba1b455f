// `assay doctor`: looks at the host, and says for each thing that is missing what to do and what works without it.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "images/host_check.h"
#include "sandbox/host_check.h"
#include "tools/assay/commands.h"
#include "tools/assay/environment.h"

namespace assay::tools {
namespace {

using sandbox::Finding;
using State = Finding::State;

const char* word(State state) {
    switch (state) {
        case State::good: return "ok";
        case State::limited: return "limited";
        case State::missing: return "missing";
    }
    return "";
}

std::vector<Finding> look_around() {
    std::vector<Finding> all = sandbox::check_kernel(sandbox::this_host());
    auto add = [&](std::vector<Finding> more) { std::move(more.begin(), more.end(), std::back_inserter(all)); };
    if (auto launcher = launcher_program()) {
        add(sandbox::try_sandbox(*launcher));
    } else {
        add({{"assay-launcher", State::missing, launcher.error().to_string(), "build the target assay-launcher",
              "assay suite run, assay verify"}});
    }
    const auto variables = environment();
    const auto path = variables.find("PATH");
    add(images::check_tools("", path == variables.end() ? "/usr/bin:/bin" : path->second));
    add({images::check_space("room for layers", cache_folder()), images::check_space("room for runs", state_folder())});
    return all;
}

void print_text(const std::vector<Finding>& findings, bool able) {
    for (const Finding& each : findings) {
        fmt::print("{:<8} {:<22} {}\n", word(each.state), each.name, each.found);
        if (!each.remedy.empty()) fmt::print("{:<9}remedy: {}\n", "", each.remedy);
        if (!each.without.empty()) fmt::print("{:<9}works without: {}\n", "", each.without);
    }
    fmt::print("{}\n", able ? "assay can run here" : "assay cannot run here");
}

void print_json(const std::vector<Finding>& findings, bool able) {
    nlohmann::ordered_json all = nlohmann::ordered_json::array();
    for (const Finding& each : findings)
        all.push_back({{"name", each.name},
                       {"state", word(each.state)},
                       {"found", each.found},
                       {"remedy", each.remedy},
                       {"works_without", each.without}});
    fmt::print("{}\n", nlohmann::ordered_json{{"able", able}, {"findings", all}}.dump(2));
}

}  // namespace

void add_doctor(CLI::App& app, int& exit_code) {
    CLI::App* command = app.add_subcommand("doctor", "Check whether this host can run assay, and how well");
    auto json = std::make_shared<bool>(false);
    command->add_flag("--json", *json, "For machines");
    command->callback([json, &exit_code] {
        const auto findings = look_around();
        const bool able = std::none_of(findings.begin(), findings.end(),
                                       [](const Finding& each) { return each.state == State::missing; });
        *json ? print_json(findings, able) : print_text(findings, able);
        exit_code = able ? 0 : 1;
    });
}

}  // namespace assay::tools
