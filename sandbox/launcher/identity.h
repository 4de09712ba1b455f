// Who the launcher is, and who its sandboxes are outside.
#pragma once

#include <sys/types.h>

#include "base/fd.h"
#include "base/result.h"
#include "sandbox/launcher/privilege.h"

namespace assay::sandbox {

struct Identity {
    unsigned uid = 0;  // outer ids of the sandboxes' user, as the launcher's user namespace counts them
    unsigned gid = 0;
    Fd proc;  // the host's /proc, opened before the pivot
    Privilege privilege;
};

// As root: stays root and picks unprivileged outer ids. As ordinary user: enters a user namespace of its own, in
// which it may mount. Either way the mount namespace is its own afterwards.
Result<Identity> assume_identity();

// Maps the inner ids (kInnerId) of a cloned process with a user namespace of its own to the outer ones.
Result<void> map_ids(const Identity& identity, pid_t pid);

}  // namespace assay::sandbox
