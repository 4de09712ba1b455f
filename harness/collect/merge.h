// Run folders of shards become one.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace assay::collect {

// Which record of a submission that is in two folders with different outcomes.
enum class Keep { neither, first, last };

struct Merged {
    // What is not there, a sentence each: a run that was interrupted, a shard whose folder was not given.
    std::vector<std::string> missing;
    std::size_t identical = 0;  // submissions that two folders have with the same outcome; the first's is kept
};

// `into` must not exist; it appears whole. Events come in the order of their times (each run's clock, from its start),
// are numbered anew, and name their `shard`. An error: no run folders, runs with different options, the same submission
// twice with different outcomes and Keep::neither.
Result<Merged> merge_runs(const std::vector<std::string>& folders, const std::string& into, Keep keep);

}  // namespace assay::collect
