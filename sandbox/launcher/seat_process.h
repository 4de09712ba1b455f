// The child side of a seat.
#pragma once

#include "sandbox/launcher/plan.h"

namespace assay::sandbox {

// The life of a seat, called in the cloned process. Never returns; ends with its launcher.
[[noreturn]] void run_seat(Board& board);

}  // namespace assay::sandbox
