// Whether this host has what images are made of: programs and room.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sandbox/host_check.h"

namespace assay::images {

// Each image's programs, and git. `recipes`: an operator's folder, may be empty. `search`: folders of PATH.
// Missing when no image of servers is complete.
std::vector<sandbox::Finding> check_tools(const std::string& recipes, const std::string& search);

// Free space where `folder` is or will be.
sandbox::Finding check_space(const std::string& name, const std::string& folder);

}  // namespace assay::images
