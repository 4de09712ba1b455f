// A batch from its files to its table: what `assay run` and `assay bench batch` have in common.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "harness/report/table.h"
#include "tools/assay/evaluation_options.h"

namespace assay::tools {

// As given on the command line; resolved completely before anything is executed.
struct BatchOptions : EvaluationOptions {
    std::string filter;
    std::string progress = "auto";
    std::string stream;  // the journal as it grows: a file, a named pipe, - for stdout; empty: none
    std::uint32_t repeat = 1;
    std::vector<std::string> reports;  // FORMAT or FORMAT=FILE
    std::string shard;                 // I/N or auto; empty: the whole batch
    std::vector<std::string> gates;
};

struct BatchSummary {
    report::Table table;
    std::string folder;             // of the run
    std::uint64_t done_before = 0;  // submissions that --resume found with a verdict
    double seconds = 0;
    std::vector<std::string> unmet;  // gates, with what was found
    Result<void> streamed;           // an error: --stream's reader did not get everything
    Result<void> written;            // an error: the journal or a report is incomplete, --resume goes on
};

// An error is about usage or configuration; nothing was run.
Result<BatchSummary> run_batch(const BatchOptions& options);

}  // namespace assay::tools
