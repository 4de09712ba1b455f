#include "bench/launch_cpu.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "base/fd.h"

namespace assay::bench {
namespace {

// Time on a CPU of a process with one thread.
double ran_us(const std::string& pid) {
    auto run = read_file("/proc/" + pid + "/schedstat");
    return run ? std::strtod(run->c_str(), nullptr) / 1e3 : 0;
}

}  // namespace

double own_cpu_us() {
    double sum = 0;
    for (auto who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
        rusage usage{};
        ::getrusage(who, &usage);
        sum += static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
               static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
    }
    return sum;
}

Result<double> launcher_cpu_us(int pid) {
    const std::string self = std::to_string(pid);
    ASSAY_TRY(std::string stat, read_file("/proc/" + self + "/stat"));
    long child_user = 0;
    long child_system = 0;
    const std::size_t after_name = stat.rfind(')') + 2;
    if (std::sscanf(stat.c_str() + after_name, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %ld %ld",
                    &child_user, &child_system) != 2)
        return fail("read launcher's accounting", stat);
    double sum = static_cast<double>(child_user + child_system) * 1e6 / static_cast<double>(::sysconf(_SC_CLK_TCK));
    sum += ran_us(self);
    ASSAY_TRY(const std::string children, read_file("/proc/" + self + "/task/" + self + "/children"));
    std::istringstream numbers(children);
    for (std::string child; numbers >> child;) sum += ran_us(child);
    return sum;
}

KernelThreads KernelThreads::now() {
    KernelThreads all;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
        const std::string path = entry.path().string();
        auto memory = read_file(path + "/statm");
        if (!memory || !memory->starts_with("0 ")) continue;
        if (auto run = read_file(path + "/schedstat")) all.micros_[path] = std::strtod(run->c_str(), nullptr) / 1e3;
    }
    return all;
}

// Thread by thread: workers come and go. What one did that has ended since is not known, and not counted.
double KernelThreads::since(const KernelThreads& before) const {
    double sum = 0;
    for (const auto& [path, micros] : micros_) {
        const auto at = before.micros_.find(path);
        // Less than before: another thread under the number of one that has ended.
        const double start = at == before.micros_.end() || at->second > micros ? 0 : at->second;
        sum += micros - start;
    }
    return sum;
}

}  // namespace assay::bench
