// Prepares a service once: what its submissions' overlays lie over.
#pragma once

#include <chrono>
#include <map>
#include <stop_token>
#include <string>

#include "images/failure.h"
#include "images/recipe.h"
#include "sandbox/launcher.h"

namespace assay::images {

struct TemplateOrder {
    const Recipe& recipe;   // its `service` is set
    std::string directory;  // exists, empty, on the disk of the store; gets tree/ and build.log
    sandbox::Launcher::Options launcher;
    std::stop_token stop;
};

// Runs Service::prepare as the sandbox's user (PostgreSQL refuses uid 0), without a network. Every failure is a fault:
// no submission has a part in it. Blocks for a second or two; ends early when stopped.
tl::expected<void, LayerFailure> prepare_service(const TemplateOrder& order);

// Key of the prepared service in the store: recipe, versions of the service's programs, machine.
std::string service_key(const Recipe& recipe, const std::map<std::string, std::string>& versions,
                        const std::string& machine);

}  // namespace assay::images
