// What stands in a dependency layer, for the record and for people.
#pragma once

#include <string>
#include <vector>

namespace assay::images {

// "name version" of each package below `tree`, sorted, 500 at most. Never fails: what cannot be read is left out.
std::vector<std::string> layer_contents(const std::string& tree, bool python);

}  // namespace assay::images
