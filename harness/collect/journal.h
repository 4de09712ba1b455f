// A run folder that is read again: what each submission's last evaluation left in the journal.
//
// Memory: an index of the journal, some 20 bytes a request; requests themselves are read a submission at a time.
// A submission that was evaluated again (--resume, a deadline that was not believed) counts by its last record and the
// requests of the attempt before it. Not thread-safe.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "base/units.h"
#include "harness/collect/record.h"

namespace assay::collect {

// manifest.json of a run folder: an object.
Result<nlohmann::json> read_manifest(const std::string& folder);
// When that run began, in seconds since 1970; 0 when it does not say, or not with a time before the year 10000.
std::int64_t started_of(const nlohmann::json& manifest);
// An event's time in microseconds since its run began: 0 instead of what is no such time (a run takes less than a
// hundred years). Sums of those cannot overflow.
std::int64_t event_time(std::int64_t t_us);

class Journal {
 public:
    static Result<Journal> open(const std::string& folder);

    // Those with a record, sorted by id: the order of reports depends on no race of workers.
    [[nodiscard]] std::size_t size() const noexcept { return finished_.size(); }
    [[nodiscard]] const std::string& id(std::size_t index) const { return finished_.at(index).id; }
    // Begun or accepted, but without a record: the run was interrupted.
    [[nodiscard]] const std::vector<std::string>& unfinished() const noexcept { return unfinished_; }
    [[nodiscard]] const nlohmann::json& manifest() const noexcept { return manifest_; }

    [[nodiscard]] Result<Record> record(std::size_t index) const;
    [[nodiscard]] Result<std::vector<check::RequestOutcome>> requests(std::size_t index) const;
    // Since the run began: of the last attempt's beginning, of the record.
    [[nodiscard]] Micros began(std::size_t index) const { return Micros(finished_.at(index).began_us); }
    [[nodiscard]] Micros ended(std::size_t index) const { return Micros(finished_.at(index).ended_us); }

 private:
    struct Line {
        std::uint64_t at = 0;  // bytes from the journal's begin
        std::uint32_t size = 0;
    };
    struct Entry {
        std::string id;
        std::vector<Line> requests;
        Line record;  // size 0: none
        std::int64_t began_us = 0;
        std::int64_t ended_us = 0;
        bool withdrawn = false;  // it was handed in to a service, and taken back before it began
    };
    class Indexer;

    Journal() = default;
    [[nodiscard]] Result<nlohmann::json> read(const Line& line) const;

    std::string path_;
    Fd file_;
    nlohmann::json manifest_;
    std::vector<Entry> finished_;
    std::vector<std::string> unfinished_;
};

}  // namespace assay::collect
