// The submissions of a service: every one that was ever handed in, what waits, what runs, and who waits for them.
//
// Theory of operation: take() is called by threads that may block. It decides about all entries of a body at once,
// has them in the journal, and only then puts them into the queue; evaluations are started from there, so many at a
// time as the session's capacity can use. A record's place in results.jsonl comes back from the collector's thread
// (on_stored), and whoever watches the submission is told. Of a finished one an index entry stays, some hundred bytes
// and its id. Thread-safe.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "harness/collect/handed_in.h"
#include "harness/evaluate.h"
#include "tools/serve/answer.h"
#include "tools/serve/bell.h"
#include "tools/serve/intake.h"

namespace assay::serve {

enum class State : std::uint8_t { queued, running, done };
const char* name_of(State state);

// What is known of one submission.
struct Receipt {
    std::string id;
    State state = State::queued;
    collect::Place place{};          // of its result, when it is done
    std::optional<Refusal> refused;  // it is not taken, or was taken back
};

// Hears of submissions as they end. Held by who waits; nobody has to say that he left.
class Watch {
 public:
    explicit Watch(boost::asio::io_context& reactor) : bell(std::make_shared<Bell>(reactor)) {}
    // Those that ended since the last call.
    std::deque<Receipt> take();
    void tell(Receipt receipt);  // thread-safe

    const std::shared_ptr<Bell> bell;

 private:
    std::mutex mutex_;
    std::deque<Receipt> ended_;
};

class Desk : public collect::Sink {
 public:
    struct Limits {
        std::size_t queue = 1000;                     // entries that wait
        Bytes queue_bytes{std::uint64_t{256} << 20};  // of their text
        Bytes reserve{std::uint64_t{32} << 20};       // of the disk, for the results of what was accepted
    };
    struct Counts {
        std::size_t queued = 0, running = 0, known = 0;
    };

    explicit Desk(const Limits& limits) : limits_(limits) {}

    // Begins, with at most so many evaluations at once. The session outlives the last one.
    void open(harness::Session& session, std::uint32_t at_once);
    // What an earlier life of the service left, before open(): finished results, and what is evaluated now.
    void restore(collect::Finished finished);
    void restore(HandIn unfinished);

    // All entries are taken, or the request is refused as a whole. Blocks until they are on disk. One receipt an entry,
    // in their order.
    OrRefusal<std::vector<Receipt>> take(std::vector<HandIn> entries);
    [[nodiscard]] OrRefusal<Receipt> look(const std::string& id) const;
    OrRefusal<void> withdraw(const std::string& id);
    // Tells `watch` of each, at once when it is done already.
    void watch(const std::vector<Receipt>& receipts, const std::shared_ptr<Watch>& watch);
    [[nodiscard]] Counts counts() const;
    [[nodiscard]] const Limits& limits() const noexcept { return limits_; }

    // Begins no evaluation any more, takes no entry. Then waits for those that run: whether they ended in time.
    void stop();
    [[nodiscard]] bool stopping() const;
    bool wait_idle(Instant deadline);

    void on_stored(const collect::Record& record, collect::Place place) override;

 private:
    enum class Outcome : std::uint8_t { verdict, fault, retryable };
    struct Entry {
        Digest content{};
        collect::Place place{};
        State state = State::queued;
        Outcome outcome = Outcome::verdict;  // when it is done
    };
    struct Queued {
        batch::Submission submission;
        std::size_t bytes = 0;
    };
    // What is put into the index by a take(), with what stood there.
    struct Placed {
        std::size_t index = 0;
        std::optional<Entry> before;
    };
    enum class Standing { fresh, same, other };

    Standing standing(const HandIn& entry) const;
    OrRefusal<void> admissible(const std::vector<HandIn>& entries) const;
    std::vector<Placed> place(const std::vector<HandIn>& entries, std::vector<Receipt>& receipts);
    void take_back(const std::vector<HandIn>& entries, std::vector<Placed>& placed);
    void enqueue(std::vector<HandIn>& entries, const std::vector<Placed>& placed);
    void start_some();  // with mutex_ held
    void start(batch::Submission submission);
    void ended(const std::string& id, bool thrown);
    void post_fault(const std::string& id, const std::string& step, const std::string& reason, bool retryable);

    const Limits limits_;
    harness::Session* session_ = nullptr;
    std::uint32_t at_once_ = 0;
    mutable std::mutex mutex_;
    std::condition_variable idle_;
    std::unordered_map<std::string, Entry> index_;
    std::list<Queued> queue_;
    std::size_t queued_bytes_ = 0;
    std::size_t arriving_ = 0;  // taken, on their way to the disk
    std::size_t running_ = 0;
    bool stopping_ = false;
    std::unordered_map<std::string, std::vector<std::weak_ptr<Watch>>> watches_;
    std::vector<std::pair<std::string, Error>> spoiled_;  // restored, but their files are gone
};

}  // namespace assay::serve
