#include "runtime/starvation.h"

#include <cstdio>
#include <cstdlib>
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

// Children of a process, from /proc/<pid>/task/<tid>/children; those of other threads are found through them too.
std::vector<int> children_of(int pid) {
    std::vector<int> children;
    const std::string text = std::to_string(pid);
    auto list = read_file("/proc/" + text + "/task/" + text + "/children", 1 << 20);
    if (!list) return children;
    std::istringstream fields(*list);
    for (int child = 0; fields >> child;) children.push_back(child);
    return children;
}

}  // namespace

Result<Micros> run_delay(int init_pidfd) {
    ASSAY_TRY(int init, pid_of(init_pidfd));
    std::vector<int> open{init};
    std::uint64_t nanoseconds = 0;
    bool counted = false;
    for (std::size_t next = 0; next < open.size() && open.size() < 4096; ++next) {
        auto account = read_file("/proc/" + std::to_string(open[next]) + "/schedstat", 4096);
        unsigned long long ran = 0, waited = 0;
        if (account && std::sscanf(account->c_str(), "%llu %llu", &ran, &waited) == 2) {
            nanoseconds += waited;
            counted = true;
        }
        for (int child : children_of(open[next])) open.push_back(child);
    }
    if (!counted) return fail("read run delay", "no process of the tree has an account");
    return Micros(nanoseconds / 1000);
}

}  // namespace assay::runtime
