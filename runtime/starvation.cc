#include "runtime/starvation.h"

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

}  // namespace

Result<Micros> run_delay(int init_pidfd) {
    ASSAY_TRY(int init, pid_of(init_pidfd));
    std::vector<int> open{init};
    std::uint64_t nanoseconds = 0;
    bool counted = false;
    for (std::size_t next = 0; next < open.size() && open.size() < 4096; ++next) {
        const std::string threads = "/proc/" + std::to_string(open[next]) + "/task/";
        for (int thread : numbers_in(threads)) {
            const std::string folder = threads + std::to_string(thread);
            unsigned long long ran = 0, waited = 0;
            auto account = read_file(folder + "/schedstat", 4096);
            if (account && std::sscanf(account->c_str(), "%llu %llu", &ran, &waited) == 2) {
                nanoseconds += waited;
                counted = true;
            }
            std::istringstream children(read_file(folder + "/children", 1 << 20).value_or(""));
            for (int child = 0; children >> child;) open.push_back(child);
        }
    }
    if (!counted) return fail("read run delay", "no process of the tree has an account");
    return Micros(nanoseconds / 1000);
}

}  // namespace assay::runtime
