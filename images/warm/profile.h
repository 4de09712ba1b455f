// Finds out which objects a server writes to: those are to stand together (placement.h).
//
// Part of the library that is loaded into the interpreter (template.cc): one thread, no library but libc.
#pragma once

#include <sys/types.h>

#include "images/warm/allocator.h"

namespace assay::images::warm {

// Before the interpreter is initialised: from here on every small block has a page of its own, as far as writing to it
// is concerned. False: it cannot be done here.
bool begin_profile(Profile& profile);

// In a fork that goes on as a server: what it writes to from here on is its own, and shows. False: it cannot be done.
bool begin_trial();

// In the process that forked it, which has allocated nothing since: notes which blocks `other`, which stands still,
// has written to. 0 or an errno.
int end_profile(pid_t other);

}  // namespace assay::images::warm
