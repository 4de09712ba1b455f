// Makes one dependency layer: runs pip or npm in a sandbox of its own, with the allow-listed proxy as its only way out.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "images/failure.h"
#include "images/recipe.h"
#include "images/registries.h"
#include "images/setup.h"
#include "images/store.h"
#include "sandbox/launcher.h"

namespace assay::images {

struct BuildLimits {
    // CPU is what packages' own code is judged by: it means the same at any load. Wall time ends what hangs.
    std::chrono::seconds cpu_time{600};    // of a step
    std::chrono::seconds wall_time{1200};  // of the whole build
    Bytes memory{2ull << 30};
    std::uint32_t processes = 512;
    Bytes disk{4ull << 30};           // of everything below the build's directory
    std::uint64_t entries = 500'000;  // files and directories there
};

// A layer of one npm package whose install scripts have run, built once for all who use that version.
using ProvidePackage =
    std::function<tl::expected<Layer, LayerFailure>(const std::string& name, const std::string& version)>;

struct BuildOrder {
    const Recipe& recipe;
    const LayerContent& content;
    const Registries& registries;
    std::string directory;  // exists, empty, on the disk of the store; gets tree/ and build.log
    sandbox::Launcher::Options launcher;
    BuildLimits limits;
    std::stop_token stop;
    ProvidePackage package;  // empty: install scripts run in this build
};

// What was installed: "flask 3.1.3". Afterwards `directory` holds tree/ and build.log, also on failure. Blocks, for
// minutes at most; ends early when stopped.
tl::expected<std::vector<std::string>, LayerFailure> build_layer(const BuildOrder& order);

}  // namespace assay::images
