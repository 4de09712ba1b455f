#include "harness/collect/collector.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/fd.h"
#include "harness/collect/journal.h"
#include "harness/collect/last_line.h"
#include "images/store.h"
#include "images/untrusted_json.h"

namespace assay::collect {

using nlohmann::json;

namespace {

// Text of servers and scripts may hold any bytes: invalid UTF-8 becomes U+FFFD instead of an exception.
std::string dump(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

struct Item {
    Micros at{0};
    std::string submission;
    std::string name;
    json data;
    std::optional<Record> record;
    std::vector<LogFile> files;
    bool durable = false;
};

// A group of items as it goes to the files.
struct Lines {
    std::string events;
    std::string results;
    std::vector<Place> places;  // of the records' lines in `results`
    bool sync = false;
};

constexpr Millis kRetry{1000};          // of what could not be written
constexpr std::size_t kNameKept = 200;  // bytes of a long id that its log folder's name begins with

}  // namespace

struct Collector::State {
    std::string folder;
    Fd events;
    Fd results;
    Instant begin = Clock::now();
    std::vector<std::shared_ptr<Sink>> sinks;
    bool keep_trying = false;

    mutable std::mutex mutex;
    std::condition_variable posted;
    std::condition_variable written;
    std::deque<Item> queue;
    std::uint64_t accepted = 0;
    std::uint64_t done = 0;
    bool closing = false;
    std::optional<Error> error;
    std::thread writer;

    // Of the writer thread alone.
    std::uint64_t sequence = 0;
    std::uint64_t events_size = 0;
    std::uint64_t results_size = 0;

    void post(Item item) {
        {
            std::lock_guard lock(mutex);
            // Under the lock: the journal's order is that of its times.
            item.at = std::chrono::duration_cast<Micros>(Clock::now() - begin);
            queue.push_back(std::move(item));
            ++accepted;
        }
        posted.notify_one();
    }

    void run() {
        ::pthread_setname_np(::pthread_self(), "collector");
        std::deque<Item> batch;
        std::unique_lock lock(mutex);
        for (;;) {
            posted.wait(lock, [this] { return closing || !queue.empty(); });
            if (queue.empty()) return;
            batch.swap(queue);
            lock.unlock();
            const auto taken = batch.size();
            const Lines lines = lines_of(batch);
            Result<void> stored = store(batch, lines);
            lock.lock();
            while (!stored && keep_trying && !closing) {
                error = stored.error();
                written.notify_all();
                posted.wait_for(lock, kRetry, [this] { return closing; });
                lock.unlock();
                stored = store(batch, lines);
                lock.lock();
            }
            if (stored && keep_trying) error.reset();
            if (!stored && !error) error = stored.error();
            lock.unlock();
            tell_sinks(batch, lines, stored.has_value());
            batch.clear();
            lock.lock();
            done += taken;
            written.notify_all();
        }
    }

    Lines lines_of(const std::deque<Item>& batch) {
        Lines lines;
        for (const Item& item : batch) {
            json line = {{"seq", sequence++}, {"t_us", item.at.count()}, {"event", item.name}};
            if (!item.submission.empty()) line["submission"] = item.submission;
            if (item.record) {
                json record = to_json(*item.record);
                const std::string text = dump(record);
                lines.places.push_back({lines.results.size(), static_cast<std::uint32_t>(text.size())});
                lines.results += text + "\n";
                line["record"] = std::move(record);
            } else {
                line.update(item.data);
            }
            lines.sync = lines.sync || item.record || item.durable;
            std::string text = dump(line);
            for (auto& sink : sinks) sink->on_event(text);
            lines.events += std::move(text) += '\n';
        }
        return lines;
    }

    // Whole, or not at all. Logs come first: what a record speaks of is there.
    Result<void> store(const std::deque<Item>& batch, const Lines& lines) {
        Result<void> logs;
        for (const Item& item : batch)
            if (auto stored = item.record ? write_logs(item) : Result<void>(); !stored && logs) logs = stored;
        if (!logs && keep_trying) return logs;
        if (auto appended = append(lines); !appended) {
            // What is left of it would be glued to the next line.
            (void)::ftruncate(events.get(), static_cast<off_t>(events_size));
            (void)::ftruncate(results.get(), static_cast<off_t>(results_size));
            appended.error().detail = folder;
            appended.error().remedy =
                keep_trying ? "make room on the disk" : "make room on the disk, then run again with --resume";
            return appended;
        }
        events_size += lines.events.size();
        results_size += lines.results.size();
        return logs;
    }

    // The journal first: results.jsonl never knows more than events.ndjson.
    Result<void> append(const Lines& lines) const {
        ASSAY_CHECK(write_all(events.get(), lines.events));
        if (lines.sync && ::fdatasync(events.get()) != 0) return fail_errno(errno, "sync", folder + "/events.ndjson");
        if (lines.results.empty()) return {};
        ASSAY_CHECK(write_all(results.get(), lines.results));
        if (::fdatasync(results.get()) != 0) return fail_errno(errno, "sync", folder + "/results.jsonl");
        return {};
    }

    void tell_sinks(const std::deque<Item>& batch, const Lines& lines, bool stored) {
        for (auto& sink : sinks) sink->on_written();
        auto place = lines.places.begin();
        const auto group = results_size - lines.results.size();
        for (const Item& item : batch) {
            if (!item.record) continue;
            const Place where{group + place->offset, place->size};
            ++place;
            for (auto& sink : sinks) sink->on_record(*item.record);
            if (!stored) continue;
            for (auto& sink : sinks) sink->on_stored(*item.record, where);
        }
    }

    Result<void> write_logs(const Item& item) const {
        const std::string logs = log_folder(folder, item.record->id);
        for (const LogFile& file : item.files) {
            if (file.bytes.empty()) continue;
            std::error_code made;
            std::filesystem::create_directories(logs, made);
            if (made) return fail_errno(made.value(), "make folder", logs);
            ASSAY_CHECK(write_file_at(AT_FDCWD, logs + "/" + file.name, file.bytes));
        }
        return {};
    }
};

Collector::Collector(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<Collector>> Collector::open(const std::string& folder, const json& manifest, bool append) {
    auto state = std::make_unique<State>();
    state->folder = folder;
    std::error_code made;
    std::filesystem::create_directories(folder + "/logs", made);
    if (made) return fail_errno(made.value(), "make run folder", folder, "name another one with -o");
    if (!append && std::filesystem::exists(folder + "/events.ndjson"))
        return fail("make run folder", folder + " already holds a run",
                    "continue it with --resume, or name another folder with -o");
    if (!append) ASSAY_CHECK(replace_file(folder + "/manifest.json", manifest.dump(2) + "\n"));
    if (append) {
        ASSAY_TRY(const std::string last, mend_last_line(folder + "/events.ndjson"));
        ASSAY_CHECK(mend_last_line(folder + "/results.jsonl"));
        // Numbers and times go on where they were.
        const json line = images::parse_untrusted(last).value_or(json());
        const auto number = [&](const char* key) {
            const auto found = line.find(key);
            return found != line.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
        };
        if (line.is_object() && line.contains("seq")) {
            state->sequence = static_cast<std::uint64_t>(number("seq")) + 1;
            state->begin -= Micros(event_time(number("t_us")));
        }
    }
    const int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC;
    state->events = Fd(::open((folder + "/events.ndjson").c_str(), flags, 0644));
    if (!state->events) return fail_errno(errno, "open", folder + "/events.ndjson");
    state->results = Fd(::open((folder + "/results.jsonl").c_str(), flags, 0644));
    if (!state->results) return fail_errno(errno, "open", folder + "/results.jsonl");
    for (const auto& [file, size] :
         {std::pair{&state->events, &state->events_size}, {&state->results, &state->results_size}}) {
        const off_t end = ::lseek(file->get(), 0, SEEK_END);
        if (end < 0) return fail_errno(errno, "open", folder);
        *size = static_cast<std::uint64_t>(end);
    }
    State* raw = state.get();
    state->writer = std::thread([raw] { raw->run(); });
    return std::unique_ptr<Collector>(new Collector(std::move(state)));
}

Collector::~Collector() {
    {
        std::lock_guard lock(state_->mutex);
        state_->closing = true;
    }
    state_->posted.notify_one();
    state_->writer.join();
}

void Collector::add_sink(std::shared_ptr<Sink> sink) { state_->sinks.push_back(std::move(sink)); }

void Collector::keep_trying() { state_->keep_trying = true; }

void Collector::event(const std::string& submission, const std::string& name, const json& data) {
    state_->post(Item{{}, submission, name, data, {}, {}});
}

void Collector::durable_event(const std::string& submission, const std::string& name, const json& data) {
    state_->post(Item{{}, submission, name, data, {}, {}, true});
}

void Collector::request(const std::string& submission, const check::RequestOutcome& outcome) {
    state_->post(Item{{}, submission, "request", to_json(outcome), {}, {}});
}

void Collector::record(Record record, std::vector<LogFile> files) {
    std::string id = record.id;
    const std::string name = record.verdict() != nullptr ? "verdict" : "fault";
    state_->post(Item{{}, std::move(id), name, {}, std::move(record), std::move(files)});
}

Result<void> Collector::flush() {
    std::unique_lock lock(state_->mutex);
    const auto target = state_->accepted;
    state_->written.wait(lock, [&] { return state_->done >= target || (state_->keep_trying && state_->error); });
    if (state_->error) return tl::unexpected(*state_->error);
    return {};
}

std::optional<Error> Collector::failed() const {
    std::lock_guard lock(state_->mutex);
    return state_->error;
}

const std::string& Collector::folder() const noexcept { return state_->folder; }

std::string Collector::log_folder(const std::string& run_folder, const std::string& id) {
    std::string name;
    for (char c : id) {
        const bool safe = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                          c == '_' || c == '.' || c == '+' || c == '@';
        // Injective, so that two ids never share a folder.
        name += safe ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    if (name.empty() || name == "." || name == "..") name += "%";
    if (name.size() > kNameKept + 40) name = name.substr(0, kNameKept) + "~" + images::sha256(id).substr(0, 32);
    return run_folder + "/logs/" + name;
}

Result<std::vector<json>> read_results(const std::string& folder) {
    ASSAY_TRY(std::string text, read_file(folder + "/results.jsonl"));
    std::vector<json> lines;
    std::size_t number = 0;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text.find('\n', at);
        if (end == std::string::npos) break;  // cut by the end of the machine: its submission runs again
        ++number;
        auto line = images::parse_untrusted(std::string_view(text).substr(at, end - at));
        if (!line)
            return fail("read results", folder + "/results.jsonl:" + std::to_string(number) + ": not JSON",
                        "remove that line; its submission is run again by --resume");
        lines.push_back(std::move(*line));
        at = end + 1;
    }
    return lines;
}

std::map<std::string, json> last_of_each(std::vector<json> lines) {
    std::map<std::string, json> last;
    for (json& line : lines) {
        const auto id = line.find("id");
        if (id != line.end() && id->is_string()) last.insert_or_assign(id->get<std::string>(), std::move(line));
    }
    return last;
}

}  // namespace assay::collect
