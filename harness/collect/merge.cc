#include "harness/collect/merge.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "base/fd.h"
#include "base/new_file.h"
#include "harness/batch/shard.h"
#include "harness/collect/collector.h"
#include "harness/collect/journal.h"
#include "harness/collect/line_reader.h"
#include "images/untrusted_json.h"

namespace assay::collect {

using nlohmann::json;
namespace fs = std::filesystem;

namespace {

// What may differ between the shards of one run.
constexpr std::array<const char*, 7> kOwn = {"batch", "submissions", "jobs", "started", "host", "shard", "merged"};

struct Run {
    std::string folder;
    std::string name;  // "2/3", or the folder
    json manifest;
    std::int64_t offset_us = 0;               // of its start, from that of the earliest run
    std::unordered_set<std::string> dropped;  // ids whose record another run gives
    std::size_t records = 0;                  // submissions
};

std::string dump(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

std::int64_t integer(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

std::string text(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Result<json> parsed(const LineReader& lines, std::string_view line) {
    auto value = images::parse_untrusted(line);
    if (!value || !value->is_object())
        return fail("read run", lines.path() + ":" + std::to_string(lines.number()) + ": not JSON", "remove that line");
    return std::move(*value);
}

Result<Run> open_run(const std::string& folder) {
    Run run;
    run.folder = folder;
    ASSAY_TRY(run.manifest, read_manifest(folder));
    run.name = text(run.manifest, "shard");
    if (run.name.empty()) run.name = folder;
    return run;
}

Result<void> same_options(const Run& first, const Run& other) {
    for (const auto& [key, value] : first.manifest.items()) {
        if (std::find(kOwn.begin(), kOwn.end(), key) != kOwn.end() || other.manifest.value(key, json()) == value)
            continue;
        return fail("merge",
                    fmt::format("{} is {} in {} and {} in {}", key, dump(value), first.folder,
                                dump(other.manifest.value(key, json())), other.folder),
                    "these are different runs: assay report takes both folders");
    }
    return {};
}

// What must be the same for two records to be one: everything but times and what they were measured with.
std::size_t outcome_of(json record) {
    for (const char* measured : {"usage", "server", "attempts"}) record.erase(measured);
    return std::hash<std::string>()(dump(record));
}

// Of each folder the last record of a submission counts; between folders `keep` says which.
Result<std::size_t> settle_duplicates(std::vector<Run>& runs, Keep keep) {
    struct Place {
        std::size_t run = 0;
        std::size_t outcome = 0;
    };
    std::unordered_map<std::string, Place> places;
    std::vector<std::string> different;
    std::size_t identical = 0;
    for (std::size_t index = 0; index < runs.size(); ++index) {
        std::map<std::string, std::size_t> outcomes;
        ASSAY_TRY(LineReader lines, LineReader::open(runs[index].folder + "/results.jsonl"));
        for (;;) {
            ASSAY_TRY(const auto line, lines.next());
            if (!line) break;
            ASSAY_TRY(json record, parsed(lines, *line));
            std::string id = text(record, "id");
            outcomes.insert_or_assign(std::move(id), outcome_of(std::move(record)));
        }
        runs[index].records = outcomes.size();
        for (const auto& [id, outcome] : outcomes) {
            const auto [found, fresh] = places.try_emplace(id, Place{index, outcome});
            if (fresh) continue;
            const bool same = found->second.outcome == outcome;
            identical += same ? 1 : 0;
            if (!same && keep == Keep::neither) different.push_back(id);
            if (same || keep != Keep::last) {
                runs[index].dropped.insert(id);
            } else {
                runs[found->second.run].dropped.insert(id);
                found->second = {index, outcome};
            }
        }
    }
    if (different.empty()) return identical;
    std::string ids;
    for (std::size_t each = 0; each < std::min<std::size_t>(different.size(), 5); ++each)
        ids += (each == 0 ? "" : ", ") + different[each];
    return fail("merge",
                fmt::format("{} submissions are in two folders with different outcomes: {}{}", different.size(), ids,
                            different.size() > 5 ? ", ..." : ""),
                "choose with --keep first or --keep last, in the order of the folders given");
}

// One run's events, one line ahead.
class Events {
 public:
    static Result<Events> open(const Run& run) {
        ASSAY_TRY(LineReader lines, LineReader::open(run.folder + "/events.ndjson"));
        Events events(run, std::move(lines));
        ASSAY_CHECK(events.advance());
        return events;
    }
    Result<void> advance() {
        for (;;) {
            ASSAY_TRY(const auto line, lines_.next());
            if (!line) {
                line_.reset();
                return {};
            }
            ASSAY_TRY(json value, parsed(lines_, *line));
            if (run_->dropped.contains(text(value, "submission"))) continue;
            value["t_us"] = event_time(integer(value, "t_us")) + run_->offset_us;
            value["shard"] = run_->name;
            line_ = std::move(value);
            return {};
        }
    }
    [[nodiscard]] bool ended() const { return !line_; }
    [[nodiscard]] std::int64_t time() const { return integer(*line_, "t_us"); }
    [[nodiscard]] json& line() { return *line_; }

 private:
    Events(const Run& run, LineReader lines) : run_(&run), lines_(std::move(lines)) {}
    const Run* run_;
    LineReader lines_;
    std::optional<json> line_;
};

Result<void> merge_events(const std::vector<Run>& runs, const std::string& into) {
    std::vector<Events> all;
    for (const Run& run : runs) {
        ASSAY_TRY(Events events, Events::open(run));
        all.push_back(std::move(events));
    }
    ASSAY_TRY(NewFile journal, NewFile::create(into + "/events.ndjson"));
    ASSAY_TRY(NewFile results, NewFile::create(into + "/results.jsonl"));
    for (std::uint64_t sequence = 0;; ++sequence) {
        Events* next = nullptr;
        for (Events& events : all)
            if (!events.ended() && (next == nullptr || events.time() < next->time())) next = &events;
        if (next == nullptr) break;
        json& line = next->line();
        line["seq"] = sequence;
        ASSAY_CHECK(journal.write(dump(line) + "\n"));
        if (const auto record = line.find("record"); record != line.end())
            ASSAY_CHECK(results.write(dump(*record) + "\n"));
        ASSAY_CHECK(next->advance());
    }
    ASSAY_CHECK(journal.commit());
    return results.commit();
}

Result<void> copy_logs(const Run& run, const std::string& into) {
    std::set<std::string> dropped;
    for (const std::string& id : run.dropped) dropped.insert(fs::path(Collector::log_folder("", id)).filename());
    std::error_code error;
    const fs::path logs = run.folder + "/logs";
    if (!fs::exists(logs, error)) return {};
    for (fs::directory_iterator each(logs, error), end; !error && each != end; each.increment(error)) {
        if (dropped.contains(each->path().filename())) continue;
        fs::copy(each->path(), into + "/logs/" + each->path().filename().string(),
                 fs::copy_options::recursive | fs::copy_options::copy_symlinks, error);
        if (error) return fail_errno(error.value(), "copy logs", each->path().string(), "make room on the disk");
    }
    if (error) return fail_errno(error.value(), "copy logs", logs.string());
    return {};
}

json merged_manifest(const std::vector<Run>& runs) {
    json manifest = runs.front().manifest;
    manifest.erase("shard");
    if (const auto merged = manifest.find("merged"); merged != manifest.end() && !merged->is_array())
        manifest.erase(merged);
    std::int64_t submissions = 0;
    for (const Run& run : runs) {
        submissions += static_cast<std::int64_t>(run.records - run.dropped.size());
        manifest["started"] = std::min(started_of(manifest), started_of(run.manifest));
        manifest["merged"].push_back({{"folder", run.folder},
                                      {"shard", text(run.manifest, "shard")},
                                      {"host", text(run.manifest, "host")},
                                      {"started", started_of(run.manifest)},
                                      {"submissions", integer(run.manifest, "submissions")}});
    }
    manifest["submissions"] = submissions;
    return manifest;
}

std::vector<std::string> what_is_missing(const std::vector<Run>& runs) {
    std::vector<std::string> missing;
    std::set<std::string> given;
    std::uint32_t count = 0;
    for (const Run& run : runs) {
        const std::int64_t planned = integer(run.manifest, "submissions");
        if (planned > static_cast<std::int64_t>(run.records))
            missing.push_back(
                fmt::format("{}: {} of {} submissions have no result; go on with: assay run --resume -o {}", run.folder,
                            planned - static_cast<std::int64_t>(run.records), planned, run.folder));
        const std::string shard = text(run.manifest, "shard");
        if (const auto read = batch::read_shard(shard, {})) count = std::max(count, read->count);
        given.insert(shard);
    }
    for (std::uint32_t index = 1; index <= count; ++index)
        if (const std::string name = batch::Shard{index, count}.text(); !given.contains(name))
            missing.push_back("shard " + name + " was not given");
    return missing;
}

Result<void> write_folder(const std::vector<Run>& runs, const std::string& folder) {
    std::error_code error;
    fs::create_directories(folder + "/logs", error);
    if (error) return fail_errno(error.value(), "make run folder", folder, "name another one with --into");
    ASSAY_CHECK(merge_events(runs, folder));
    for (const Run& run : runs) ASSAY_CHECK(copy_logs(run, folder));
    return replace_file(folder + "/manifest.json", dump(merged_manifest(runs)) + "\n");
}

}  // namespace

Result<Merged> merge_runs(const std::vector<std::string>& folders, const std::string& into, Keep keep) {
    std::error_code error;
    if (fs::exists(into, error)) return fail("merge", into + " exists", "name a new folder with --into");
    std::vector<Run> runs;
    for (const std::string& folder : folders) {
        ASSAY_TRY(Run run, open_run(folder));
        if (!runs.empty()) ASSAY_CHECK(same_options(runs.front(), run));
        runs.push_back(std::move(run));
    }
    std::int64_t first = started_of(runs.front().manifest);
    for (const Run& run : runs) first = std::min(first, started_of(run.manifest));
    for (Run& run : runs) run.offset_us = (started_of(run.manifest) - first) * 1'000'000;
    Merged merged;
    ASSAY_TRY(merged.identical, settle_duplicates(runs, keep));
    merged.missing = what_is_missing(runs);

    // Beside the target, then renamed: nobody finds half a run there.
    std::string beside = into;
    while (beside.size() > 1 && beside.back() == '/') beside.pop_back();
    beside += ".merging";
    fs::remove_all(beside, error);  // of a merge that was switched off
    auto written = write_folder(runs, beside);
    if (written) {
        fs::rename(beside, into, error);
        if (error) written = fail_errno(error.value(), "rename", into);
    }
    if (!written) {
        fs::remove_all(beside, error);
        return tl::unexpected(written.error());
    }
    return merged;
}

}  // namespace assay::collect
