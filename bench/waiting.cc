// How should code that waits be written? Three ways, measured on the same work: docs/decisions/waiting.md.
//
//   suspended   TBB's resumable tasks: tbb::task::suspend, a stack for each waiting scenario
//   coroutines  Asio coroutines on an executor over task_arena::enqueue, timers on a reactor thread
//   lanes       Asio coroutines on one io_context per TBB task, each with timers of its own
//
// The work: scenarios of 32 waits with a few hundred bytes of live state. A wait is ended by a timer (an answer
// that arrives on a socket looks the same to the scheduler) or by another thread that posts an event.
//
// Theory of operation: the parent measures nothing. For each row it forks, before any thread exists, a child
// that runs one variant and writes its sample into a pipe; so memory, CPU time and context switches of the
// child are the variant's. The median of some repetitions is printed.
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <tbb/global_control.h>
#include <tbb/task.h>
#include <tbb/task_arena.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio.hpp>
#include <condition_variable>
#include <functional>
#include <latch>
#include <mutex>
#include <optional>
#include <thread>

#include "base/fd.h"
#include "base/units.h"
#include "bench/measure.h"

namespace asio = boost::asio;
using assay::Clock;
using assay::Micros;

namespace {

struct Work {
    unsigned scenarios = 1000;
    unsigned waits = 32;
    unsigned in_flight = 0;  // scenarios at once, 0 = all
    unsigned workers = 2;
    Micros shortest{1000};  // span of the timers' delays
    Micros longest{5000};
    bool posted = false;  // waits are ended by a thread that posts, not by timers

    [[nodiscard]] unsigned slots() const { return in_flight == 0 ? scenarios : std::min(in_flight, scenarios); }
    // Scenarios of one slot, one after the other.
    [[nodiscard]] unsigned share(unsigned slot) const {
        return scenarios / slots() + (slot < scenarios % slots() ? 1 : 0);
    }
    [[nodiscard]] std::uint64_t resumes() const { return std::uint64_t{scenarios} * waits; }
};

std::uint64_t mix(std::uint64_t value) {
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
    return value ^ (value >> 31);
}

// What a scenario carries over its waits: 384 bytes, all of them read and written between two waits.
struct Live {
    std::array<std::uint64_t, 48> words;
    explicit Live(std::uint64_t seed) {
        for (auto& word : words) word = mix(++seed);
    }
    void step() {
        std::uint64_t carry = words.back();
        for (auto& word : words) carry = word = mix(word ^ carry);
    }
    [[nodiscard]] std::uint64_t result() const { return words.back(); }
};

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

class Variant {
 public:
    virtual ~Variant() = default;
    virtual std::uint64_t run(const Work& work) = 0;  // the sum of all results
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

struct Sample {
    double wall_ms, cpu_us, switches;  // the last two a resume
    double peak_kib;                   // growth of the resident set
};

// 0 where the kernel does not say.
double kib_of(const char* field) {
    return static_cast<double>(assay::bench::status_bytes(field).value_or(assay::Bytes{}).count) / 1024;
}

double seconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

std::unique_ptr<Variant> make(const std::string& name, unsigned workers) {
    if (name == "suspended") return std::make_unique<Suspended>(workers);
    if (name == "coroutines") return std::make_unique<Coroutines>(workers);
    return std::make_unique<Lanes>(workers);
}

// In the child. Nothing when the variant's results are wrong.
std::optional<Sample> measure(const std::string& name, const Work& work) {
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, work.workers + 1);
    const auto variant = make(name, work.workers);
    Work warm = work;  // threads, their stacks and first allocations are not the waits'
    warm.scenarios = 2 * work.workers;
    variant->run(warm);

    std::ofstream("/proc/self/clear_refs") << "5";  // the peak begins anew
    const double resident = kib_of("VmRSS:");
    rusage before{}, after{};
    ::getrusage(RUSAGE_SELF, &before);
    const auto begin = Clock::now();
    const std::uint64_t sum = variant->run(work);
    const std::chrono::duration<double, std::milli> wall = Clock::now() - begin;
    ::getrusage(RUSAGE_SELF, &after);
    const double peak = kib_of("VmHWM:");

    std::uint64_t expected = 0;
    for (unsigned slot = 0; slot < work.slots(); ++slot) {
        Live live(slot);
        for (unsigned wait = 0; wait < work.waits; ++wait) live.step();
        expected += live.result() * work.share(slot);
    }
    if (sum != expected) return std::nullopt;
    const auto resumes = static_cast<double>(work.resumes());
    const double cpu =
        seconds(after.ru_utime) + seconds(after.ru_stime) - seconds(before.ru_utime) - seconds(before.ru_stime);
    const auto switches = static_cast<double>(after.ru_nvcsw + after.ru_nivcsw - before.ru_nvcsw - before.ru_nivcsw);
    return Sample{wall.count(), cpu * 1e6 / resumes, switches / resumes, peak - resident};
}

std::optional<Sample> in_child(const std::string& name, const Work& work) {
    auto pipe = assay::make_pipe();
    if (!pipe) return std::nullopt;
    const pid_t child = ::fork();
    if (child < 0) return std::nullopt;
    if (child == 0) {
        const auto sample = measure(name, work);
        const bool written = sample && ::write(pipe->write.get(), &*sample, sizeof *sample) == sizeof *sample;
        ::_exit(written ? 0 : 1);
    }
    pipe->write.reset();
    Sample sample{};
    const bool whole = ::read(pipe->read.get(), &sample, sizeof sample) == sizeof sample;
    int status = 0;
    ::waitpid(child, &status, 0);
    if (!whole || status != 0) return std::nullopt;
    return sample;
}

double median(std::vector<Sample> samples, double Sample::*field) {
    std::sort(samples.begin(), samples.end(), [&](const auto& a, const auto& b) { return a.*field < b.*field; });
    return samples[samples.size() / 2].*field;
}

struct Load {
    unsigned scenarios, at_once;
    Micros shortest, longest;
};

bool print_row(const char* name, const Work& work, unsigned repetitions) {
    std::vector<Sample> samples;
    for (unsigned turn = 0; turn < repetitions; ++turn) {
        const auto sample = in_child(name, work);
        if (!sample) {
            fmt::print(stderr, "{} failed\n", name);
            return false;
        }
        samples.push_back(*sample);
    }
    fmt::print("| {} | {} | {} | {:.0f} | {:.2f} | {:.3f} | {:.0f} |\n", work.posted ? "a posting thread" : "timers",
               work.slots(), name, median(samples, &Sample::wall_ms), median(samples, &Sample::cpu_us),
               median(samples, &Sample::switches), median(samples, &Sample::peak_kib));
    std::fflush(stdout);
    return true;
}

}  // namespace

int main(int argc, char** argv) {
    Work work;
    unsigned repetitions = 5;
    CLI::App app("1,000 scenarios that wait, written in three ways");
    app.add_option("--scenarios", work.scenarios)->check(CLI::Range(1, 20000));
    app.add_option("--waits", work.waits, "of one scenario")->check(CLI::Range(1, 10000));
    app.add_option("--workers", work.workers)->check(CLI::Range(1, 64));
    app.add_option("--repetitions", repetitions, "of which the median is printed")->check(CLI::Range(1, 100));
    CLI11_PARSE(app, argc, argv);

    fmt::print("{} scenarios of {} waits, {} workers, median of {}\n\n", work.scenarios, work.waits, work.workers,
               repetitions);
    // All at once; as many as a batch on two cores has, against servers of this machine; hardly any.
    const std::array<Load, 3> loads{{{work.scenarios, work.scenarios, Micros(1000), Micros(5000)},
                                     {work.scenarios, 16, Micros(200), Micros(1000)},
                                     {std::max(1U, work.scenarios / 50), 2, Micros(5000), Micros(10000)}}};
    fmt::print(
        "| waits ended by | at once | written as | wall ms | CPU us/resume | context switches/resume | peak RSS KiB |\n"
        "| --- | ---: | --- | ---: | ---: | ---: | ---: |\n");
    for (const bool posted : {false, true})
        for (const Load& load : loads) {
            if (posted && load.at_once == 2) continue;  // an event that is posted at once is never rare
            for (const char* name : {"suspended", "coroutines", "lanes"}) {
                work.posted = posted;
                work.scenarios = load.scenarios;
                work.in_flight = load.at_once;
                work.shortest = load.shortest;
                work.longest = load.longest;
                if (!print_row(name, work, repetitions)) return 70;
            }
        }
    return 0;
}
