#include "bench/waiting_variants.h"

#include <tbb/task.h>
#include <tbb/task_arena.h>

#include <atomic>
#include <boost/asio.hpp>
#include <condition_variable>
#include <functional>
#include <latch>
#include <mutex>
#include <thread>
#include <vector>

namespace assay::bench {
namespace {

namespace asio = boost::asio;

// Delays differ between waits, and are the same in every variant.
Micros delay(const Work& work, unsigned slot, unsigned wait) {
    const auto span = static_cast<std::uint64_t>((work.longest - work.shortest).count()) + 1;
    return work.shortest + Micros(mix(std::uint64_t{slot} << 32 | wait) % span);
}

// The thread that ends waits of kind "posted": it runs what it is given, in order.
class Poster {
 public:
    Poster() : thread_([this] { run(); }) {}
    ~Poster() {
        {
            std::lock_guard lock(mutex_);
            ended_ = true;
        }
        changed_.notify_one();
        thread_.join();
    }
    void post(std::function<void()> job) {
        {
            std::lock_guard lock(mutex_);
            jobs_.push_back(std::move(job));
        }
        changed_.notify_one();
    }

 private:
    void run() {
        std::vector<std::function<void()>> batch;
        for (std::unique_lock lock(mutex_);;) {
            changed_.wait(lock, [this] { return ended_ || !jobs_.empty(); });
            if (jobs_.empty()) return;
            batch.swap(jobs_);
            lock.unlock();
            for (auto& job : batch) job();
            batch.clear();
            lock.lock();
        }
    }
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::function<void()>> jobs_;
    bool ended_ = false;
    std::thread thread_;
};

// An io_context on a thread of its own.
class Reactor {
 public:
    Reactor() : work_(asio::make_work_guard(context)), thread_([this] { context.run(); }) {}
    ~Reactor() {
        context.stop();
        thread_.join();
    }
    asio::io_context context;

 private:
    asio::executor_work_guard<asio::io_context::executor_type> work_;
    std::thread thread_;
};

// What every variant shares: it adds up results, so that no compiler and no bug removes the work.
struct Tally {
    explicit Tally(const Work& work) : left(static_cast<std::ptrdiff_t>(work.slots())) {}
    std::latch left;
    std::atomic<std::uint64_t> sum{0};
};

class Suspended : public Variant {
 public:
    explicit Suspended(unsigned workers) : arena_(static_cast<int>(workers), 0) { arena_.initialize(); }
    std::uint64_t run(const Work& work) override {
        Tally tally(work);
        for (unsigned slot = 0; slot < work.slots(); ++slot)
            arena_.enqueue([this, &work, &tally, slot] {
                for (unsigned turn = 0; turn < work.share(slot); ++turn) {
                    Live live(slot);
                    for (unsigned wait = 0; wait < work.waits; ++wait) {
                        suspend(work, slot, wait);
                        live.step();
                    }
                    tally.sum += live.result();
                }
                tally.left.count_down();
            });
        tally.left.wait();
        return tally.sum;
    }

 private:
    void suspend(const Work& work, unsigned slot, unsigned wait) {
        tbb::task::suspend([&](tbb::task::suspend_point point) {
            if (work.posted) {
                poster_.post([point] { tbb::task::resume(point); });
                return;
            }
            auto timer = std::make_shared<asio::steady_timer>(reactor_.context, delay(work, slot, wait));
            timer->async_wait([timer, point](const auto&) { tbb::task::resume(point); });
        });
    }
    tbb::task_arena arena_;
    Reactor reactor_;
    Poster poster_;
};

// One slot as a coroutine on any executor: timers on `timers`, events through `poster`.
template <typename Executor>
asio::awaitable<void, Executor> slot_coroutine(const Work& work, unsigned slot, asio::io_context& timers,
                                               Poster& poster, Tally& tally) {
    constexpr asio::use_awaitable_t<Executor> use{};
    for (unsigned turn = 0; turn < work.share(slot); ++turn) {
        Live live(slot);
        for (unsigned wait = 0; wait < work.waits; ++wait) {
            if (work.posted) {
                co_await asio::async_initiate<decltype(use), void()>(
                    [&poster](auto handler) {
                        auto executor = asio::get_associated_executor(handler);
                        auto kept = std::make_shared<decltype(handler)>(std::move(handler));
                        poster.post([kept, executor] { asio::post(executor, [kept] { std::move (*kept)(); }); });
                    },
                    use);
            } else {
                asio::steady_timer timer(timers, delay(work, slot, wait));
                co_await timer.async_wait(use);
            }
            live.step();
        }
        tally.sum += live.result();
    }
}

// The executor of harness/schedule.cc: a coroutine that is resumed is a TBB task.
struct Arena : asio::execution_context {
    explicit Arena(unsigned workers) : arena(static_cast<int>(workers), 0) { arena.initialize(); }
    ~Arena() {
        shutdown();
        destroy();
    }
    tbb::task_arena arena;
};

struct ArenaExecutor {
    Arena* arena;
    template <typename Function>
    void execute(Function function) const {
        auto kept = std::make_shared<Function>(std::move(function));
        arena->arena.enqueue([kept] { std::move (*kept)(); });
    }
    bool operator==(const ArenaExecutor& other) const noexcept { return arena == other.arena; }
    asio::execution_context& query(asio::execution::context_t) const noexcept { return *arena; }
    static constexpr asio::execution::blocking_t query(asio::execution::blocking_t) noexcept {
        return asio::execution::blocking.never;
    }
};

class Coroutines : public Variant {
 public:
    explicit Coroutines(unsigned workers) : arena_(workers) {}
    std::uint64_t run(const Work& work) override {
        Tally tally(work);
        const asio::any_io_executor executor = ArenaExecutor{&arena_};
        for (unsigned slot = 0; slot < work.slots(); ++slot)
            asio::co_spawn(executor,
                           slot_coroutine<asio::any_io_executor>(work, slot, reactor_.context, poster_, tally),
                           [&tally](const std::exception_ptr&) { tally.left.count_down(); });
        tally.left.wait();
        return tally.sum;
    }

 private:
    Arena arena_;
    Reactor reactor_;
    Poster poster_;
};

class Lanes : public Variant {
 public:
    explicit Lanes(unsigned workers)
        : arena_(static_cast<int>(workers), 0), ended_(static_cast<std::ptrdiff_t>(workers)) {
        arena_.initialize();
        for (unsigned lane = 0; lane < workers; ++lane) {
            lanes_.push_back(std::make_unique<Lane>());
            arena_.enqueue([this, context = &lanes_.back()->context] {
                context->run();
                ended_.count_down();
            });
        }
    }
    ~Lanes() override {
        for (auto& lane : lanes_) lane->context.stop();
        ended_.wait();
    }
    std::uint64_t run(const Work& work) override {
        Tally tally(work);
        using Executor = asio::io_context::executor_type;
        for (unsigned slot = 0; slot < work.slots(); ++slot) {
            asio::io_context& context = lanes_[slot % lanes_.size()]->context;
            asio::co_spawn(context.get_executor(), slot_coroutine<Executor>(work, slot, context, poster_, tally),
                           [&tally](const std::exception_ptr&) { tally.left.count_down(); });
        }
        tally.left.wait();
        return tally.sum;
    }

 private:
    struct Lane {
        asio::io_context context{1};
        asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
    };
    tbb::task_arena arena_;
    std::latch ended_;
    std::vector<std::unique_ptr<Lane>> lanes_;
    Poster poster_;
};

}  // namespace

std::unique_ptr<Variant> make_variant(const std::string& name, unsigned workers) {
    if (name == "suspended") return std::make_unique<Suspended>(workers);
    if (name == "coroutines") return std::make_unique<Coroutines>(workers);
    return std::make_unique<Lanes>(workers);
}

}  // namespace assay::bench
