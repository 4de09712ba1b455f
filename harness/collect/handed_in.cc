#include "harness/collect/handed_in.h"

#include <fcntl.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <unordered_map>

#include "base/fd.h"
#include "harness/collect/last_line.h"
#include "harness/collect/line_reader.h"
#include "images/untrusted_json.h"

namespace assay::collect {

using nlohmann::json;

namespace {

struct Known {
    std::uint64_t accepted_at = 0;  // number of the line
    json entry;
    bool open = false;
    std::optional<Finished> finished;
};

class FolderReader {
 public:
    explicit FolderReader(std::string folder) : folder_(std::move(folder)) {}

    Result<HandedIn> read() {
        const std::string results = folder_ + "/results.jsonl";
        ASSAY_CHECK(mend_last_line(folder_ + "/events.ndjson"));
        ASSAY_CHECK(mend_last_line(results));
        ASSAY_TRY(const std::uint64_t lines, count(results));
        ASSAY_CHECK(read_journal(lines));
        ASSAY_CHECK(read_results(results));
        return give();
    }

 private:
    static Result<std::uint64_t> count(const std::string& path) {
        if (!std::filesystem::exists(path)) return 0;
        ASSAY_TRY(LineReader reader, LineReader::open(path));
        for (;;) {
            ASSAY_TRY(const auto line, reader.next());
            if (!line) return reader.number();
        }
    }

    // Both files have the records in one order: those of the journal beyond `written` are missing in the other.
    Result<void> read_journal(std::uint64_t written) {
        const std::string path = folder_ + "/events.ndjson";
        ASSAY_TRY(LineReader reader, LineReader::open(path));
        std::string missing;
        std::uint64_t records = 0;
        for (;;) {
            ASSAY_TRY(const auto line, reader.next());
            if (!line) break;
            if (!of_interest(*line)) continue;
            auto event = images::parse_untrusted(*line);
            if (!event || !event->is_object())
                return fail("read journal", path + ":" + std::to_string(reader.number()) + ": not JSON",
                            "remove that line");
            const std::string name = event->value("event", "");
            const std::string id = event->value("submission", "");
            if (name == "accepted") {
                Known& known = known_[id];
                known.accepted_at = reader.number();
                known.entry = std::move((*event)["entry"]);
                known.open = true;
            } else if (name == "withdrawn") {
                known_[id].open = false;
            } else if (name == "verdict" || name == "fault") {
                known_[id].open = false;
                if (++records > written)
                    missing += (*event)["record"].dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
            }
        }
        if (missing.empty()) return {};
        const Fd file(::open((folder_ + "/results.jsonl").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
        if (!file) return fail_errno(errno, "complete results", folder_ + "/results.jsonl");
        return write_all(file.get(), missing);
    }

    // Most of a journal is requests. A hit may stand elsewhere in a line: who parses it sees that.
    static bool of_interest(std::string_view line) {
        for (const char* name :
             {R"("event":"accepted")", R"("event":"withdrawn")", R"("event":"verdict")", R"("event":"fault")"})
            if (line.find(name) != std::string_view::npos) return true;
        return false;
    }

    Result<void> read_results(const std::string& path) {
        if (!std::filesystem::exists(path)) return {};
        ASSAY_TRY(LineReader reader, LineReader::open(path));
        for (;;) {
            ASSAY_TRY(const auto line, reader.next());
            if (!line) return {};
            auto record = images::parse_untrusted(*line);
            if (!record || !record->is_object())
                return fail("read results", path + ":" + std::to_string(reader.number()) + ": not JSON",
                            "remove that line; its submission is evaluated again");
            Finished finished;
            finished.id = record->value("id", "");
            finished.place = {reader.offset(), static_cast<std::uint32_t>(line->size())};
            finished.fault = record->contains("fault");
            finished.retryable = finished.fault && record->value("/fault/retryable"_json_pointer, false);
            known_[finished.id].finished = std::move(finished);
        }
    }

    HandedIn give() {
        HandedIn all;
        std::vector<std::pair<std::uint64_t, Unfinished>> open;
        for (auto& [id, known] : known_) {
            if (known.open) {
                open.emplace_back(known.accepted_at, Unfinished{id, std::move(known.entry)});
            } else if (known.finished) {
                known.finished->entry = std::move(known.entry);
                all.finished.push_back(std::move(*known.finished));
            }
        }
        std::sort(open.begin(), open.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
        for (auto& [line, unfinished] : open) all.unfinished.push_back(std::move(unfinished));
        return all;
    }

    std::string folder_;
    std::unordered_map<std::string, Known> known_;
};

}  // namespace

Result<HandedIn> read_handed_in(const std::string& folder) { return FolderReader(folder).read(); }

}  // namespace assay::collect
