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
};

// Cuts what follows the last line break, which the end of a machine left, and gives the line before it; empty when
// there is none. A missing file is empty.
Result<std::string> mend_last_line(const std::string& path) {
    const Fd file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    if (!file && errno == ENOENT) return std::string();
    const off_t size = file ? ::lseek(file.get(), 0, SEEK_END) : -1;
    if (size < 0) return fail_errno(errno, "continue journal", path);
    constexpr off_t kBlock = 64 * 1024;
    std::string tail;  // of the file, from `from` on
    for (off_t from = size; from > 0;) {
        const auto want = static_cast<std::size_t>(std::min(kBlock, from));
        from -= static_cast<off_t>(want);
        std::string block(want, '\0');
        if (::pread(file.get(), block.data(), want, from) != static_cast<ssize_t>(want))
            return fail_errno(errno, "continue journal", path);
        tail.insert(0, block);
        const auto end = tail.rfind('\n');
        const auto before = end == std::string::npos || end == 0 ? end : tail.rfind('\n', end - 1);
        if (before == std::string::npos && from > 0) continue;
        const auto kept = end == std::string::npos ? 0 : from + static_cast<off_t>(end) + 1;
        if (kept < size && ::ftruncate(file.get(), kept) != 0) return fail_errno(errno, "continue journal", path);
        if (end == std::string::npos) return std::string();
        const auto begin = before == std::string::npos || before == end ? 0 : before + 1;
        return tail.substr(begin, end - begin);
    }
    return std::string();
}

}  // namespace

struct Collector::State {
    std::string folder;
    Fd events;
    Fd results;
    Instant begin = Clock::now();
    std::vector<std::shared_ptr<Sink>> sinks;

    mutable std::mutex mutex;
    std::condition_variable posted;
    std::condition_variable written;
    std::deque<Item> queue;
    std::uint64_t accepted = 0;
    std::uint64_t done = 0;
    bool closing = false;
    std::optional<Error> error;
    std::thread writer;

    std::uint64_t sequence = 0;  // of the writer thread alone

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
            Result<void> stored = write(batch);
            batch.clear();
            lock.lock();
            if (!stored && !error) error = stored.error();
            done += taken;
            written.notify_all();
        }
    }

    Result<void> write(std::deque<Item>& batch) {
        std::string event_lines, result_lines;
        Result<void> stored;
        for (Item& item : batch) {
            json line = {{"seq", sequence++}, {"t_us", item.at.count()}, {"event", item.name}};
            if (!item.submission.empty()) line["submission"] = item.submission;
            if (item.record) {
                json record = to_json(*item.record);
                result_lines += dump(record) + "\n";
                line["record"] = std::move(record);
                if (auto logs = write_logs(item); !logs && stored) stored = logs;
            } else {
                line.update(item.data);
            }
            std::string text = dump(line);
            for (auto& sink : sinks) sink->on_event(text);
            event_lines += std::move(text) += '\n';
        }
        // The journal first: results.jsonl never knows more than events.ndjson.
        auto journal = write_all(events.get(), event_lines);
        if (journal && !result_lines.empty()) {
            if (::fdatasync(events.get()) != 0) journal = fail_errno(errno, "sync", folder + "/events.ndjson");
            if (journal) journal = write_all(results.get(), result_lines);
            if (journal && ::fdatasync(results.get()) != 0)
                journal = fail_errno(errno, "sync", folder + "/results.jsonl");
        }
        for (auto& sink : sinks) sink->on_written();
        for (Item& item : batch)
            if (item.record)
                for (auto& sink : sinks) sink->on_record(*item.record);
        if (!journal) {
            journal.error().detail = folder;
            journal.error().remedy = "make room on the disk, then run again with --resume";
            return journal;
        }
        return stored;
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

void Collector::event(const std::string& submission, const std::string& name, const json& data) {
    state_->post(Item{{}, submission, name, data, {}, {}});
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
    state_->written.wait(lock, [&] { return state_->done >= target; });
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
