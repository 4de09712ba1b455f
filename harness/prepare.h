// The step of an evaluation that gets the layers which a submission's server stands on.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "harness/batch/source.h"
#include "harness/evaluate.h"
#include "images/setup.h"
#include "images/store.h"

namespace assay::harness {

struct Prepared {
    images::Layer layer;                 // dependencies; empty: it has none
    images::Layer warm;                  // a template that the interpreter may continue from; empty: it starts cold
    std::vector<std::string> own_setup;  // set-up commands to be run before the server, whatever they return
    std::string rejected;                // why its dependencies cannot be had: the submission's own doing
    std::string why_cold;                // empty with a template, and for images that have none
    std::string dependency_log;          // of a build that failed
};

// Whoever has to build a layer, or waits for one, gives `slot` back meanwhile; it is held again in the end. Everything
// must outlive the coroutine. A fault: a layer could not be had for a reason of ours.
runtime::Task<tl::expected<Prepared, runtime::Fault>> prepare(Session& session, const batch::Submission& submission,
                                                              const ImageHost& image, images::Manifests manifests,
                                                              runtime::Admission::Slot& slot);

}  // namespace assay::harness
