// What a launch costs on this machine: a ladder from a bare exec to the whole sandbox, and what is installed of the
// peers beside it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/units.h"

namespace assay::bench {

struct LaunchBenchOptions {
    std::string launcher;     // path of assay-launcher
    std::string noop;         // path of assay-noop, the program that is launched
    unsigned launches = 500;  // of each rung; at least 20
    unsigned rounds = 3;      // each rung is measured this often, in turn with the others; the median counts
};

struct LaunchRung {
    std::string name;
    unsigned in_flight = 1;  // 0: launched at a steady rate, whatever has ended
    double cpu_us = 0;       // user + system of everything involved, per launch and teardown
    double kernel_us = 0;    // of all kernel threads meanwhile, per launch
    double p50_us = 0;       // from the request to the end, wall
    double p99_us = 0;
    double per_second = 0;
};

struct LaunchBench {
    std::vector<LaunchRung> rungs;
    double over_floor = 0;                   // CPU of the recycled sandbox by that of a bare vfork and exec
    double bwrap_over_ours = 0;              // CPU of bubblewrap by that of the recycled sandbox; 0 = not installed
    double bwrap_over_ours_with_kernel = 0;  // the same of cpu_us + kernel_us: what takes either down counts too
    std::vector<std::string> not_measured;   // peers, each with the reason
};

// `progress` hears the name of each rung before it is measured; may be empty.
Result<LaunchBench> run_launch_bench(const LaunchBenchOptions& options,
                                     const std::function<void(const std::string&)>& progress);

std::string to_table(const LaunchBench& bench);
std::string to_json(const LaunchBench& bench);

}  // namespace assay::bench
