// Reports of a whole batch, written from its run folder: JUnit XML, CTRF, TAP, SARIF, HTML.
//
// Theory of operation: the journal is read twice. First the records, for what stands at a report's head (the table,
// how many failed of what); then submission by submission, and each goes to every format and is forgotten. Memory is
// that of one submission and of the journal's index, whatever the size of the batch.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "harness/collect/journal.h"
#include "harness/report/table.h"

namespace assay::report {

// What is known of a batch before its submissions are read.
struct BatchRun {
    std::string name;     // of the batch: as it was given on the command line
    std::string version;  // of assay, that writes the report
    nlohmann::json manifest;
    Table table;
    std::map<std::string, std::uint64_t> failures;  // "category" or "category: cause": submissions
    std::map<std::string, std::uint64_t> faults;    // step: submissions
    std::vector<std::string> unfinished;            // ids
    std::int64_t started_ms = 0;                    // since 1970
    std::int64_t stopped_ms = 0;
};

// One submission. Its id is no path and its texts are those of a server: whoever prints them escapes them.
struct Evaluated {
    collect::Record record;
    std::vector<check::RequestOutcome> requests;  // of the attempt that counts
    std::int64_t started_ms = 0;                  // since 1970
    std::int64_t stopped_ms = 0;
};

// A format that can be written submission by submission.
class BatchFormat {
 public:
    virtual ~BatchFormat() = default;
    virtual std::string begin(const BatchRun& run) = 0;
    virtual std::string add(const Evaluated& submission) = 0;
    virtual std::string end() = 0;
};

struct ReportOrder {
    std::string format;
    std::string file;  // "-": standard output
};

// "FORMAT" or "FORMAT=FILE", as options name them; without a file it is the format's own in `folder`.
Result<std::vector<ReportOrder>> read_orders(const std::vector<std::string>& texts, const std::string& folder);
// "junit, ctrf, ..."
std::string format_names();

// Of the last record of each submission.
Result<Table> table_of(const collect::Journal& journal);

// Each file is there whole or not at all.
Result<void> write_reports(const collect::Journal& journal, const std::vector<ReportOrder>& orders,
                           const std::string& version);

// "2026-01-31T12:00:00Z"
[[nodiscard]] std::string utc_time(std::int64_t ms);

}  // namespace assay::report
