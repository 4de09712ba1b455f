#include "tools/serve/api.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "base/fd.h"
#include "base/read_at.h"

namespace assay::serve {

namespace {

constexpr Millis kGlance{1000};            // between two looks whether a client is still there
constexpr std::size_t kPiece = 64 * 1024;  // of the journal
constexpr std::uint64_t kLogLimit = std::uint64_t{64} << 20;

Result<std::string> read_part(const std::string& path, std::uint64_t offset, std::size_t size) {
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return fail_errno(errno, "read", path);
    auto text = read_at(file.get(), offset, size);
    if (!text) text.error().detail = path;
    return text;
}

Answer internal(const Error& error) {
    return answer_of({500, error.to_string(), "look at the server's run folder", {}});
}

}  // namespace

void JournalNews::on_written() {
    std::lock_guard lock(mutex_);
    std::erase_if(bells_, [](const auto& weak) {
        const auto bell = weak.lock();
        if (bell) bell->ring();
        return !bell;
    });
}

void JournalNews::add(const std::shared_ptr<Bell>& bell) {
    std::lock_guard lock(mutex_);
    bells_.push_back(bell);
}

runtime::Task<bool> Api::serve(Route route, std::string body, std::string type, Exchange& to) {
    {
        std::lock_guard lock(mutex_);
        ++busy_;
    }
    const bool kept = co_await perform(std::move(route), std::move(body), std::move(type), to);
    {
        std::lock_guard lock(mutex_);
        if (--busy_ == 0) idle_.notify_all();
    }
    co_return kept && !closing_;
}

void Api::close(Instant deadline) {
    closing_ = true;
    std::unique_lock lock(mutex_);
    idle_.wait_until(lock, deadline, [this] { return busy_ == 0; });
}

runtime::Task<bool> Api::perform(Route route, std::string body, std::string type, Exchange& to) {
    switch (route.action) {
        case Action::submit: co_return co_await submit(std::move(route), std::move(body), std::move(type), to);
        case Action::look: co_return co_await look(std::move(route), to);
        case Action::events: co_return co_await events(std::move(route), to);
        default: break;
    }
    // GCC 12 destroys some temporaries of a co_await expression twice: what owns something has a name.
    std::function<Answer()> work = [this, route] { return answer_to(route); };
    Answer answer = co_await blocking(std::move(work));
    co_return co_await to.answer(std::move(answer));
}

Answer Api::answer_to(const Route& route) {
    switch (route.action) {
        case Action::withdraw: return withdraw(route);
        case Action::list_logs: return list_logs(route);
        case Action::read_log: return read_log(route);
        case Action::metrics: return metrics_text();
        default: return health();
    }
}

runtime::Task<bool> Api::submit(Route route, std::string body, std::string type, Exchange& to) {
    using Taken = OrRefusal<std::vector<Receipt>>;
    std::function<Taken()> take = [this, body = std::move(body), type = std::move(type)]() -> Taken {
        ASSAY_TRY(auto entries, parts_.intake.read(body, type));
        return parts_.desk.take(std::move(entries));
    };
    const Instant deadline =
        Clock::now() + (route.stream && route.wait == Millis(0) ? Millis(std::chrono::hours(24 * 365)) : route.wait);
    Taken taken = co_await blocking(std::move(take));
    if (!taken) {
        Answer refused = answer_of(taken.error());
        co_return co_await to.answer(std::move(refused));
    }
    if (route.stream) co_return co_await stream(std::move(*taken), deadline, to);
    co_await await_done(*taken, deadline, to);

    if (taken->size() == 1 && taken->front().refused) {
        Answer refused = answer_of(*taken->front().refused);
        co_return co_await to.answer(std::move(refused));
    }
    const bool all_done = std::all_of(taken->begin(), taken->end(),
                                      [](const Receipt& each) { return !each.refused && each.state == State::done; });
    std::function<std::string()> write = [this, receipts = std::move(*taken)] {
        std::string text = "{\"submissions\":[";
        for (const Receipt& receipt : receipts) text += (&receipt == receipts.data() ? "" : ",") + describe(receipt);
        return text + "]}\n";
    };
    Answer answer;
    answer.status = all_done ? 200 : 202;
    answer.body = co_await blocking(std::move(write));
    co_return co_await to.answer(std::move(answer));
}

runtime::Task<void> Api::await_done(std::vector<Receipt>& receipts, Instant deadline, Exchange& to) {
    auto watch = std::make_shared<Watch>(reactor());
    std::size_t open = receipts.size();
    if (Clock::now() < deadline) parts_.desk.watch(receipts, watch);
    while (open > 0 && Clock::now() < deadline && !closing_ && !to.gone()) {
        co_await watch->bell->wait_until(std::min(deadline, Clock::now() + kGlance));
        open -= std::min(open, watch->take().size());
    }
    for (Receipt& each : receipts) {
        if (each.refused) continue;
        if (auto now = parts_.desk.look(each.id))
            each = std::move(*now);
        else
            each.refused = std::move(now.error());
    }
}

runtime::Task<bool> Api::stream(std::vector<Receipt> receipts, Instant deadline, Exchange& to) {
    auto watch = std::make_shared<Watch>(reactor());
    parts_.desk.watch(receipts, watch);
    if (!co_await to.begin(kLines)) co_return false;
    std::size_t open = receipts.size();
    while (open > 0 && Clock::now() < deadline && !closing_) {
        co_await watch->bell->wait_until(std::min(deadline, Clock::now() + kGlance));
        if (to.gone()) co_return false;
        std::deque<Receipt> ended = watch->take();
        if (ended.empty()) continue;
        open -= std::min(open, ended.size());
        std::function<std::string()> write = [this, ended = std::move(ended)] {
            std::string lines;
            for (const Receipt& each : ended) {
                auto line = each.refused ? Result<std::string>(describe(each)) : result_line(each.place);
                lines += (line ? *line : describe(each)) + "\n";
            }
            return lines;
        };
        std::string lines = co_await blocking(std::move(write));
        if (!co_await to.send(std::move(lines))) co_return false;
    }
    co_return co_await to.end();
}

runtime::Task<bool> Api::look(Route route, Exchange& to) {
    auto found = parts_.desk.look(route.id);
    if (found && found->state != State::done && route.wait > Millis(0)) {
        std::vector<Receipt> one{std::move(*found)};
        co_await await_done(one, Clock::now() + route.wait, to);
        found = parts_.desk.look(route.id);
    }
    if (!found) {
        Answer refused = answer_of(found.error());
        co_return co_await to.answer(std::move(refused));
    }
    std::function<Answer()> write = [this, receipt = std::move(*found)] {
        return Answer{200, describe(receipt) + "\n"};
    };
    Answer answer = co_await blocking(std::move(write));
    co_return co_await to.answer(std::move(answer));
}

Result<std::string> Api::result_line(collect::Place place) const {
    const std::string path = parts_.session.collector.folder() + "/results.jsonl";
    ASSAY_TRY(std::string line, read_part(path, place.offset, place.size));
    if (line.size() != place.size) return fail("read", path + " became shorter");
    return line;
}

std::string Api::describe(const Receipt& receipt) const {
    std::string text = "{\"id\":" + quoted(receipt.id);
    if (receipt.refused)
        return text + ",\"state\":\"refused\",\"error\":" + quoted(receipt.refused->error) +
               ",\"remedy\":" + quoted(receipt.refused->remedy) + "}";
    text += std::string(",\"state\":\"") + name_of(receipt.state) + "\"";
    if (receipt.state == State::done) {
        const auto line = result_line(receipt.place);
        text += line ? ",\"result\":" + *line : ",\"error\":" + quoted(line.error().to_string());
    }
    return text + "}";
}

runtime::Task<bool> Api::events(Route route, Exchange& to) {
    const std::string path = parts_.session.collector.folder() + "/events.ndjson";
    auto bell = std::make_shared<Bell>(reactor());
    parts_.news.add(bell);
    std::uint64_t at = route.from;
    if (at > 0) {
        std::function<Result<std::string>()> before = [path, at] { return read_part(path, at - 1, 1); };
        auto last = co_await blocking(std::move(before));
        if (!last || *last != "\n") {
            Answer refused = answer_of({416,
                                        "no event begins at that offset",
                                        "offsets are bytes: the one that was asked for and the bytes that came",
                                        {}});
            co_return co_await to.answer(std::move(refused));
        }
    }
    if (!co_await to.begin(kLines)) co_return false;
    for (;;) {
        std::function<Result<std::string>()> read = [path, at] { return read_part(path, at, kPiece); };
        auto piece = co_await blocking(std::move(read));
        if (!piece || to.gone()) co_return false;
        if (!piece->empty()) {
            at += piece->size();
            if (!co_await to.send(std::move(*piece))) co_return false;
        } else if (route.follow && !closing_) {
            co_await bell->wait_until(Clock::now() + kGlance);
        } else {
            co_return co_await to.end();
        }
    }
}

Answer Api::withdraw(const Route& route) {
    if (auto done = parts_.desk.withdraw(route.id); !done) return answer_of(done.error());
    return Answer{200, "{\"id\":" + quoted(route.id) + ",\"state\":\"withdrawn\"}\n"};
}

Answer Api::list_logs(const Route& route) const {
    if (auto found = parts_.desk.look(route.id); !found) return answer_of(found.error());
    const std::string folder = collect::Collector::log_folder(parts_.session.collector.folder(), route.id);
    std::vector<std::string> names;
    std::error_code error;
    for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
        names.push_back(entry->path().filename().string());
    std::sort(names.begin(), names.end());
    std::string text = "{\"logs\":[";
    for (const auto& name : names) text += (&name == names.data() ? "" : ",") + quoted(name);
    return Answer{200, text + "]}\n"};
}

Answer Api::read_log(const Route& route) const {
    if (auto found = parts_.desk.look(route.id); !found) return answer_of(found.error());
    const std::string folder = collect::Collector::log_folder(parts_.session.collector.folder(), route.id);
    const Fd file(::open((folder + "/" + route.log).c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat info {};
    if (!file || ::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode))
        return answer_of({404, "there is no such log", "/v1/submissions/ID/logs lists them", {}});
    auto bytes = read_all(file.get(), kLogLimit);
    if (!bytes) return internal(bytes.error());
    return Answer{200, std::move(*bytes), kText};
}

Answer Api::health() const {
    if (parts_.desk.stopping()) return answer_of({503, "the server is about to end", "wait for the next one", {}});
    if (auto error = parts_.session.collector.failed())
        return answer_of({503, "the journal cannot be written", "make room on the server's disk", {}});
    return Answer{200, "{\"status\":\"ok\"}\n"};
}

Answer Api::metrics_text() const {
    const Desk::Counts counts = parts_.desk.counts();
    Gauges gauges{counts.queued,
                  counts.running,
                  counts.known,
                  parts_.desk.limits().queue,
                  parts_.session.admission.in_work(),
                  parts_.session.admission.capacity(),
                  parts_.session.collector.failed().has_value()};
    return Answer{200, parts_.metrics.text(gauges), "text/plain; version=0.0.4; charset=utf-8"};
}

}  // namespace assay::serve
