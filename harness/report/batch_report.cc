#include "harness/report/batch_report.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/new_file.h"
#include "harness/report/batch_formats.h"

namespace assay::report {

namespace {

struct Format {
    const char* name;
    const char* file;  // in the run folder
    std::unique_ptr<BatchFormat> (*make)();
};
constexpr std::array<Format, 5> kFormats = {{
    {"junit", "junit.xml", junit_batch},
    {"ctrf", "ctrf.json", ctrf_batch},
    {"tap", "results.tap", tap_batch},
    {"sarif", "results.sarif", sarif_batch},
    {"html", "report.html", html_batch},
}};

const Format* find_format(std::string_view name) {
    const auto found =
        std::find_if(kFormats.begin(), kFormats.end(), [&](const auto& each) { return each.name == name; });
    return found == kFormats.end() ? nullptr : &*found;
}

Result<ReportOrder> read_order(const std::string& text, const std::string& folder) {
    const auto equals = text.find('=');
    const std::string name = text.substr(0, equals);
    const Format* format = find_format(name);
    if (format == nullptr) return fail("--report", "\"" + name + "\"", "take some of " + format_names());
    if (equals == std::string::npos) return ReportOrder{name, folder + "/" + format->file};
    if (equals + 1 == text.size()) return fail("--report", text, "name a file after the =");
    return ReportOrder{name, text.substr(equals + 1)};
}

std::int64_t ms_of(Micros time) { return std::chrono::duration_cast<Millis>(time).count(); }

Result<BatchRun> read_run(const collect::Journal& journal, const std::string& version) {
    BatchRun run;
    run.manifest = journal.manifest();
    run.version = version;
    const auto text = run.manifest.find("batch");
    if (text != run.manifest.end() && text->is_string()) run.name = text->get<std::string>();
    run.started_ms = collect::started_of(run.manifest) * 1000;
    run.stopped_ms = run.started_ms;
    run.unfinished = journal.unfinished();
    for (std::size_t index = 0; index < journal.size(); ++index) {
        ASSAY_TRY(const collect::Record record, journal.record(index));
        run.table.add(record);
        run.stopped_ms = std::max(run.stopped_ms, run.started_ms + ms_of(journal.ended(index)));
        if (const auto* fault = record.fault())
            ++run.faults[fault->step];
        else if (record.failure)
            ++run.failures[record.failure->category +
                           (record.failure->cause.empty() ? "" : ": " + record.failure->cause)];
    }
    return run;
}

struct Output {
    std::unique_ptr<BatchFormat> format;
    NewFile file;
};

}  // namespace

Result<Table> table_of(const collect::Journal& journal) {
    Table table;
    for (std::size_t index = 0; index < journal.size(); ++index) {
        ASSAY_TRY(const collect::Record record, journal.record(index));
        table.add(record);
    }
    return table;
}

std::string format_names() {
    std::string names;
    for (const auto& each : kFormats) names += std::string(names.empty() ? "" : ", ") + each.name;
    return names;
}

Result<std::vector<ReportOrder>> read_orders(const std::vector<std::string>& texts, const std::string& folder) {
    std::vector<ReportOrder> orders;
    for (const std::string& text : texts) {
        ASSAY_TRY(ReportOrder order, read_order(text, folder));
        orders.push_back(std::move(order));
    }
    return orders;
}

Result<void> write_reports(const collect::Journal& journal, const std::vector<ReportOrder>& orders,
                           const std::string& version) {
    if (orders.empty()) return {};
    ASSAY_TRY(const BatchRun run, read_run(journal, version));
    std::vector<Output> outputs;
    for (const ReportOrder& order : orders) {
        ASSAY_TRY(NewFile file, order.file == "-" ? NewFile::standard_output() : NewFile::create(order.file));
        outputs.push_back({find_format(order.format)->make(), std::move(file)});
        ASSAY_CHECK(outputs.back().file.write(outputs.back().format->begin(run)));
    }
    for (std::size_t index = 0; index < journal.size(); ++index) {
        Evaluated submission;
        ASSAY_TRY(submission.record, journal.record(index));
        ASSAY_TRY(submission.requests, journal.requests(index));
        submission.started_ms = run.started_ms + ms_of(journal.began(index));
        submission.stopped_ms = run.started_ms + ms_of(journal.ended(index));
        for (Output& output : outputs) ASSAY_CHECK(output.file.write(output.format->add(submission)));
    }
    for (Output& output : outputs) {
        ASSAY_CHECK(output.file.write(output.format->end()));
        ASSAY_CHECK(output.file.commit());
    }
    return {};
}

std::string utc_time(std::int64_t ms) {
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(ms / 1000)));
}

}  // namespace assay::report
