// Assembling the image root, once per launcher.
#pragma once

#include "base/fd.h"
#include "base/result.h"
#include "sandbox/spec.h"

namespace assay::sandbox {

struct Root {
    Fd stage;  // the stage directory, through a mount that is writable
};

// Builds the plan's root on a tmpfs, pivots into it and detaches the old one. The mount namespace must be the
// caller's own already. `uid`, `gid`: owner of the stage.
Result<Root> assemble_root(const RootPlan& plan, unsigned uid, unsigned gid);

}  // namespace assay::sandbox
