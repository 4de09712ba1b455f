// How a sandbox ended, in words for people: what follows "the server ...".
#pragma once

#include <string>

#include "sandbox/spec.h"

namespace assay::sandbox {

// "exited with status 1", "was ended by signal 9", "met its limit of memory", "was stopped".
std::string describe(const Exit& exit);

}  // namespace assay::sandbox
