// The study's tables (statistics.h) as text, CSV, LaTeX and JSON.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "harness/report/statistics.h"

namespace assay::report {

// One table as cells; numbers are formatted already, the same in every format.
struct Grid {
    std::string title;
    std::vector<std::string> columns;
    std::vector<std::vector<std::string>> rows;
};

struct Statistics {
    std::vector<ResultRow> rows;
    std::uint64_t faults = 0;

    [[nodiscard]] std::vector<Grid> grids() const;
};

[[nodiscard]] std::string text_of(const std::vector<Grid>& grids);
[[nodiscard]] std::string csv_of(const std::vector<Grid>& grids);    // a column "table" in front; RFC 4180 quoting
[[nodiscard]] std::string latex_of(const std::vector<Grid>& grids);  // tabular environments, for booktabs
[[nodiscard]] nlohmann::ordered_json json_of(const Statistics& statistics);

}  // namespace assay::report
