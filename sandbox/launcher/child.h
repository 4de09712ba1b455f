// Between clone and exec.
#pragma once

#include "sandbox/launcher/plan.h"

namespace assay::sandbox {

// The life of an init, called in the cloned process. Never returns.
[[noreturn]] void run_init(Board& board);

// Reports the failed step and exits.
[[noreturn]] void give_up(const Plan& plan, Step step, int code, unsigned op);
void check(const Plan& plan, Step step, bool good);  // gives up with errno

// False once the launcher has ended: the parent-death signal covers that only from when it is armed.
bool launcher_lives();

}  // namespace assay::sandbox
