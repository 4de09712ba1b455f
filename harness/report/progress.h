// The live display of a batch, on stderr: a status line that is rewritten on a terminal, a line a submission
// elsewhere, JSON for programs.
#pragma once

#include <memory>
#include <string>

#include "harness/collect/collector.h"

namespace assay::report {

enum class ProgressKind { automatic, tty, plain, json, none };

struct ProgressOptions {
    ProgressKind kind = ProgressKind::automatic;  // automatic: tty when stderr is one, else plain
    std::uint64_t total = 0;                      // submissions in the batch
    bool colour = true;                           // only with tty
};

// A collector's sink; on_record is called on the writer thread. in_work() is asked for the status line.
std::shared_ptr<collect::Sink> make_progress(const ProgressOptions& options);

}  // namespace assay::report
