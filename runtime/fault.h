// A fault is about us: why a submission has no verdict. It is never scored.
#pragma once

#include <string>

namespace assay::runtime {

struct Fault {
    std::string step;    // "launch", "dependencies", "materialise"
    std::string reason;  // with the remedy, where one is known
    bool retryable = true;
};

}  // namespace assay::runtime
