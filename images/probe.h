// Versions of the tools that decide what a layer contains.
#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "images/recipe.h"

namespace assay::images {

// Probe name -> what its command prints. Answers are kept in `cache_file` for as long as the probed file stays the
// same, so that a start of assay runs none of the commands. `env`: the caller's environment.
Result<std::map<std::string, std::string>> probe_versions(const Recipe& recipe, const std::string& cache_file,
                                                          const std::map<std::string, std::string>& env);

// "x86_64": what a layer is made for.
std::string host_machine();

}  // namespace assay::images
