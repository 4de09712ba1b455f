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
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <optional>

#include "base/fd.h"
#include "base/units.h"
#include "bench/measure.h"
#include "bench/waiting_variants.h"

using assay::Clock;
using assay::Micros;
using assay::bench::Live;
using assay::bench::Work;

namespace {

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

// In the child. Nothing when the variant's results are wrong.
std::optional<Sample> measure(const std::string& name, const Work& work) {
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, work.workers + 1);
    const auto variant = assay::bench::make_variant(name, work.workers);
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
