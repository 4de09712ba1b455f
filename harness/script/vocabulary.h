// Whether a script stays within what prelude/core.js has: decided once, when a suite is compiled.
//
// core.js is small and fast and has the calls that most scripts consist of; the complete sandbox has everything and
// costs some fifty times as much a run. Whatever is not known to be the same in both counts as beyond, so that the
// price of doubt is time and never a verdict. Knows no engine: it reads the script's words.
#pragma once

#include <string_view>

namespace assay::script {

bool within_core(std::string_view source);

}  // namespace assay::script
