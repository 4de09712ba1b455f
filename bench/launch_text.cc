// What `assay bench launch` prints.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "bench/launch.h"

namespace assay::bench {

std::string to_table(const LaunchBench& bench) {
    std::string table;
    char line[240];
    std::snprintf(line, sizeof line, "%-46s %9s %8s %8s %8s %8s %8s\n", "launch and teardown of a static no-op",
                  "in flight", "CPU us", "kernel", "p50 us", "p99 us", "per s");
    table += line;
    for (const LaunchRung& rung : bench.rungs) {
        std::snprintf(line, sizeof line, "%-46s %9u %8.0f %8.0f %8.0f %8.0f %8.0f\n", rung.name.c_str(), rung.in_flight,
                      rung.cpu_us, rung.kernel_us, rung.p50_us, rung.p99_us, rung.per_second);
        table += line;
    }
    for (const std::string& peer : bench.not_measured) table += "not measured: " + peer + "\n";
    std::snprintf(line, sizeof line, "CPU of a recycled sandbox: %.1f times the floor\n", bench.over_floor);
    table += line;
    if (bench.bwrap_over_ours > 0) {
        std::snprintf(line, sizeof line,
                      "CPU of bubblewrap: %.1f times that of a recycled sandbox; with the kernel's threads, which take "
                      "both down: %.1f times\n",
                      bench.bwrap_over_ours, bench.bwrap_over_ours_with_kernel);
        table += line;
    }
    return table;
}

std::string to_json(const LaunchBench& bench) {
    nlohmann::ordered_json json;
    json["bench"] = "launch";
    for (const LaunchRung& rung : bench.rungs)
        json["rungs"].push_back({{"name", rung.name},
                                 {"in_flight", rung.in_flight},
                                 {"cpu_us", rung.cpu_us},
                                 {"kernel_threads_us", rung.kernel_us},
                                 {"p50_us", rung.p50_us},
                                 {"p99_us", rung.p99_us},
                                 {"per_second", rung.per_second}});
    json["not_measured"] = bench.not_measured;
    json["cpu_over_floor"] = bench.over_floor;
    json["bwrap_over_cpu"] = bench.bwrap_over_ours;
    json["bwrap_over_cpu_and_kernel"] = bench.bwrap_over_ours_with_kernel;
    return json.dump(2) + "\n";
}

}  // namespace assay::bench
