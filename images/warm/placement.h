// Puts the objects that servers write to next to each other, by what another interpreter has found out (profile.h): a
// page with one of them in it is copied for every server.
//
// Part of the library that is loaded into the interpreter (template.cc): one thread, no library but libc.
#pragma once

#include "images/warm/allocator.h"

namespace assay::images::warm {

// Before the interpreter is initialised. Without an effect where it cannot be done here.
void begin_placement(const Profile& profile);

struct Placed {
    std::size_t blocks;
    std::size_t bytes;
};

// From here on the usual allocator has its say; the place of a block that was placed is not used again when it is
// freed. The profile is not needed any longer.
Placed end_placement();

}  // namespace assay::images::warm
