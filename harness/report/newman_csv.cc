#include "harness/report/newman_csv.h"

#include <array>
#include <optional>

namespace assay::report {

namespace {

constexpr std::string_view kHeader =
    "iteration,collectionName,requestName,method,url,status,code,responseTime,responseSize,executed,failed,skipped,"
    "totalAssertions,executedCount,failedCount,skippedCount";

// A missing cell is empty and unquoted; an empty text is quoted.
using Cell = std::optional<std::string>;
using Row = std::array<Cell, 16>;
enum Column {
    iteration,
    collection_name,
    request_name,
    method,
    url,
    status,
    code,
    time,
    size,
    executed,
    failed,
    skipped,
    total,
    executed_count,
    failed_count,
    skipped_count
};

void append_quoted(std::string& csv, std::string_view text) {
    csv += '"';
    for (char c : text) {
        if (c == '"') csv += '"';
        csv += c;
    }
    csv += '"';
}

void add_name(Cell& cell, const std::string& name) {
    if (cell) {
        cell->append(", ").append(name);
    } else {
        cell = name;
    }
}

// The reporter counts on numbers that only a request's start puts there. Without a start, JavaScript counts NaN.
void count_without_start(Row& row) {
    const bool any = row[executed] || row[failed] || row[skipped];
    if (any) row[total] = "NaN";
    if (row[executed]) row[executed_count] = "NaN";
    if (row[failed]) row[failed_count] = "NaN";
    if (row[skipped]) row[skipped_count] = "NaN";
}

Row row_of(std::string_view collection, const check::RequestOutcome& outcome) {
    Row row;
    for (const check::Assertion& assertion : outcome.assertions) {
        const Column names = assertion.status == check::Status::passed   ? executed
                             : assertion.status == check::Status::failed ? failed
                                                                         : skipped;
        add_name(row[names], assertion.name);
    }
    if (outcome.skipped || outcome.item.empty()) {
        count_without_start(row);
        return row;
    }
    row[iteration] = std::to_string(outcome.iteration + 1);
    row[collection_name] = std::string(collection);
    row[request_name] = outcome.item;
    row[method] = outcome.method;
    row[url] = outcome.url;
    if (const auto& answer = outcome.answer) {
        row[status] = answer->status.empty() ? "undefined" : answer->status;  // a code without a known phrase
        row[code] = std::to_string(answer->code);
        row[time] = std::to_string(answer->time.count());
        row[size] = std::to_string(answer->size);
    }
    const check::Counts counts = check::count(outcome);
    row[total] = std::to_string(counts.total);
    row[executed_count] = std::to_string(counts.passed);
    row[failed_count] = std::to_string(counts.failed);
    row[skipped_count] = std::to_string(counts.skipped);
    return row;
}

}  // namespace

std::string newman_csv(std::string_view collection, const std::vector<check::RequestOutcome>& run) {
    std::string csv(kHeader);
    for (const check::RequestOutcome& outcome : run) {
        const Row row = row_of(collection, outcome);
        std::size_t cells = row.size();  // the line ends with its last cell
        while (cells > 0 && !row[cells - 1]) --cells;
        csv += '\n';
        for (std::size_t i = 0; i < cells; ++i) {
            if (i > 0) csv += ',';
            if (row[i]) append_quoted(csv, *row[i]);
        }
    }
    return csv;
}

}  // namespace assay::report
