// What the tests of real builds share: a store of their own, a launcher, and sandboxes that use a layer.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "base/fd.h"
#include "images/catalog.h"
#include "images/dependencies.h"
#include "images/mounts.h"
#include "images/tree.h"
#include "tests/unit/temp_dir.h"

extern char** environ;

namespace assay::images {

inline Environment environment() {
    Environment env;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string text = *entry;
        const auto equals = text.find('=');
        env[text.substr(0, equals)] = text.substr(equals + 1);
    }
    return env;
}

class RealBuild : public testing::Test {
 protected:
    LayerStore::Options options() const {
        LayerStore::Options options;
        options.store.path = path_;
        options.store.min_free = Bytes{64u << 20};
        options.environment = environment();
        options.environment["PIP_RETRIES"] = "1";  // a refusal is final here
        options.launcher.program = ASSAY_LAUNCHER_PROGRAM;
        return options;
    }
    LayerStore open(std::optional<LayerStore::Options> given = {}) const {
        auto store = LayerStore::open(given ? *given : options());
        EXPECT_TRUE(store) << store.error().to_string();
        return std::move(*store);
    }

    static LayerRequest python(const std::string& requirements) {
        return {"python", {{"requirements.txt", requirements}}, {}};
    }
    static LayerRequest node(const std::string& package, const std::string& command = "npm install") {
        return {"node", {{"package.json", package}}, {command}};
    }
    // Lines of the build's log, for a message.
    static std::string log_of(const LayerFailure& failure) {
        std::string text = failure.to_string() + "\n" + failure.log + "\n";
        for (const std::string& line : failure.last_lines) text += "  | " + line + "\n";
        return text;
    }

    struct Ran {
        int status = -1;
        std::string output;
    };
    // Runs a command as a submission with this layer would.
    Ran run(LayerStore& store, const Layer& layer, const std::string& image, const std::vector<std::string>& command,
            const Layer& warm = {}) const {
        Ran ran;
        const auto recipe = find_image(image, store.store());
        EXPECT_TRUE(recipe) << recipe.error().to_string();
        if (!recipe) return ran;
        const auto plan = server_root_plan(*recipe, store.store().layers_dir());
        EXPECT_TRUE(plan);
        auto launcher = sandbox::Launcher::start(*plan, options().launcher);
        EXPECT_TRUE(launcher) << launcher.error().to_string();
        if (!launcher) return ran;
        sandbox::Spec spec;
        spec.label = "test";
        spec.argv = command;
        spec.env = server_env(*recipe, 8080);
        spec.limits.wall_time = std::chrono::seconds(30);
        apply_layer(layer, spec);
        if (warm) apply_warm_template(warm, *recipe, spec);
        auto pipe = make_pipe();
        EXPECT_TRUE(launcher->launch(spec, {-1, pipe->write.get(), pipe->write.get()}));
        pipe->write.reset();
        ran.output = read_all(pipe->read.get()).value_or("");
        for (;;) {
            pollfd ready{launcher->fd(), POLLIN, 0};
            ::poll(&ready, 1, 30'000);
            auto reply = launcher->receive();
            if (!reply) return ran;
            if (!*reply) continue;
            if (auto* failed = std::get_if<sandbox::LaunchFailed>(&**reply)) {
                ran.output += failed->error.to_string();
                return ran;
            }
            if (auto* ended = std::get_if<sandbox::Ended>(&**reply)) {
                ran.status = ended->exit.code;
                return ran;
            }
        }
    }

    TempDir dir_;
    const std::string& path_ = dir_.path();
};

// Ends the test as skipped, saying so, when the reason is that no registry answers from here.
#define ASSAY_NEEDS_REGISTRY(layer)                                                       \
    if (!(layer) && (layer).error().reason == LayerFailure::Reason::registry_unreachable) \
    GTEST_SKIP() << "the registry cannot be reached from here: " << (layer).error().to_string()

}  // namespace assay::images
