#include "images/dependencies.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <mutex>
#include <nlohmann/json.hpp>

#include "images/catalog.h"
#include "images/diagnose.h"
#include "images/node_tree.h"
#include "images/probe.h"
#include "images/service_template.h"
#include "images/tree.h"
#include "images/warm_template.h"

namespace assay::images {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using Reason = LayerFailure::Reason;

constexpr std::size_t kLastLines = 20;

LayerFailure fault(Reason reason, const Error& error) {
    LayerFailure failure;
    failure.reason = reason;
    failure.remedy = error.remedy;
    Error plain = error;
    plain.remedy.clear();
    failure.what = plain.to_string();
    return failure;
}

// Ours, unless the disk is full or somebody stopped us.
LayerFailure store_fault(const Error& error) {
    return fault(error.code == ENOSPC || error.code == EDQUOT ? Reason::disk_full
                 : error.code == ECANCELED                    ? Reason::stopped
                                                              : Reason::internal,
                 error);
}

std::vector<std::string> last_lines(const std::string& file) {
    std::vector<std::string> lines;
    std::string text = read_file(file, 64u << 20).value_or("");
    if (text.size() > 64 * 1024) text.erase(0, text.size() - 64 * 1024);
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find('\n', at), text.size());
        if (end > at) lines.push_back(text.substr(at, std::min<std::size_t>(end - at, 1000)));
        at = end + 1;
    }
    if (lines.size() > kLastLines) lines.erase(lines.begin(), lines.end() - kLastLines);
    return lines;
}

}  // namespace

struct LayerStore::State {
    State(Options given, Store opened) : options(std::move(given)), store(std::move(opened)) {}

    Options options;
    Store store;
    std::mutex mutex;                                                    // guards the two below
    std::map<LayerKind, std::shared_ptr<const Registries>> registries;   // asked for once a process
    std::map<std::string, std::map<std::string, std::string>> versions;  // by image

    Result<std::map<std::string, std::string>> versions_of(const Recipe& recipe) {
        // A tree of its own says everything by its content.
        if (recipe.tree) return std::map<std::string, std::string>{{"tree", recipe.tree.info().key}};
        std::lock_guard guard(mutex);
        if (const auto known = versions.find(recipe.name); known != versions.end()) return known->second;
        ASSAY_TRY(auto probed, probe_versions(recipe, options.store.path + "/probes.json", options.environment));
        return versions.emplace(recipe.name, std::move(probed)).first->second;
    }

    Result<std::shared_ptr<const Registries>> registries_of(LayerKind kind) {
        std::lock_guard guard(mutex);
        if (const auto known = registries.find(kind); known != registries.end()) return known->second;
        ASSAY_TRY(auto found, find_registries(kind, options.environment, options.allow_hosts));
        return registries.emplace(kind, std::make_shared<const Registries>(std::move(found))).first->second;
    }

    // ------------------------------------------------------------------------------------------ failures

    // A submission's failure that is still believed.
    std::optional<LayerFailure> known_failure(const std::string& key) const {
        const std::string folder = store.failed_dir(key);
        struct stat info {};
        if (::stat((folder + "/failure.json").c_str(), &info) != 0) return std::nullopt;
        if (::time(nullptr) - info.st_mtime >= options.believe_failures.count()) return std::nullopt;
        const auto text = read_file(folder + "/failure.json", 1u << 20);
        const Json json = text ? Json::parse(*text, nullptr, false) : Json();
        if (!json.is_object()) return std::nullopt;
        const auto reason = reason_named(json.value("reason", ""));
        if (!reason) return std::nullopt;
        LayerFailure failure;
        failure.reason = *reason;
        failure.what = json.value("what", "");
        failure.subject = json.value("subject", "");
        failure.remedy = json.value("remedy", "");
        failure.log = folder + "/build.log";
        failure.last_lines = last_lines(failure.log);
        return failure;
    }

    // Keeps the log, which outlives the build, and what is to be believed. Called while the claim is held.
    void keep_failure(const std::string& key, LayerFailure& failure) const {
        const std::string folder = store.failed_dir(key);
        (void)remove_tree(folder);
        std::error_code ignored;
        fs::create_directories(folder, ignored);
        if (!failure.log.empty()) {
            const std::string log = folder + "/build.log";
            failure.log = ::rename(failure.log.c_str(), log.c_str()) == 0 ? log : std::string();
            failure.last_lines = last_lines(failure.log);
        }
        if (!failure.of_submission() || options.believe_failures.count() == 0) return;
        const Json json{{"reason", name_of(failure.reason)},
                        {"what", failure.what},
                        {"subject", failure.subject},
                        {"remedy", failure.remedy}};
        (void)replace_file(folder + "/failure.json", json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
    }

    tl::expected<Layer, LayerFailure> commit(Building building, LayerInfo info, Instant begin) const {
        info.build_time = std::chrono::duration_cast<Millis>(Clock::now() - begin);
        auto layer = std::move(building).commit(std::move(info));
        if (!layer) return tl::unexpected(store_fault(layer.error()));
        return std::move(*layer);
    }

    // ------------------------------------------------------------------------------------------ services

    tl::expected<Layer, LayerFailure> ensure_service(const Recipe& recipe, const std::stop_token& stop) {
        if (auto tools = check_tools(recipe, false); !tools)
            return tl::unexpected(fault(Reason::tool_missing, tools.error()));
        const auto probed = versions_of(recipe);
        if (!probed) return tl::unexpected(fault(Reason::tool_missing, probed.error()));
        auto claimed = store.claim(service_key(recipe, *probed, host_machine()), stop);
        if (!claimed) return tl::unexpected(store_fault(claimed.error()));
        if (auto* layer = std::get_if<Layer>(&*claimed)) return std::move(*layer);
        return prepare(recipe, *probed, std::move(std::get<Building>(*claimed)), stop);
    }

    tl::expected<Layer, LayerFailure> prepare(const Recipe& recipe, const std::map<std::string, std::string>& probed,
                                              Building building, const std::stop_token& stop) {
        if (auto tools = check_tools(recipe, true); !tools)
            return tl::unexpected(fault(Reason::tool_missing, tools.error()));
        if (auto space = store.check_space(); !space) return tl::unexpected(store_fault(space.error()));
        const Instant begin = Clock::now();
        if (auto prepared = prepare_service({recipe, building.path(), options.launcher, stop}); !prepared) {
            keep_failure(building.key(), prepared.error());
            return tl::unexpected(std::move(prepared).error());
        }
        LayerInfo info;
        info.image = recipe.name;
        info.kind = "service";
        for (const auto& [name, version] : probed) info.contents.push_back(version);
        return commit(std::move(building), std::move(info), begin);
    }

    // ------------------------------------------------------------------------------------------ warm templates

    tl::expected<Layer, LayerFailure> ensure_warm(const Recipe& recipe, const Layer& layer,
                                                  const std::stop_token& stop) {
        auto claimed = store.claim(warm_key(recipe, layer), stop);
        if (!claimed) return tl::unexpected(store_fault(claimed.error()));
        if (auto* known = std::get_if<Layer>(&*claimed)) return std::move(*known);
        if (auto space = store.check_space(); !space) return tl::unexpected(store_fault(space.error()));
        auto building = std::move(std::get<Building>(*claimed));
        const Instant begin = Clock::now();
        auto refused = make_warm_template({recipe, layer, store.layers_dir(), building.path(), options.launcher, stop});
        if (!refused) {
            keep_failure(building.key(), refused.error());
            return tl::unexpected(std::move(refused).error());
        }
        return commit(std::move(building), warm_info(recipe, layer, *refused), begin);
    }

    // ------------------------------------------------------------------------------------------ building

    tl::expected<Layer, LayerFailure> build(const Recipe& recipe, const LayerContent& content, Building building,
                                            const std::stop_token& stop) {
        if (auto tools = check_tools(recipe, true); !tools)
            return tl::unexpected(fault(Reason::tool_missing, tools.error()));
        if (auto tools = check_layer_tools(recipe, content.kind); !tools)
            return tl::unexpected(fault(Reason::tool_missing, tools.error()));
        if (auto space = store.check_space(); !space) return tl::unexpected(store_fault(space.error()));
        auto sources = registries_of(content.kind);
        if (!sources) return tl::unexpected(fault(Reason::internal, sources.error()));

        const Instant begin = Clock::now();
        // A layer of one package asks for no further layer, so claims never wait in a circle.
        const ProvidePackage package = [&](const std::string& name, const std::string& version) {
            return ensure_content(recipe, single_package(name, version), stop);
        };
        const BuildOrder order{recipe,           content,        **sources, building.path(),
                               options.launcher, options.limits, stop,      package};
        auto contents = build_layer(order);
        if (!contents) {
            keep_failure(building.key(), contents.error());
            return tl::unexpected(std::move(contents).error());
        }
        LayerInfo info;
        info.image = recipe.name;
        info.kind = kind_name(content.kind);
        info.contents = std::move(*contents);
        return commit(std::move(building), std::move(info), begin);
    }

    tl::expected<Layer, LayerFailure> ensure(const LayerRequest& request, const std::stop_token& stop) {
        const auto recipe = find_image(request.image, store, options.recipes);
        if (!recipe) return tl::unexpected(fault(Reason::internal, recipe.error()));
        auto setup = plan_setup(*recipe, request.manifests, request.setup);
        if (!setup) return tl::unexpected(fault(Reason::invalid_manifest, setup.error()));
        if (!setup->layer) return Layer();

        if (auto tools = check_tools(*recipe, false); !tools)
            return tl::unexpected(fault(Reason::tool_missing, tools.error()));
        return ensure_content(*recipe, *setup->layer, stop);
    }

    tl::expected<Layer, LayerFailure> ensure_content(const Recipe& recipe, const LayerContent& content,
                                                     const std::stop_token& stop) {
        const auto probed = versions_of(recipe);
        if (!probed) return tl::unexpected(fault(Reason::tool_missing, probed.error()));
        const std::string key = layer_key(recipe, content, *probed, host_machine());

        if (auto known = known_failure(key)) return tl::unexpected(std::move(*known));
        if (options.offline) {
            auto found = store.find(key);
            if (!found) return tl::unexpected(store_fault(found.error()));
            if (*found) return std::move(*found);
            return tl::unexpected(fault(
                Reason::offline, Error{"find layer", 0, "it has not been built yet", "run once without --offline"}));
        }
        auto claimed = store.claim(key, stop);
        if (!claimed) return tl::unexpected(store_fault(claimed.error()));
        if (auto* layer = std::get_if<Layer>(&*claimed)) return std::move(*layer);
        // Whoever had the claim before may have failed.
        if (auto known = known_failure(key)) return tl::unexpected(std::move(*known));
        return build(recipe, content, std::move(std::get<Building>(*claimed)), stop);
    }
};

Result<LayerStore> LayerStore::open(Options options) {
    ASSAY_TRY(Store store, Store::open(options.store));
    return LayerStore(std::make_shared<State>(std::move(options), std::move(store)));
}

tl::expected<Layer, LayerFailure> LayerStore::ensure(const LayerRequest& request, const std::stop_token& stop) {
    auto layer = [&]() -> tl::expected<Layer, LayerFailure> {
        try {
            return state_->ensure(request, stop);
        } catch (const std::exception& error) {  // of a library; out of memory
            return tl::unexpected(fault(Reason::internal, Error{"make layer", 0, error.what(), {}}));
        }
    }();
    if (!layer)
        for (const auto& [file, bytes] : request.manifests)
            if (const std::string place = locate(file, bytes, layer.error().subject); !place.empty()) {
                layer.error().what.insert(0, place);
                break;
            }
    return layer;
}

tl::expected<Layer, LayerFailure> LayerStore::ensure_service(const Recipe& recipe, const std::stop_token& stop) {
    try {
        return state_->ensure_service(recipe, stop);
    } catch (const std::exception& error) {  // of a library; out of memory
        return tl::unexpected(fault(Reason::internal, Error{"prepare service", 0, error.what(), {}}));
    }
}

tl::expected<Layer, LayerFailure> LayerStore::ensure_warm(const Recipe& recipe, const Layer& layer,
                                                          const std::stop_token& stop) {
    try {
        return state_->ensure_warm(recipe, layer, stop);
    } catch (const std::exception& error) {  // of a library; out of memory
        return tl::unexpected(fault(Reason::internal, Error{"make warm template", 0, error.what(), {}}));
    }
}

Store& LayerStore::store() noexcept { return state_->store; }
const LayerStore::Options& LayerStore::options() const noexcept { return state_->options; }

std::string layer_key(const Recipe& recipe, const LayerContent& content,
                      const std::map<std::string, std::string>& versions, const std::string& machine) {
    std::string all =
        fmt::format("assay layer 1\n{}\n{}\n{}\n{}\n", recipe.name, recipe.revision, machine, content.digest());
    for (const auto& [name, version] : versions) all += fmt::format("{}={}\n", name, version);
    return sha256(all);
}

}  // namespace assay::images
