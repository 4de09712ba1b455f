#include "runtime/cpu_times.h"

#include <sstream>
#include <string>

#include "base/fd.h"

namespace assay::runtime {

// First line of /proc/stat: user nice system idle iowait irq softirq steal (proc(5)).
CpuTimes read_cpu_times() {
    CpuTimes times;
    auto text = read_file("/proc/stat", 1 << 20);
    if (!text) return times;
    std::istringstream fields(text->substr(0, text->find('\n')));
    std::string name;
    fields >> name;
    std::uint64_t value = 0;
    for (int field = 0; field < 8 && fields >> value; ++field) {
        times.all += value;
        if (field == 3 || field == 4) times.idle += value;
    }
    return times;
}

double idle_share(const CpuTimes& from, const CpuTimes& to) {
    if (to.all <= from.all) return 1.0;
    return static_cast<double>(to.idle - from.idle) / static_cast<double>(to.all - from.all);
}

}  // namespace assay::runtime
