#include "harness/collect/journal.h"

#include <fcntl.h>

#include <algorithm>
#include <unordered_map>

#include "base/read_at.h"
#include "harness/collect/line_reader.h"
#include "harness/collect/read_back.h"
#include "images/untrusted_json.h"

namespace assay::collect {

using nlohmann::json;

namespace {

// The members of a line that the index needs, without a tree of the rest: most of a journal is answers and names.
class Head : public nlohmann::json_sax<json> {
 public:
    std::string event;
    std::string submission;
    std::int64_t t_us = 0;

    bool null() override { return true; }
    bool boolean(bool) override { return true; }
    bool number_integer(number_integer_t value) override { return number(value); }
    bool number_unsigned(number_unsigned_t value) override {
        return number(static_cast<std::int64_t>(value));  // what is too large comes out negative
    }
    bool number_float(number_float_t, const string_t&) override { return true; }
    bool string(string_t& value) override {
        if (depth_ == 1 && key_ == "event") event = std::move(value);
        if (depth_ == 1 && key_ == "submission") submission = std::move(value);
        return true;
    }
    bool binary(binary_t&) override { return true; }
    bool start_object(std::size_t) override { return ++depth_ > 0; }
    bool end_object() override { return --depth_ >= 0; }
    bool start_array(std::size_t) override { return ++depth_ > 0; }
    bool end_array() override { return --depth_ >= 0; }
    bool key(string_t& value) override {
        if (depth_ == 1) key_ = std::move(value);
        return true;
    }
    bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }

 private:
    bool number(std::int64_t value) {
        if (depth_ == 1 && key_ == "t_us") t_us = event_time(value);
        return true;
    }
    int depth_ = 0;
    std::string key_;
};

}  // namespace

class Journal::Indexer {
 public:
    void add(Head head, const Line& line) {
        if (head.submission.empty()) return;
        const auto [found, fresh] = places_.try_emplace(head.submission, entries_.size());
        if (fresh) entries_.push_back({std::move(head.submission), {}, {}});
        Entry& entry = entries_[found->second];
        if (head.event == "admitted") {
            entry.requests.clear();
            entry.began_us = head.t_us;
        } else if (head.event == "request") {
            entry.requests.push_back(line);
        } else if (head.event == "verdict" || head.event == "fault") {
            entry.record = line;
            entry.ended_us = head.t_us;
        }
        if (head.event == "accepted" || head.event == "withdrawn") entry.withdrawn = head.event == "withdrawn";
    }

    void give(std::vector<Entry>& finished, std::vector<std::string>& unfinished) {
        std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) { return a.id < b.id; });
        for (Entry& entry : entries_) {
            if (entry.record.size == 0) {
                if (!entry.withdrawn) unfinished.push_back(std::move(entry.id));
                continue;
            }
            // One that was read but never admitted took no time.
            entry.began_us = std::min(entry.began_us == 0 ? entry.ended_us : entry.began_us, entry.ended_us);
            finished.push_back(std::move(entry));
        }
    }

 private:
    std::vector<Entry> entries_;
    std::unordered_map<std::string, std::size_t> places_;
};

Result<json> read_manifest(const std::string& folder) {
    ASSAY_TRY(const std::string text, read_file(folder + "/manifest.json"));
    auto manifest = images::parse_untrusted(text);
    if (!manifest || !manifest->is_object())
        return fail("read manifest", folder + "/manifest.json: no JSON object", "name the folder of a run");
    return std::move(*manifest);
}

std::int64_t started_of(const json& manifest) {
    constexpr std::int64_t kYear10000 = 253'402'300'800;
    const auto found = manifest.find("started");
    if (found == manifest.end() || !found->is_number_integer()) return 0;
    const auto started = found->get<std::int64_t>();
    return started < 0 || started >= kYear10000 ? 0 : started;
}

std::int64_t event_time(std::int64_t t_us) {
    constexpr std::int64_t kHundredYears = 3'155'760'000'000'000;
    return t_us < 0 || t_us > kHundredYears ? 0 : t_us;
}

Result<Journal> Journal::open(const std::string& folder) {
    Journal journal;
    journal.path_ = folder + "/events.ndjson";
    ASSAY_TRY(journal.manifest_, read_manifest(folder));
    ASSAY_TRY(LineReader lines, LineReader::open(journal.path_));
    Indexer indexer;
    for (;;) {
        ASSAY_TRY(const auto line, lines.next());
        if (!line) break;
        Head head;
        if (!json::sax_parse(*line, &head))
            return fail("read journal", journal.path_ + ":" + std::to_string(lines.number()) + ": not JSON",
                        "remove that line");
        indexer.add(std::move(head), {lines.offset(), static_cast<std::uint32_t>(line->size())});
    }
    indexer.give(journal.finished_, journal.unfinished_);
    journal.file_ = Fd(::open(journal.path_.c_str(), O_RDONLY | O_CLOEXEC));
    if (!journal.file_) return fail_errno(errno, "open", journal.path_);
    return journal;
}

Result<json> Journal::read(const Line& line) const {
    auto text = read_at(file_.get(), line.at, line.size);
    if (!text) {
        text.error().detail = path_;
        return tl::unexpected(std::move(text.error()));
    }
    if (text->size() < line.size) return fail("read journal", path_ + " became shorter while it was read");
    auto value = images::parse_untrusted(*text);
    if (!value || !value->is_object())
        return fail("read journal", path_ + ": a line that no run has written", "remove the run folder");
    return std::move(*value);
}

Result<Record> Journal::record(std::size_t index) const {
    ASSAY_TRY(const json event, read(finished_.at(index).record));
    return record_of(event.value("record", json()));
}

Result<std::vector<check::RequestOutcome>> Journal::requests(std::size_t index) const {
    std::vector<check::RequestOutcome> requests;
    requests.reserve(finished_.at(index).requests.size());
    for (const Line& line : finished_.at(index).requests) {
        ASSAY_TRY(const json event, read(line));
        ASSAY_TRY(check::RequestOutcome outcome, request_of(event));
        requests.push_back(std::move(outcome));
    }
    return requests;
}

}  // namespace assay::collect
