#include "bench/measure.h"

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "base/fd.h"

namespace assay::bench {

double thread_cpu_us() {
    timespec spent{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
    return static_cast<double>(spent.tv_sec) * 1e6 + static_cast<double>(spent.tv_nsec) / 1e3;
}

// "VmHWM:     1234 kB"
Result<Bytes> status_bytes(std::string_view field) {
    ASSAY_TRY(const std::string status, read_file("/proc/self/status"));
    const auto at = status.find(field);
    if (at == std::string::npos) return fail("read memory use", std::string(field) + " is not in /proc/self/status");
    const auto digit = status.find_first_of("0123456789", at);
    std::uint64_t kib = 0;
    std::from_chars(status.data() + std::min(digit, status.size()), status.data() + status.size(), kib);
    return Bytes{kib * 1024};
}

double median(std::vector<double> values) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

std::string installed_program(const std::string& name) {
    for (const char* folder : {"/usr/bin/", "/usr/sbin/", "/usr/local/bin/", "/bin/"})
        if (std::string path = folder + name; ::access(path.c_str(), X_OK) == 0) return path;
    return {};
}

}  // namespace assay::bench
