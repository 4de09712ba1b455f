// What the reader of a set-up error can do about it.
#pragma once

#include "base/result.h"

namespace assay::sandbox {

// The remedy for a failed step and its errno, from what this host's settings say; empty when none is known.
std::string remedy_for(const Error& error);

}  // namespace assay::sandbox
