#include "bench/launch.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <map>
#include <optional>
#include <utility>

#include "base/fd.h"
#include "bench/launch_cpu.h"
#include "bench/measure.h"
#include "bench/peers.h"
#include "sandbox/host_root.h"
#include "sandbox/launcher.h"

namespace assay::bench {
namespace {

struct Sample {
    double cpu_us = 0;
    double kernel_us = 0;
    double wall_us = 0;
    std::vector<double> latencies;
};

using Measure = std::function<Result<Sample>(unsigned launches)>;

double seconds_since(Instant start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// --- rungs that we start ourselves --------------------------------------------------------------------------------

pid_t vfork_exec(char* const* argv) {
    char* none[] = {nullptr};
    pid_t pid = ::vfork();  // NOLINT(clang-analyzer-security.insecureAPI.vfork): it is what is measured
    if (pid == 0) {
        ::execve(argv[0], argv, none);
        ::_exit(127);
    }
    return pid;
}

pid_t clone_exec(unsigned long flags, char* const* argv) {
    char* none[] = {nullptr};
    auto pid = static_cast<pid_t>(::syscall(SYS_clone, flags | SIGCHLD, nullptr, nullptr, nullptr, nullptr));
    if (pid == 0) {
        ::execve(argv[0], argv, none);
        ::_exit(127);
    }
    return pid;
}

Measure direct(std::function<pid_t()> start) {
    return [start = std::move(start)](unsigned launches) -> Result<Sample> {
        Sample sample;
        const KernelThreads kernel = KernelThreads::now();
        const double before = own_cpu_us();
        const Instant begin = Clock::now();
        for (unsigned i = 0; i < launches; ++i) {
            const Instant at = Clock::now();
            pid_t pid = start();
            if (pid < 0) return fail_errno(errno, "start no-op");
            int status = 0;
            ::waitpid(pid, &status, 0);
            if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
                return fail("run no-op", "wait status " + std::to_string(status));
            sample.latencies.push_back(seconds_since(at) * 1e6);
        }
        sample.wall_us = seconds_since(begin) * 1e6;
        sample.cpu_us = own_cpu_us() - before;
        sample.kernel_us = KernelThreads::now().since(kernel);
        return sample;
    };
}

// --- rungs of our launcher ----------------------------------------------------------------------------------------

class Bed {
 public:
    static Result<std::shared_ptr<Bed>> make(const LaunchBenchOptions& options, bool cgroups) {
        sandbox::RootPlan plan = sandbox::host_root();
        sandbox::RootStep noop{};
        noop.kind = sandbox::RootStep::Kind::bind_ro;
        noop.source = options.noop;
        noop.target = "/noop";
        plan.steps.push_back(noop);
        sandbox::Launcher::Options how;
        how.program = options.launcher;
        how.cgroups = cgroups;
        ASSAY_TRY(auto launcher, sandbox::Launcher::start(plan, how));
        if (::mkdirat(launcher.stage(), "tree", 0755) != 0) return fail_errno(errno, "make work tree");
        ASSAY_CHECK(write_file_at(launcher.stage(), "tree/file", "content"));
        return std::make_shared<Bed>(std::move(launcher));
    }
    explicit Bed(sandbox::Launcher launcher) : launcher_(std::move(launcher)) {}

    // `in_flight` sandboxes at a time, `launches` in all.
    Result<Sample> run(const sandbox::Spec& spec, unsigned in_flight, unsigned launches) {
        unsigned requested = 0;
        return measure(spec, launches, nullptr, [&](std::size_t running) -> std::optional<Instant> {
            if (running >= in_flight || requested == launches) return std::nullopt;
            ++requested;
            return Clock::now();
        });
    }

    // One every `pace`, whatever has ended: what the launches then wait for each other counts.
    Result<Sample> run_at(const sandbox::Spec& spec, std::chrono::microseconds pace, unsigned launches) {
        unsigned requested = 0;
        Instant next = Clock::now();
        constexpr timespec kTurn{0, 100'000};
        return measure(spec, launches, &kTurn, [&](std::size_t) -> std::optional<Instant> {
            if (requested == launches || Clock::now() < next) return std::nullopt;
            ++requested;
            return std::exchange(next, next + pace);
        });
    }

 private:
    // `due` says when the next launch should have been requested; nothing: not now. It is asked again when something
    // ended and, if there is one, after each `turn`: waking up for nothing is CPU that no launch needs.
    Result<Sample> measure(const sandbox::Spec& spec, unsigned launches, const timespec* turn,
                           const std::function<std::optional<Instant>(std::size_t running)>& due) {
        Sample sample;
        std::map<sandbox::SandboxId, Instant> started;
        const KernelThreads kernel = KernelThreads::now();
        ASSAY_TRY(const double launcher_before, launcher_cpu_us(launcher_.pid()));
        const double before = own_cpu_us();
        const Instant begin = Clock::now();
        for (unsigned ended = 0; ended < launches;) {
            while (auto since = due(started.size())) {
                ASSAY_TRY(auto id, launcher_.launch(spec, {}));
                started[id] = *since;
            }
            pollfd ready{launcher_.fd(), POLLIN, 0};
            constexpr timespec kStuck{60, 0};
            if (::ppoll(&ready, 1, turn == nullptr ? &kStuck : turn, nullptr) == 0 &&
                (turn == nullptr || Clock::now() - begin > std::chrono::minutes(5)))
                return fail("launch no-op", "nothing has ended for a long time");
            for (;;) {
                ASSAY_TRY(auto reply, launcher_.receive());
                if (!reply) break;
                if (auto* failed = std::get_if<sandbox::LaunchFailed>(&*reply))
                    return tl::unexpected(std::move(failed->error));
                auto* over = std::get_if<sandbox::Ended>(&*reply);
                if (over == nullptr) continue;
                sample.latencies.push_back(seconds_since(started[over->id]) * 1e6);
                started.erase(over->id);
                ++ended;
            }
        }
        sample.wall_us = seconds_since(begin) * 1e6;
        sample.cpu_us = own_cpu_us() - before;
        ASSAY_TRY(const double launcher_after, launcher_cpu_us(launcher_.pid()));
        sample.cpu_us += launcher_after - launcher_before;
        sample.kernel_us = KernelThreads::now().since(kernel);
        return sample;
    }

    sandbox::Launcher launcher_;
};

sandbox::Spec noop_spec(sandbox::Net net, bool overlay) {
    sandbox::Spec spec;
    spec.label = "bench";
    spec.argv = {"/noop"};
    spec.net = net;
    spec.sockets = 0;
    if (overlay) spec.work_tree.lower = {"/.assay/stage/tree"};
    spec.limits.memory = 256_MiB;
    spec.limits.processes = 64;
    return spec;
}

// --- the ladder ---------------------------------------------------------------------------------------------------

struct Rung {
    std::string name;
    unsigned in_flight;
    Measure measure;
    unsigned one_of = 1;  // launches only that part: peers are slow
};

constexpr const char* kFloor = "vfork + exec";
constexpr const char* kFresh = "sandbox, fresh net namespace";
constexpr const char* kRecycled = "sandbox, recycled net namespace";
constexpr auto kPace = std::chrono::microseconds(2500);  // 400 a second

std::vector<char*> raw(const std::shared_ptr<std::vector<std::string>>& words) {
    std::vector<char*> pointers;
    for (std::string& word : *words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    return pointers;
}

Result<std::vector<Rung>> make_rungs(const LaunchBenchOptions& options) {
    auto argv = std::make_shared<std::vector<std::string>>(std::vector<std::string>{options.noop});
    const unsigned long spaces = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS;
    std::vector<Rung> rungs;
    rungs.push_back({kFloor, 1, direct([=] { return vfork_exec(raw(argv).data()); })});
    rungs.push_back({"clone + exec, new user, pid, mount, ipc, uts", 1,
                     direct([=] { return clone_exec(spaces, raw(argv).data()); })});
    rungs.push_back({"the same, and a new net namespace", 1,
                     direct([=] { return clone_exec(spaces | CLONE_NEWNET, raw(argv).data()); })});

    ASSAY_TRY(auto bed, Bed::make(options, true));
    ASSAY_TRY(auto plain, Bed::make(options, false));
    auto in = [](const std::shared_ptr<Bed>& where, const sandbox::Spec& spec, unsigned in_flight) -> Measure {
        return [=](unsigned launches) { return where->run(spec, in_flight, launches); };
    };
    using sandbox::Net;
    rungs.push_back({"sandbox, no cgroup, no overlay", 1, in(plain, noop_spec(Net::recycled, false), 1)});
    rungs.push_back({"sandbox, no cgroup", 1, in(plain, noop_spec(Net::recycled, true), 1)});
    rungs.push_back({kRecycled, 1, in(bed, noop_spec(Net::recycled, true), 1)});
    sandbox::Spec reachable = noop_spec(Net::recycled, true);
    reachable.sockets = 2;
    rungs.push_back({"the same, and two sockets in it for a client", 1, in(bed, reachable, 1)});
    rungs.push_back({kRecycled, 2, in(bed, noop_spec(Net::recycled, true), 2)});
    rungs.push_back({kRecycled + std::string(", 400/s"), 0,
                     [=](unsigned launches) { return bed->run_at(noop_spec(Net::recycled, true), kPace, launches); }});
    rungs.push_back({kFresh, 1, in(bed, noop_spec(Net::fresh, true), 1)});
    rungs.push_back({kFresh, 2, in(bed, noop_spec(Net::fresh, true), 2)});
    return rungs;
}

// What a program that fails says about it; empty when it does not fail.
Result<std::string> complaint_of(const std::function<pid_t()>& start) {
    Fd said(::memfd_create("stderr", MFD_CLOEXEC));
    if (!said) return fail_errno(errno, "keep what a peer says");
    Fd ours(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3));
    if (!ours || ::dup2(said.get(), STDERR_FILENO) < 0) return fail_errno(errno, "keep what a peer says");
    const pid_t pid = start();
    int status = 0;
    if (pid > 0) ::waitpid(pid, &status, 0);
    ::dup2(ours.get(), STDERR_FILENO);
    if (pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0) return std::string();
    char text[512];
    const ssize_t size = ::pread(said.get(), text, sizeof text, 0);
    std::string line(text, size > 0 ? static_cast<std::size_t>(size) : 0);
    line.erase(std::min(line.find('\n'), line.size()));
    return line.empty() ? "wait status " + std::to_string(status) : line;
}

// Those that run here; the others are named with their reason in `bench`.
Result<void> add_peers(const LaunchBenchOptions& options, std::vector<Rung>& rungs, LaunchBench& bench) {
    ASSAY_TRY(auto peers, installed_peers(options.noop));
    for (Peer& peer : peers) {
        auto words = std::make_shared<std::vector<std::string>>(std::move(peer.argv));
        Rung rung{peer.name, 1, direct([words, keep = peer.folder] { return vfork_exec(raw(words).data()); }), 10};
        ASSAY_TRY(const std::string complaint, complaint_of([&] { return vfork_exec(raw(words).data()); }));
        if (complaint.empty()) {
            rungs.push_back(std::move(rung));
        } else {
            bench.not_measured.push_back(peer.name + ": " + complaint);
        }
    }
    return {};
}

double quantile(const std::vector<double>& sorted, double q) {
    return sorted[std::min(sorted.size() - 1, static_cast<std::size_t>(q * static_cast<double>(sorted.size())))];
}

// All zero when there is no such rung.
LaunchRung rung_of(const LaunchBench& bench, const std::string& name) {
    for (const LaunchRung& rung : bench.rungs)
        if (rung.name == name && rung.in_flight == 1) return rung;
    return {};
}

}  // namespace

Result<LaunchBench> run_launch_bench(const LaunchBenchOptions& options,
                                     const std::function<void(const std::string&)>& progress) {
    const unsigned launches = std::max(20u, options.launches);
    LaunchBench bench;
    ASSAY_TRY(auto rungs, make_rungs(options));
    ASSAY_CHECK(add_peers(options, rungs, bench));
    std::vector<std::vector<Sample>> samples(rungs.size());
    // Round by round, not rung by rung: what else the machine does then falls on all of them alike.
    for (unsigned round = 0; round < std::max(1u, options.rounds); ++round) {
        for (std::size_t i = 0; i < rungs.size(); ++i) {
            if (progress) progress("round " + std::to_string(round + 1) + ": " + rungs[i].name);
            auto warm = rungs[i].measure(10);
            if (!warm) {
                warm.error().detail = rungs[i].name + ": " + warm.error().detail;
                return tl::unexpected(std::move(warm).error());
            }
            ASSAY_TRY(Sample sample, rungs[i].measure(std::max(20u, launches / rungs[i].one_of)));
            samples[i].push_back(std::move(sample));
        }
    }
    for (std::size_t i = 0; i < rungs.size(); ++i) {
        std::vector<double> cpu;
        std::vector<double> kernel;
        std::vector<double> rate;
        std::vector<double> latencies;
        for (const Sample& sample : samples[i]) {
            const auto count = static_cast<double>(sample.latencies.size());
            cpu.push_back(sample.cpu_us / count);
            kernel.push_back(sample.kernel_us / count);
            rate.push_back(count * 1e6 / sample.wall_us);
            latencies.insert(latencies.end(), sample.latencies.begin(), sample.latencies.end());
        }
        std::sort(latencies.begin(), latencies.end());
        bench.rungs.push_back({rungs[i].name, rungs[i].in_flight, median(cpu), median(kernel), quantile(latencies, 0.5),
                               quantile(latencies, 0.99), median(rate)});
    }
    const LaunchRung ours = rung_of(bench, kRecycled);
    const LaunchRung floor = rung_of(bench, kFloor);
    const LaunchRung bwrap = rung_of(bench, kBubblewrap);
    if (floor.cpu_us > 0) bench.over_floor = ours.cpu_us / floor.cpu_us;
    if (ours.cpu_us > 0) {
        bench.bwrap_over_ours = bwrap.cpu_us / ours.cpu_us;
        bench.bwrap_over_ours_with_kernel = (bwrap.cpu_us + bwrap.kernel_us) / (ours.cpu_us + ours.kernel_us);
    }
    return bench;
}

}  // namespace assay::bench
