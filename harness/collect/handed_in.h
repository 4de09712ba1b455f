// What a service's run folder says after its end: which submissions were accepted, and which of them have a result.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "harness/collect/collector.h"

namespace assay::collect {

struct Finished {
    std::string id;
    Place place;             // of its last line in results.jsonl
    bool fault = false;      // that line is a fault
    bool retryable = false;  // ... which may be tried again
    nlohmann::json entry{};  // as it was accepted; null: it never was, for it could not be read
};

// Accepted, and neither finished nor taken back.
struct Unfinished {
    std::string id;
    nlohmann::json entry;
};

struct HandedIn {
    std::vector<Finished> finished;      // in no order
    std::vector<Unfinished> unfinished;  // in the order in which they were accepted
};

// Reads the folder before a Collector continues it, and completes results.jsonl: a record may have come to the journal
// and not there. Memory grows with the entries that stand in the journal.
Result<HandedIn> read_handed_in(const std::string& folder);

}  // namespace assay::collect
