// The way back from the journal's JSON (record.h) to values, for what is made of a run folder later.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "base/result.h"
#include "harness/collect/record.h"

namespace assay::collect {

// A line of results.jsonl, but for `server`, `services`, `phases` and `attempts`, which reports do not show. The error
// says what is not as record.h writes it.
Result<Record> record_of(const nlohmann::json& line);

// A `request` event; with `exchange` where the journal has it.
Result<check::RequestOutcome> request_of(const nlohmann::json& event);

}  // namespace assay::collect
