// From how an installation ended to why: the only place that reads pip's and npm's messages. Pure functions.
//
// A step is *trusted* while only pip or npm itself has run in it. In an untrusted step packages' own code has run,
// which can print and exit as it likes: what it says may turn one failure of the submission into another, never into a
// fault of ours.
#pragma once

#include <optional>
#include <string>

#include "images/failure.h"
#include "images/proxy.h"
#include "images/recipe.h"
#include "sandbox/spec.h"

namespace assay::images {

struct StepOutcome {
    LayerKind kind = LayerKind::none;
    bool trusted = false;
    bool disk_exceeded = false;  // ended by us because of what it wrote
    sandbox::Exit exit;
    std::string output;  // what was printed; its end, when that was much
    std::string report;  // npm's --json
    std::string log;     // pip's --log
    Proxy::Record proxy;
};

// Nothing = it succeeded. `log` and `last_lines` are the caller's to fill.
std::optional<LayerFailure> diagnose(const StepOutcome& step);

// Whether wheels alone did not do, but building from source may.
bool worth_building_from_source(const LayerFailure& failure);

// "requirements.txt:3: " or "package.json:12: ", the line of `manifest` that names `subject`; empty when none does.
std::string locate(const std::string& file, const std::string& manifest, const std::string& subject);

}  // namespace assay::images
