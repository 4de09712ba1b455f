#include "harness/schedule.h"

#include <pthread.h>
#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#endif
#include <tbb/global_control.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <future>
#include <optional>
#include <thread>

namespace assay::harness {

namespace asio = boost::asio;

namespace {

// TBB's library is not instrumented: the thread sanitizer has to be told that a task begins after it was enqueued.
#ifdef __SANITIZE_THREAD__
void tell_handed_on(void* function) { __tsan_release(function); }
void tell_received(void* function) { __tsan_acquire(function); }
#else
void tell_handed_on(const void*) {}
void tell_received(const void*) {}
#endif

// What TBB holds of a function. It calls a const copy, and Asio's handlers are move-only: so a pointer, owned by the
// one call.
template <typename Function>
struct Enqueued {
    Function* function;

    // Lies in TBB's memory, so it is read before the sanitizer has been told.
    __attribute__((no_sanitize("thread"))) void operator()() const { run(function); }
    static void run(Function* given) {
        tell_received(given);
        const std::unique_ptr<Function> owned(given);
        std::move (*owned)();
    }
};

template <typename Function>
void enqueue(tbb::task_arena& arena, Function function) {
    auto owned = std::make_unique<Function>(std::move(function));
    tell_handed_on(owned.get());
    arena.enqueue(Enqueued<Function>{owned.get()});
    (void)owned.release();
}

}  // namespace

// One lane: its context is run by exactly one TBB task, from construction to stop().
struct Scheduler::Lane {
    asio::io_context context{1};
    asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
    std::atomic<unsigned> in_flight{0};
    std::shared_ptr<script::Platform> platform;
    script::Limits limits;
    std::optional<Result<std::unique_ptr<script::Engine>>> engine;  // made and destroyed on the lane's thread
    std::promise<void> finished;
    std::future<void> ended{finished.get_future()};

    void operator()() {
        std::promise<void> last_word = std::move(finished);  // outlives this Lane's owner waking up
        ::pthread_setname_np(::pthread_self(), "lane");
        engine.emplace(script::Engine::create(platform, limits));
        context.run();
        engine.reset();
        last_word.set_value();
    }
};

// Both arenas, and the executor that stands for the work arena. An execution_context, since Asio's executors
// have to name one: it owns the services that coroutines allocate from.
struct Scheduler::Arenas : asio::execution_context {
    Arenas(unsigned workers, unsigned lanes)
        : parallelism(tbb::global_control::max_allowed_parallelism, workers + lanes + 1),
          work(static_cast<int>(workers), 0),
          lane(static_cast<int>(lanes), 0) {
        work.initialize();
        lane.initialize();
    }
    ~Arenas() {
        shutdown();
        destroy();
    }
    // The coroutines have ended, but a worker may still be at the tail of a task that handed one of them on.
    void settle() const {
        while (tasks.load(std::memory_order_acquire) != 0) std::this_thread::yield();
    }

    std::atomic<unsigned> tasks{0};  // enqueued and not over
    // The main thread only waits: one more than workers and lanes lets both arenas have all that they ask for.
    tbb::global_control parallelism;
    tbb::task_arena work;
    tbb::task_arena lane;
};

// Asio's executor concept over task_arena::enqueue. Never runs a function inside execute().
struct Scheduler::Executor {
    Arenas* arenas;

    template <typename Function>
    void execute(Function function) const {
        arenas->tasks.fetch_add(1, std::memory_order_relaxed);
        enqueue(arenas->work, [function = std::move(function), all = arenas]() mutable {
            {
                Function all_of_it = std::move(function);
                std::move(all_of_it)();
            }
            all->tasks.fetch_sub(1, std::memory_order_release);
        });
    }

    bool operator==(const Executor& other) const noexcept { return arenas == other.arenas; }
    asio::execution_context& query(asio::execution::context_t) const noexcept { return *arenas; }
    static constexpr asio::execution::blocking_t query(asio::execution::blocking_t) noexcept {
        return asio::execution::blocking.never;
    }
};

Scheduler::Scheduler(const Widths& widths, const std::shared_ptr<script::Platform>& platform,
                     const script::Limits& limits) {
    const unsigned cores = std::max(1u, std::thread::hardware_concurrency());
    const unsigned workers = widths.workers != 0 ? widths.workers : cores;
    const unsigned lanes = widths.lanes != 0 ? widths.lanes : cores;
    arenas_ = std::make_unique<Arenas>(workers, lanes);
    for (unsigned index = 0; index < lanes; ++index) {
        lanes_.push_back(std::make_unique<Lane>());
        lanes_.back()->platform = platform;
        lanes_.back()->limits = limits;
        enqueue(arenas_->lane, [lane = lanes_.back().get()] { (*lane)(); });
    }
}

Scheduler::~Scheduler() {
    arenas_->settle();
    for (auto& lane : lanes_) lane->context.stop();
    for (auto& lane : lanes_) lane->ended.wait();
}

asio::any_io_executor Scheduler::executor() { return Executor{arenas_.get()}; }

unsigned Scheduler::lanes() const noexcept { return static_cast<unsigned>(lanes_.size()); }
unsigned Scheduler::workers() const noexcept { return static_cast<unsigned>(arenas_->work.max_concurrency()); }

Scheduler::Ticket Scheduler::take_lane() {
    auto least = std::min_element(lanes_.begin(), lanes_.end(), [](const auto& left, const auto& right) {
        return left->in_flight.load(std::memory_order_relaxed) < right->in_flight.load(std::memory_order_relaxed);
    });
    return Ticket(**least);
}

Scheduler::Ticket::Ticket(Lane& lane) noexcept : lane_(&lane) {
    lane.in_flight.fetch_add(1, std::memory_order_relaxed);
}
Scheduler::Ticket::~Ticket() {
    if (lane_ != nullptr) lane_->in_flight.fetch_sub(1, std::memory_order_relaxed);
}
http::LaneExecutor Scheduler::Ticket::executor() const { return lane_->context.get_executor(); }
Result<script::Engine*> Scheduler::Ticket::engine() const {
    if (!*lane_->engine) return tl::unexpected(lane_->engine->error());
    return (*lane_->engine)->get();
}

}  // namespace assay::harness
