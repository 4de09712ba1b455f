// Pid 1 of a sandbox after the target runs: reap, report, exit.
#pragma once

#include <sys/types.h>

#include "sandbox/launcher/child.h"

namespace assay::sandbox {

// Writes one record to kReportFd, with the time. Async-signal-safe.
void send_report(Report& report);

// Reports that main runs, waits for it and for what it leaves behind, reports, exits.
[[noreturn]] void reap(const Plan& plan, pid_t main_pid);

}  // namespace assay::sandbox
