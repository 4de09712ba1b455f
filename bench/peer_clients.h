// Programs that are not ours and fire requests too: newman at a collection, wrk at one address.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/units.h"

namespace assay::bench {

struct NewmanFigure {
    double seconds = 0;  // wall, a run, start of node included
    double cpu_us = 0;
};

// `command`: words apart by blanks. Every run has to pass.
Result<NewmanFigure> measure_newman(const std::string& command, const std::string& collection,
                                    const std::vector<std::pair<std::string, std::string>>& globals, unsigned runs);

// One GET again and again over some connections.
struct LoadFigure {
    unsigned connections = 0;
    std::uint64_t requests = 0;
    double requests_per_second = 0;
    double cpu_us = 0;  // of the client, a request
};

// `headers`: "Name: value", sent beside wrk's own Host. wrk's time is in whole seconds: `span` is rounded up.
Result<LoadFigure> measure_wrk(const std::string& program, const std::string& url,
                               const std::vector<std::string>& headers, unsigned connections, Millis span);

}  // namespace assay::bench
