// A run folder, from any bytes: it is read, merged and reported on, or refused with a reason.
//
// Up to the first line break the input is manifest.json, the rest both events.ndjson and results.jsonl.
#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/fd.h"
#include "base/tree.h"
#include "harness/collect/collector.h"
#include "harness/collect/journal.h"
#include "harness/collect/merge.h"
#include "harness/collect/read_back.h"
#include "harness/report/batch_report.h"
#include "tests/fuzz/check.h"

namespace {

using namespace assay;
using nlohmann::json;

// In memory, and the same for every input of this process.
const std::string& scratch() {
    static const std::string folder = [] {
        char name[] = "/dev/shm/assay-fuzz-XXXXXX";
        FUZZ_CHECK(::mkdtemp(name) != nullptr);
        FUZZ_CHECK(make_directory_at(AT_FDCWD, std::string(name) + "/run"));
        static std::string made = name;
        std::atexit([] { (void)remove_tree_at(AT_FDCWD, made); });
        return made;
    }();
    return folder;
}

void write(const std::string& file, std::string_view bytes) {
    const Fd opened(::open((scratch() + "/run/" + file).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    FUZZ_CHECK(opened && write_all(opened.get(), bytes));
}

// What was read can be written, and is read as the same again.
void write_and_read(const collect::Journal& journal) {
    for (std::size_t index = 0; index < journal.size(); ++index) {
        if (const auto record = journal.record(index)) {
            const json line = collect::to_json(*record);
            const auto again = collect::record_of(json::parse(line.dump()));
            FUZZ_CHECK(again);
            FUZZ_CHECK(collect::to_json(*again) == line);
        }
        const auto requests = journal.requests(index);
        if (!requests) continue;
        for (const check::RequestOutcome& outcome : *requests) {
            const json line = collect::to_json(outcome);
            const auto again = collect::request_of(line);
            FUZZ_CHECK(again);
            FUZZ_CHECK(collect::to_json(*again).size() <= line.size());
        }
    }
}

void write_reports(const collect::Journal& journal) {
    std::vector<report::ReportOrder> orders;
    for (const char* format : {"junit", "ctrf", "tap", "sarif", "html"})
        orders.push_back({format, scratch() + "/report." + format});
    if (!report::write_reports(journal, orders, "1")) return;
    for (const char* format : {"ctrf", "sarif"}) {
        const auto text = read_file(scratch() + "/report." + format);
        FUZZ_CHECK(text && json::accept(*text));
    }
}

void merge(const collect::Journal& journal) {
    const std::string run = scratch() + "/run", into = scratch() + "/into";
    FUZZ_CHECK(remove_tree_at(AT_FDCWD, into));
    const auto merged = collect::merge_runs({run, run}, into, collect::Keep::first);
    if (!merged) {
        FUZZ_CHECK(!merged.error().detail.empty());
        FUZZ_CHECK(::access(into.c_str(), F_OK) != 0);
        return;
    }
    const auto both = collect::Journal::open(into);
    FUZZ_CHECK(both && both->size() == journal.size());
    for (std::size_t index = 0; index < journal.size(); ++index) FUZZ_CHECK(both->id(index) == journal.id(index));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto end = std::min(bytes.find('\n'), bytes.size());
    const std::string_view lines = bytes.substr(std::min(end + 1, bytes.size()));
    write("manifest.json", bytes.substr(0, end));
    write("events.ndjson", lines);
    write("results.jsonl", lines);
    if (auto results = collect::read_results(scratch() + "/run")) (void)collect::last_of_each(std::move(*results));
    const auto journal = collect::Journal::open(scratch() + "/run");
    if (!journal) {
        FUZZ_CHECK(!journal.error().detail.empty() || journal.error().code != 0);
        return 0;
    }
    write_and_read(*journal);
    write_reports(*journal);
    merge(*journal);
    return 0;
}
