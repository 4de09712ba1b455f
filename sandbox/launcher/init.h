// Pid 1 of a sandbox after the target runs: reap, report, exit.
#pragma once

#include <sys/types.h>

#include "sandbox/launcher/plan.h"

namespace assay::sandbox {

// Writes one record to kReportFd, with the time. Async-signal-safe.
void send_report(Report& report);

// Reports that main runs, waits for it and for what it leaves behind, leaves a last word on the board, exits.
[[noreturn]] void reap(Board& board, pid_t main_pid);

}  // namespace assay::sandbox
