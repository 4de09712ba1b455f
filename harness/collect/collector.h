// The one writer of outcomes: every event of a batch, in one order, on disk while the batch runs.
//
// Theory of operation: evaluations post events from any thread; a queue in memory hands them to one writer
// thread, which numbers them, appends whole lines to events.ndjson, and a finished record to results.jsonl. A
// line that is written survives the end of the program; records are also fsync'ed, a group at a time, so that
// they survive the end of the machine. When the disk is full or gone the batch is told (failed()), nothing is
// silently dropped, and what was written stays readable: a group of lines is there whole or not at all, but after the
// end of a machine, when readers ignore a cut last line.
//
// A run folder: manifest.json, events.ndjson (the truth), results.jsonl, logs/<submission>/.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "harness/collect/record.h"

namespace assay::collect {

// Where a record's line stands in results.jsonl, in bytes and without its line break.
struct Place {
    std::uint64_t offset = 0;
    std::uint32_t size = 0;
};

// Something that follows a run beside the files: a progress display, a stream. Called on the writer thread.
class Sink {
 public:
    virtual ~Sink() = default;
    virtual void on_event(const std::string& line) { (void)line; }  // one NDJSON line, without its line break
    virtual void on_written() {}                                    // the lines since the last call are in the journal
    virtual void on_record(const Record& record) { (void)record; }
    virtual void on_stored(const Record& record, Place place) { (void)record, (void)place; }  // after on_record
};

// A file of one submission's log folder: "server.log", "newman-run-report.csv".
struct LogFile {
    std::string name;
    std::string bytes;
};

class Collector {
 public:
    // `folder` is made when missing. With `append` an interrupted run's files are continued.
    static Result<std::unique_ptr<Collector>> open(const std::string& folder, const nlohmann::json& manifest,
                                                   bool append);
    ~Collector();  // writes what is queued

    void add_sink(std::shared_ptr<Sink> sink);  // before the first event
    // What could not be written is tried again every second, until it is: a full disk loses nothing while this lives.
    // failed() and flush() say meanwhile what is wrong. Before the first event.
    void keep_trying();

    // All thread-safe, none waits for the disk.
    void event(const std::string& submission, const std::string& name, const nlohmann::json& data);
    // The same, and it survives the end of the machine once flush() has returned.
    void durable_event(const std::string& submission, const std::string& name, const nlohmann::json& data);
    void request(const std::string& submission, const check::RequestOutcome& outcome);
    // `files` go to logs/<submission>/ first; empty ones are not written.
    void record(Record record, std::vector<LogFile> files = {});

    // Waits until everything posted so far is on disk. The first write error, if any; when it keeps trying, the one
    // that stands in the way now.
    Result<void> flush();
    [[nodiscard]] std::optional<Error> failed() const;
    [[nodiscard]] const std::string& folder() const noexcept;

    // The folder of one submission's logs and CSV below a run folder: its id with unsafe characters as %XX; of a long
    // one the beginning and a digest.
    static std::string log_folder(const std::string& run_folder, const std::string& id);

 private:
    struct State;
    explicit Collector(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

// Records of an earlier run folder: results.jsonl's lines as JSON; a cut last line is ignored.
Result<std::vector<nlohmann::json>> read_results(const std::string& folder);
// Of a submission that was evaluated again, the last line is what counts.
std::map<std::string, nlohmann::json> last_of_each(std::vector<nlohmann::json> lines);

}  // namespace assay::collect
