#include "harness/assertion_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "harness/suite/script_outline.h"

namespace assay::harness {

using Json = nlohmann::ordered_json;

SuiteFacts read_facts(const suite::Suite& suite) {
    std::vector<suite::ScriptOutline> outlines;
    for (const auto& script : suite.scripts) {
        // Pre-request scripts count for no assertion, and set nothing that a server said.
        outlines.push_back(script.listen == suite::Listen::test ? suite::outline(script.source)
                                                                : suite::ScriptOutline());
    }
    SuiteFacts facts;
    for (std::uint32_t position = 0; position < suite.items.size(); ++position) {
        check::ItemPlan plan;
        for (const auto script : suite.items[position].test) {
            for (const auto& site : outlines[script].assertions) {
                if (site.times == 0) plan.open = true;
                if (site.times == 0) continue;
                plan.assertions.push_back({site.name, site.suffix, site.exact, site.times});
            }
            for (const auto& name : outlines[script].sets) {
                auto& positions = facts.writers[name];
                if (positions.empty() || positions.back() != position) positions.push_back(position);
            }
        }
        facts.plan.items.push_back(std::move(plan));
    }
    return facts;
}

std::string reference_path(const std::string& collection) {
    const std::string_view ending = ".json";
    const auto stem =
        collection.ends_with(ending) ? collection.substr(0, collection.size() - ending.size()) : collection;
    return stem + ".assertions.json";
}

Result<std::string> write_reference(const suite::Suite& suite, const std::vector<check::RequestOutcome>& run) {
    std::vector<const check::RequestOutcome*> visits(suite.items.size(), nullptr);
    for (const auto& outcome : run) {
        if (!outcome.unreached.empty() || check::count(outcome).failed > 0 || !outcome.script_errors.empty())
            return fail("write reference", fmt::format("\"{}\" did not pass all of its assertions", outcome.item),
                        "run the collection against a server that passes it");
        if (outcome.iteration == 0 && visits[outcome.position] == nullptr) visits[outcome.position] = &outcome;
    }
    Json items = Json::array();
    for (std::size_t position = 0; position < suite.items.size(); ++position) {
        const auto& item = suite.items[position];
        if (visits[position] == nullptr)
            return fail("write reference", fmt::format("\"{}\" was not run", item.name), "run the whole collection");
        Json names = Json::array();
        for (const auto& assertion : visits[position]->assertions) {
            if (!assertion.pre_request) names.push_back(assertion.name);
        }
        items.push_back({{"item", item.name}, {"assertions", std::move(names)}});
    }
    const Json file = {{"collection", suite.name}, {"items", std::move(items)}};
    return file.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<void> apply_reference(std::string_view text, const std::string& file, const suite::Suite& suite,
                             check::Plan& plan) {
    const auto bad = [&](const std::string& what) {
        return fail("read reference", file + ": " + what,
                    "remove it, or make it again with --assertions-export against a server that passes");
    };
    const auto json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object() || !json.contains("items") || !json["items"].is_array()) return bad("no list \"items\"");
    const auto& items = json["items"];
    if (items.size() != suite.items.size())
        return bad(fmt::format("{} items, the collection has {}", items.size(), suite.items.size()));
    std::vector<check::ItemPlan> planned;
    for (std::size_t position = 0; position < items.size(); ++position) {
        const auto& item = items[position];
        if (!item.is_object() || !item.contains("item") || item["item"] != suite.items[position].name)
            return bad(fmt::format("item {} is not \"{}\"", position + 1, suite.items[position].name));
        if (!item.contains("assertions") || !item["assertions"].is_array()) return bad("no list \"assertions\"");
        check::ItemPlan one;
        // Under other answers the scripts may make others than these: names have to be compared.
        one.open = plan.items[position].open;
        for (const auto& name : item["assertions"]) {
            if (!name.is_string()) return bad("an assertion's name is no text");
            const auto known = name.get<std::string>();
            const auto same = std::find_if(one.assertions.begin(), one.assertions.end(),
                                           [&](const auto& each) { return each.name == known; });
            if (same != one.assertions.end())
                ++same->times;
            else
                one.assertions.push_back({known, "", true, 1});
        }
        planned.push_back(std::move(one));
    }
    plan.items = std::move(planned);
    plan.complete = true;
    return {};
}

}  // namespace assay::harness
