#include "tools/serve/desk.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <cerrno>
#include <nlohmann/json.hpp>

namespace assay::serve {

namespace {

constexpr const char* kReading = "read batch";  // the step of those that a batch could not read either
constexpr const char* kDiskRemedy = "make room on the disk, then send it again";

Refusal taken_back() { return {410, "the submission was taken back", "send it again", {}}; }

Refusal no_room(const std::string& what) { return {507, what, kDiskRemedy, 5}; }

// What is left for the results of those that were accepted.
OrRefusal<void> check_disk(const std::string& folder, Bytes reserve) {
    struct statvfs disk {};
    if (::statvfs(folder.c_str(), &disk) != 0) return {};
    const Bytes left{static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize};
    if (left >= reserve) return {};
    return tl::unexpected(no_room("the disk of " + folder + " has only " + format_bytes(left) + " left"));
}

}  // namespace

const char* name_of(State state) {
    switch (state) {
        case State::queued: return "queued";
        case State::running: return "running";
        case State::done: return "done";
    }
    return "";
}

std::deque<Receipt> Watch::take() {
    std::lock_guard lock(mutex_);
    return std::exchange(ended_, {});
}

void Watch::tell(Receipt receipt) {
    {
        std::lock_guard lock(mutex_);
        ended_.push_back(std::move(receipt));
    }
    bell->ring();
}

void Desk::open(harness::Session& session, std::uint32_t at_once) {
    std::lock_guard lock(mutex_);
    session_ = &session;
    at_once_ = at_once;
    for (const auto& [id, error] : spoiled_) post_fault(id, kReading, error.to_string(), true);
    spoiled_.clear();
    start_some();
}

void Desk::restore(collect::Finished finished) {
    std::lock_guard lock(mutex_);
    Entry& entry = index_[finished.id];
    entry.state = State::done;
    entry.place = finished.place;
    entry.outcome = !finished.fault ? Outcome::verdict : finished.retryable ? Outcome::retryable : Outcome::fault;
    if (!finished.entry.is_null()) entry.content = digest_of(finished.entry);
}

void Desk::restore(HandIn unfinished) {
    std::lock_guard lock(mutex_);
    Entry& entry = index_[unfinished.id];
    entry.content = unfinished.content;
    entry.state = unfinished.submission ? State::queued : State::running;
    if (!unfinished.submission) {
        spoiled_.emplace_back(unfinished.id, unfinished.submission.error());
        return;
    }
    queued_bytes_ += unfinished.bytes;
    queue_.push_back({std::move(*unfinished.submission), unfinished.bytes});
}

// A verdict stands. A fault does not: its id is free for another try, the same content's only where that may help.
Desk::Standing Desk::standing(const HandIn& entry) const {
    const auto found = index_.find(entry.id);
    if (found == index_.end()) return Standing::fresh;
    const Entry& known = found->second;
    const bool same = known.content == entry.content;
    if (known.state == State::done && known.outcome == Outcome::retryable) return Standing::fresh;
    if (known.state == State::done && known.outcome == Outcome::fault && !same) return Standing::fresh;
    return same ? Standing::same : Standing::other;
}

OrRefusal<void> Desk::admissible(const std::vector<HandIn>& entries) const {
    if (stopping_) return tl::unexpected(Refusal{503, "the server is about to end", "send it again later", 5});
    std::size_t fresh = 0, bytes = 0;
    for (const HandIn& entry : entries) {
        if (standing(entry) != Standing::fresh) continue;
        ++fresh;
        bytes += entry.bytes;
    }
    if (fresh == 0) return {};
    ASSAY_CHECK(check_disk(session_->collector.folder(), limits_.reserve));
    if (auto error = session_->collector.failed()) return tl::unexpected(no_room(error->to_string()));
    if (fresh > limits_.queue || bytes > limits_.queue_bytes.count)
        return refuse(413, "the request has more entries than the queue can ever hold",
                      "send them in several requests");
    if (queue_.size() + arriving_ + fresh > limits_.queue || queued_bytes_ + bytes > limits_.queue_bytes.count)
        return tl::unexpected(Refusal{429, "the queue is full", "send it again when Retry-After has passed", 1});
    return {};
}

// Under the lock: who hands in the same meanwhile finds them, and waits for the same disk.
std::vector<Desk::Placed> Desk::place(const std::vector<HandIn>& entries, std::vector<Receipt>& receipts) {
    std::vector<Placed> placed;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const HandIn& entry = entries[i];
        const Standing stands = standing(entry);
        const auto found = index_.find(entry.id);
        if (stands == Standing::other) {
            receipts.push_back({entry.id,
                                State::done,
                                {},
                                Refusal{409,
                                        "the id \"" + entry.id + "\" is that of another submission",
                                        "give each submission an id of its own",
                                        {}}});
            continue;
        }
        if (stands == Standing::same) {
            receipts.push_back({entry.id, found->second.state, found->second.place, {}});
            continue;
        }
        placed.push_back({i, found == index_.end() ? std::nullopt : std::optional(found->second)});
        Entry& made = index_[entry.id];
        made = Entry{entry.content, {}, entry.submission ? State::queued : State::running, Outcome::verdict};
        receipts.push_back({entry.id, made.state, {}, {}});
        if (entry.submission)
            session_->collector.durable_event(entry.id, "accepted", {{"entry", entry.entry}});
        else
            post_fault(entry.id, kReading, entry.submission.error().to_string(), false);
    }
    arriving_ += placed.size();
    return placed;
}

void Desk::post_fault(const std::string& id, const std::string& step, const std::string& reason, bool retryable) {
    collect::Record record;
    record.id = id;
    record.outcome = runtime::Fault{step, reason, retryable};
    session_->collector.record(std::move(record));
}

void Desk::take_back(const std::vector<HandIn>& entries, std::vector<Placed>& placed) {
    for (Placed& each : placed) {
        const HandIn& entry = entries[each.index];
        if (!entry.submission) continue;  // its fault is written when there is room
        if (each.before)
            index_[entry.id] = *each.before;
        else
            index_.erase(entry.id);
        session_->collector.event(entry.id, "withdrawn", nlohmann::json::object());
    }
}

void Desk::enqueue(std::vector<HandIn>& entries, const std::vector<Placed>& placed) {
    for (const Placed& each : placed) {
        HandIn& entry = entries[each.index];
        if (!entry.submission) continue;
        queued_bytes_ += entry.bytes;
        queue_.push_back({std::move(*entry.submission), entry.bytes});
    }
    start_some();
}

OrRefusal<std::vector<Receipt>> Desk::take(std::vector<HandIn> entries) {
    std::vector<Receipt> receipts;
    std::vector<Placed> placed;
    {
        std::lock_guard lock(mutex_);
        ASSAY_CHECK(admissible(entries));
        placed = place(entries, receipts);
    }
    const auto written = session_->collector.flush();
    std::lock_guard lock(mutex_);
    arriving_ -= placed.size();
    if (arriving_ == 0) idle_.notify_all();
    if (!written) {
        take_back(entries, placed);
        return tl::unexpected(no_room(written.error().to_string()));
    }
    enqueue(entries, placed);
    return receipts;
}

OrRefusal<Receipt> Desk::look(const std::string& id) const {
    std::lock_guard lock(mutex_);
    const auto found = index_.find(id);
    if (found == index_.end())
        return refuse(404, "there is no submission of this id", "POST /v1/submissions takes one");
    return Receipt{id, found->second.state, found->second.place, {}};
}

OrRefusal<void> Desk::withdraw(const std::string& id) {
    std::lock_guard lock(mutex_);
    const auto found = index_.find(id);
    if (found == index_.end()) return refuse(404, "there is no submission of this id", "it may be taken back already");
    const auto queued =
        std::find_if(queue_.begin(), queue_.end(), [&](const Queued& each) { return each.submission.id == id; });
    if (queued == queue_.end())
        return refuse(409, std::string("the submission is ") + name_of(found->second.state) + ", not queued",
                      "what has begun is evaluated to its end");
    session_->collector.event(id, "withdrawn", nlohmann::json::object());
    queued_bytes_ -= queued->bytes;
    queue_.erase(queued);
    index_.erase(found);
    const auto waiting = watches_.extract(id);
    if (!waiting) return {};
    for (const auto& weak : waiting.mapped())
        if (auto watch = weak.lock()) watch->tell({id, State::queued, {}, taken_back()});
    return {};
}

void Desk::watch(const std::vector<Receipt>& receipts, const std::shared_ptr<Watch>& watch) {
    std::lock_guard lock(mutex_);
    for (const Receipt& receipt : receipts) {
        if (receipt.refused) {
            watch->tell(receipt);
            continue;
        }
        const auto found = index_.find(receipt.id);
        if (found == index_.end()) {
            watch->tell({receipt.id, State::queued, {}, taken_back()});
            continue;
        }
        if (found->second.state == State::done) {
            watch->tell({receipt.id, State::done, found->second.place, {}});
            continue;
        }
        auto& waiting = watches_[receipt.id];
        std::erase_if(waiting, [](const auto& weak) { return weak.expired(); });
        waiting.push_back(watch);
    }
}

Desk::Counts Desk::counts() const {
    std::lock_guard lock(mutex_);
    return {queue_.size() + arriving_, running_, index_.size()};
}

void Desk::start_some() {
    while (session_ != nullptr && !stopping_ && running_ < at_once_ && !queue_.empty()) {
        Queued next = std::move(queue_.front());
        queue_.pop_front();
        queued_bytes_ -= next.bytes;
        index_[next.submission.id].state = State::running;
        ++running_;
        start(std::move(next.submission));
    }
}

void Desk::start(batch::Submission submission) {
    std::string id = submission.id;
    boost::asio::co_spawn(
        session_->scheduler.executor(),
        [this, submission = std::make_shared<batch::Submission>(std::move(submission))]() -> runtime::Task<void> {
            co_await harness::evaluate(*session_, *submission);
        },
        [this, id = std::move(id)](const std::exception_ptr& thrown) { ended(id, thrown != nullptr); });
}

void Desk::ended(const std::string& id, bool thrown) {
    // Only a broken invariant throws: a fault, so that nobody waits for ever.
    if (thrown) post_fault(id, "evaluate", "an evaluation ended by an exception", true);
    std::lock_guard lock(mutex_);
    --running_;
    start_some();
    if (running_ == 0) idle_.notify_all();
}

void Desk::stop() {
    std::lock_guard lock(mutex_);
    stopping_ = true;
}

bool Desk::stopping() const {
    std::lock_guard lock(mutex_);
    return stopping_;
}

bool Desk::wait_idle(Instant deadline) {
    std::unique_lock lock(mutex_);
    return idle_.wait_until(lock, deadline, [this] { return running_ == 0 && arriving_ == 0; });
}

void Desk::on_stored(const collect::Record& record, collect::Place place) {
    std::lock_guard lock(mutex_);
    Entry& entry = index_[record.id];
    entry.state = State::done;
    entry.place = place;
    const auto* fault = record.fault();
    entry.outcome = fault == nullptr ? Outcome::verdict : fault->retryable ? Outcome::retryable : Outcome::fault;
    const auto waiting = watches_.extract(record.id);
    if (!waiting) return;
    for (const auto& weak : waiting.mapped())
        if (auto watch = weak.lock()) watch->tell({record.id, State::done, place, {}});
}

}  // namespace assay::serve
