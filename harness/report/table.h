// The closing table of a batch: per framework and level assertions, A%, pass@1, faults.
//
// Formulas of the constraint-decay study (arXiv 2605.06445): per task over its runs the mean strict score and
// pass@1 = succeeded / runs; per group the plain mean over tasks. A submission with a fault is in no mean.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/collect/record.h"

namespace assay::report {

struct Row {
    std::string framework;  // empty in the total
    int level = -1;         // -1: all
    std::uint64_t submissions = 0;
    std::uint64_t faults = 0;
    std::uint64_t succeeded = 0;
    check::Counts counts;
    double strict = 0;     // A%, 0..100; mean over tasks
    double raw = 0;        // the same without verifiers
    double pass_at_1 = 0;  // 0..100
};

// Accumulates records in any order; rows come sorted by framework, then level, then the total.
class Table {
 public:
    void add(const collect::Record& record);
    [[nodiscard]] std::vector<Row> rows() const;
    [[nodiscard]] std::string text() const;
    [[nodiscard]] std::uint64_t submissions() const;
    [[nodiscard]] std::uint64_t faults() const;

 private:
    struct TaskRuns {
        std::uint64_t runs = 0;
        std::uint64_t succeeded = 0;
        double strict_sum = 0;
        double raw_sum = 0;
    };
    struct Group {
        Row row;
        std::map<std::string, TaskRuns> tasks;
    };
    static Row finish(const Group& group);
    std::map<std::pair<std::string, int>, Group> groups_;
    Group total_;
};

}  // namespace assay::report
