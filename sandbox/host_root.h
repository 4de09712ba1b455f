// A RootPlan of the host's own system directories: /usr and what belongs to it, an /etc of our own, nothing else.
#pragma once

#include "sandbox/spec.h"

namespace assay::sandbox {

// /usr and the library folders read-only (symbolic links stay links), /usr/local hidden behind an empty directory,
// a small /etc, mount points /app, /home/user, /tmp. Looks at the host: call it where the host's / is in view.
RootPlan host_root();

}  // namespace assay::sandbox
