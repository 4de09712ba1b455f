#include "runtime/starvation.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "base/fd.h"

namespace assay::runtime {

namespace {

Result<int> pid_of(int pidfd) {
    ASSAY_TRY(std::string info, read_file("/proc/self/fdinfo/" + std::to_string(pidfd), 64 * 1024));
    const auto at = info.find("Pid:");
    const int pid = at == std::string::npos ? -1 : std::atoi(info.c_str() + at + 4);
    if (pid <= 0) return fail("find process of pidfd", "the process has ended");
    return pid;
}

std::vector<int> numbers_in(const std::string& folder) {
    std::vector<int> numbers;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error))
        if (const int number = std::atoi(entry.path().filename().c_str()); number > 0) numbers.push_back(number);
    return numbers;
}

constexpr double kShare = 0.2;      // of the deadline
constexpr double kFullIdle = 0.08;  // a machine with less idle time than this has no CPU to spare
constexpr double kOthers = 0.25;    // of all CPUs: what others must have used

// The part of all CPUs that `used` is, between two looks at the machine.
double used_share(Micros used, const CpuTimes& from, const CpuTimes& to) {
    if (to.all <= from.all) return 0.0;
    const double ticks = static_cast<double>(used.count()) * static_cast<double>(::sysconf(_SC_CLK_TCK)) / 1e6;
    return ticks / static_cast<double>(to.all - from.all);
}

// utime, stime, cutime, cstime: fields 14 to 17 of /proc/<pid>/stat (proc(5)), in clock ticks.
Micros cpu_used(const std::string& folder) {
    const std::string text = read_file(folder + "/stat", 4096).value_or("");
    const auto name_end = text.rfind(')');  // the command name may hold anything
    if (name_end == std::string::npos) return Micros(0);
    std::istringstream fields(text.substr(name_end + 1));
    std::string skipped;
    for (int field = 3; field < 14; ++field) fields >> skipped;
    std::int64_t ticks = 0, value = 0;
    for (int field = 14; field < 18 && fields >> value; ++field) ticks += value;
    return Micros(ticks * 1'000'000 / ::sysconf(_SC_CLK_TCK));
}

}  // namespace

CpuLook look_at_cpu(int init_pidfd) {
    CpuLook look;
    look.machine = read_cpu_times();
    auto init = pid_of(init_pidfd);
    if (!init) return look;
    std::vector<int> open{*init};
    std::uint64_t nanoseconds = 0;
    for (std::size_t next = 0; next < open.size() && open.size() < 4096; ++next) {
        const std::string process = "/proc/" + std::to_string(open[next]);
        look.used += cpu_used(process);
        for (int thread : numbers_in(process + "/task")) {
            const std::string folder = process + "/task/" + std::to_string(thread);
            unsigned long long ran = 0, waited = 0;
            auto account = read_file(folder + "/schedstat", 4096);
            if (account && std::sscanf(account->c_str(), "%llu %llu", &ran, &waited) == 2) nanoseconds += waited;
            std::istringstream children(read_file(folder + "/children", 1 << 20).value_or(""));
            for (int child = 0; children >> child;) open.push_back(child);
        }
    }
    look.waited = Micros(nanoseconds / 1000);
    return look;
}

std::string doubt(const CpuLook& before, const CpuLook& after, Micros deadline) {
    const auto share = std::chrono::duration_cast<Micros>(deadline * kShare);
    const Micros waited = after.waited - before.waited;
    const Micros used = after.used - before.used;
    // What the tree does to itself is its own doing: only a machine that works for others starves it.
    const double idle = idle_share(before.machine, after.machine);
    const double own = used_share(used, before.machine, after.machine);
    if (1.0 - idle - own < kOthers) return {};
    if (waited > share) return "it waited " + format_duration(waited) + " for a CPU meanwhile";
    if (used > share && idle < kFullIdle)
        return "it worked for " + format_duration(used) + " meanwhile on a machine without a CPU to spare";
    return {};
}

}  // namespace assay::runtime
