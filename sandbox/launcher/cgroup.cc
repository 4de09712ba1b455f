#include "sandbox/launcher/cgroup.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

namespace assay::sandbox {
namespace {

enum File : unsigned {
    memory_limit,
    memory_now,
    memory_peak,
    memory_events,
    pids_limit,
    pids_peak,
    pids_events,
    cpu_bandwidth,
    cpu_throttled,
    cpu_used,
    pressure_cpu,
    pressure_memory,
    pressure_io,
    file_count
};

struct FileNames {
    unsigned controller;
    const char* v1;  // null: v1 has none
    const char* v2;
};
constexpr FileNames kFiles[file_count] = {{kMemory, "memory.limit_in_bytes", "memory.max"},
                                          {kMemory, "memory.usage_in_bytes", "memory.current"},
                                          {kMemory, "memory.max_usage_in_bytes", "memory.peak"},
                                          {kMemory, "memory.oom_control", "memory.events"},
                                          {kPids, "pids.max", "pids.max"},
                                          {kPids, "pids.peak", "pids.peak"},
                                          {kPids, "pids.events", "pids.events"},
                                          {kCpu, "cpu.cfs_quota_us", "cpu.max"},
                                          {kCpu, "cpu.stat", "cpu.stat"},
                                          {kCpuTime, "cpuacct.usage", "cpu.stat"},
                                          {kCpuTime, nullptr, "cpu.pressure"},
                                          {kCpuTime, nullptr, "memory.pressure"},
                                          {kCpuTime, nullptr, "io.pressure"}};

constexpr std::uint64_t kLeftBehind = std::uint64_t{8} << 20;  // page cache still charged: more than this, and the
                                                               // next sandbox's peak would not be its own
constexpr std::uint64_t kOurs = 2;  // seat and init: in the cgroup, but not the sandbox's own
constexpr std::size_t kSpare = 32;  // groups kept without a seat
constexpr long kPeriod = 100'000;   // microseconds of a bandwidth period, the default

// The number after `key` (with its space), or the first one; nothing when the file cannot be read or has no such key.
std::optional<std::uint64_t> number_after(int file, std::string_view key) {
    char text[1024];
    ssize_t got = file < 0 ? -1 : ::pread(file, text, sizeof text, 0);
    if (got <= 0) return std::nullopt;
    std::string_view view(text, static_cast<std::size_t>(got));
    std::size_t at = view.find(key);
    if (at == std::string_view::npos) return std::nullopt;
    view.remove_prefix(at + key.size());
    std::uint64_t value = 0;
    std::from_chars(view.data(), view.data() + view.size(), value);
    return value;
}

std::uint64_t number(int file, std::string_view key = {}) { return number_after(file, key).value_or(0); }

bool put(int file, std::string_view text) {
    return ::pwrite(file, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
}

}  // namespace

struct CgroupPool::Group {
    std::vector<std::string> names;  // by hierarchy
    std::vector<Fd> folders;
    std::vector<Fd> tasks;
    std::vector<bool> joined;  // by the seat; v1
    bool as_new = false;       // complete, and nobody's accounts are on it
    std::array<Fd, file_count> files;
    std::array<bool, file_count> unified{};
    // As set now, so that what does not change is not written again.
    std::string memory_set;
    std::string pids_set;
    std::string cpu_set;
    bool cpu_limited = false;
    CgroupUse before;               // counters that cannot be set back, as they stood at the last end
    std::uint64_t memory_peak = 0;  // of the phases that are over
    bool peak_was_reset = true;
};

CgroupPool::CgroupPool() = default;
CgroupPool::CgroupPool(std::vector<Hierarchy> hierarchies) : hierarchies_(std::move(hierarchies)) {
    for (const Hierarchy& hierarchy : hierarchies_) offers_ |= hierarchy.offers;
}
CgroupPool::CgroupPool(CgroupPool&&) noexcept = default;
CgroupPool& CgroupPool::operator=(CgroupPool&&) noexcept = default;

CgroupPool::~CgroupPool() {
    groups_.clear();
    for (Hierarchy& hierarchy : hierarchies_) {
        hierarchy.base.reset();
        remove_cgroups(hierarchy.parent.get(), hierarchy.name);
    }
}

int CgroupPool::clone_into(const Group& group) {
    for (std::size_t i = 0; i < group.folders.size(); ++i)
        if (!group.tasks[i]) return group.folders[i].get();
    return -1;
}

Result<void> CgroupPool::open_folder(Group& group, std::size_t index) {
    const Hierarchy& hierarchy = hierarchies_[index];
    std::string& name = group.names[index];
    name = std::to_string(++made_);
    if (::mkdirat(hierarchy.base.get(), name.c_str(), 0755) != 0) return fail_errno(errno, "make cgroup", name);
    Fd& folder = group.folders[index];
    folder = Fd(::openat(hierarchy.base.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder) return fail_errno(errno, "open cgroup", name);
    group.joined[index] = false;
    if (!hierarchy.unified) {
        group.tasks[index] = Fd(::openat(folder.get(), "tasks", O_WRONLY | O_CLOEXEC));
        if (!group.tasks[index]) return fail_errno(errno, "open cgroup", "tasks");
    }
    for (unsigned file = 0; file < file_count; ++file) {
        if ((hierarchy.offers & kFiles[file].controller) == 0) continue;
        const char* path = hierarchy.unified ? kFiles[file].v2 : kFiles[file].v1;
        if (path == nullptr) continue;
        Fd opened(::openat(folder.get(), path, O_RDWR | O_CLOEXEC));
        if (!opened) opened = Fd(::openat(folder.get(), path, O_RDONLY | O_CLOEXEC));
        group.files[file] = std::move(opened);  // older kernels lack peaks
        group.unified[file] = hierarchy.unified;
    }
    if (hierarchy.unified && (hierarchy.offers & kMemory) != 0)  // a limit that swap could stretch is none
        static_cast<void>(write_file_at(folder.get(), "memory.swap.max", "0"));
    if ((hierarchy.offers & kMemory) != 0) {
        group.memory_set.clear();
        group.before.out_of_memory = 0;
    }
    if ((hierarchy.offers & kPids) != 0) {
        group.pids_set.clear();
        group.before.processes_refused = 0;
    }
    if ((hierarchy.offers & kCpu) != 0) {
        group.cpu_set.clear();
        group.before.throttled_periods = 0;
        group.before.throttled_micros = 0;
    }
    if ((hierarchy.offers & kCpuTime) != 0) {
        group.before.cpu_nanoseconds = 0;
        group.before.stalled_micros = {0, 0, 0};
    }
    return {};
}

Result<CgroupPool::Group*> CgroupPool::acquire() {
    if (hierarchies_.empty()) return nullptr;
    if (!spare_.empty()) {
        Group* spare = spare_.back();
        spare_.pop_back();
        start_over(*spare);
        return spare;
    }
    auto group = std::make_unique<Group>();
    group->names.resize(hierarchies_.size());
    group->folders.resize(hierarchies_.size());
    group->tasks.resize(hierarchies_.size());
    group->joined.resize(hierarchies_.size());
    Group* made = group.get();
    groups_.push_back(std::move(group));
    for (std::size_t i = 0; i < hierarchies_.size(); ++i) {
        auto opened = open_folder(*made, i);
        if (opened) continue;
        release(made);
        return tl::unexpected(std::move(opened).error());
    }
    made->as_new = true;
    return made;
}

// Its former seat's own end came after the last accounts.
void CgroupPool::start_over(Group& group) {
    group.before.cpu_nanoseconds += cpu_nanoseconds(group);
    if (group.files[memory_peak]) group.peak_was_reset = put(group.files[memory_peak].get(), "0");
    std::fill(group.joined.begin(), group.joined.end(), false);
}

Result<void> CgroupPool::begin(Group& group, const Limits& limits, std::vector<int>& join) {
    group.as_new = false;
    auto set = [&](File file, std::string& now, std::string wanted, const char* what) -> Result<void> {
        if (!group.files[file] || now == wanted) return {};
        if (!put(group.files[file].get(), wanted)) return fail_errno(errno, "set cgroup limit", what);
        now = std::move(wanted);
        return {};
    };
    const std::uint64_t memory = limits.memory.count;
    ASSAY_CHECK(set(memory_limit, group.memory_set,
                    memory != 0                   ? std::to_string(memory)
                    : group.unified[memory_limit] ? "max"
                                                  : "-1",
                    "memory"));
    ASSAY_CHECK(set(pids_limit, group.pids_set,
                    limits.processes != 0 ? std::to_string(limits.processes + kOurs) : "max", "processes"));
    std::string quota = group.unified[cpu_bandwidth] ? "max" : "-1";
    if (limits.cpus > 0) quota = std::to_string(static_cast<long>(limits.cpus * kPeriod));
    if (limits.cpus > 0 && group.unified[cpu_bandwidth]) quota += " " + std::to_string(kPeriod);
    ASSAY_CHECK(set(cpu_bandwidth, group.cpu_set, quota, "cpus"));
    group.cpu_limited = limits.cpus > 0;

    join.clear();
    for (std::size_t i = 0; i < hierarchies_.size(); ++i) {
        if (hierarchies_[i].unified || group.joined[i]) continue;
        unsigned needed = kMemory | kPids | kCpuTime;
        if (limits.cpus > 0) needed |= kCpu;
        if ((hierarchies_[i].offers & needed) == 0) continue;
        join.push_back(group.tasks[i].get());
        group.joined[i] = true;
    }
    return {};
}

std::uint64_t CgroupPool::cpu_nanoseconds(const Group& group) const {
    const bool unified = group.unified[cpu_used];
    const std::uint64_t value = number(group.files[cpu_used].get(), unified ? "usage_usec " : "");
    return value * (unified ? 1000 : 1) - group.before.cpu_nanoseconds;
}

CgroupUse CgroupPool::look(Group& group) const {
    auto file = [&](File which) { return group.files[which].get(); };
    CgroupUse use;
    const std::uint64_t pids = number(file(pids_peak));
    use.processes_peak = pids <= kOurs ? 0 : static_cast<std::uint32_t>(pids - kOurs);
    const std::uint64_t peak = number(file(memory_peak));
    // What was not set back tells of this phase only if it has grown since.
    if (group.peak_was_reset || peak > group.memory_peak) use.memory_phase_peak = peak;
    // Any write sets a peak back: v1 always, v2 since Linux 6.12 (for this descriptor).
    group.peak_was_reset = !group.files[memory_peak] || put(file(memory_peak), "0");
    use.memory_peak = group.memory_peak = std::max(group.memory_peak, peak);
    use.cpu_nanoseconds = cpu_nanoseconds(group);
    use.out_of_memory = number(file(memory_events), "oom_kill ") - group.before.out_of_memory;
    use.processes_refused = number(file(pids_events), "max ") - group.before.processes_refused;
    if (group.files[cpu_throttled] && group.cpu_limited) {
        const bool unified = group.unified[cpu_throttled];
        const auto held = number(file(cpu_throttled), unified ? "throttled_usec " : "throttled_time ");
        use.throttled_periods = number(file(cpu_throttled), "nr_throttled ") - group.before.throttled_periods;
        use.throttled_micros = static_cast<std::int64_t>(unified ? held : held / 1000) - group.before.throttled_micros;
    }
    for (std::size_t kind = 0; kind < use.stalled_micros.size(); ++kind) {
        const int pressure = file(static_cast<File>(pressure_cpu + kind));
        // "some ... total=N" is the first line. A kernel that was started without pressure accounting refuses to read.
        if (pressure < 0) continue;
        if (auto total = number_after(pressure, "total="))
            use.stalled_micros[kind] = static_cast<std::int64_t>(*total) - group.before.stalled_micros[kind];
    }
    return use;
}

bool CgroupPool::end(Group& group, CgroupUse& use) {
    use = look(group);
    CgroupUse& before = group.before;
    before.cpu_nanoseconds += use.cpu_nanoseconds;
    before.out_of_memory += use.out_of_memory;
    before.processes_refused += use.processes_refused;
    before.throttled_periods += use.throttled_periods;
    before.throttled_micros += std::max<std::int64_t>(use.throttled_micros, 0);
    for (std::size_t kind = 0; kind < use.stalled_micros.size(); ++kind)
        before.stalled_micros[kind] += std::max<std::int64_t>(use.stalled_micros[kind], 0);
    group.memory_peak = 0;
    group.as_new = renew(group, use);
    sweep();
    return group.as_new;
}

// Peaks that cannot be set back and page cache that is still charged are left behind by taking a new folder: removing
// the old one moves its charges to the parent, without evicting anything.
bool CgroupPool::renew(Group& group, const CgroupUse& use) {
    for (std::size_t i = 0; i < hierarchies_.size(); ++i) {
        const unsigned offers = hierarchies_[i].offers;
        bool used_up = (offers & kPids) != 0 && use.processes_peak > 1;  // more than main alone
        if ((offers & kMemory) != 0)
            used_up = used_up || !group.peak_was_reset ||
                      (use.memory_peak > kLeftBehind && number(group.files[memory_now].get()) > kLeftBehind);
        if (!used_up) continue;
        if (hierarchies_[i].unified)
            return false;  // the seat cannot move without the global lock: a new one is cheaper
        leftover_.push_back({i, group.names[i]});
        if (!open_folder(group, i)) return false;
    }
    return true;
}

void CgroupPool::release(Group* group) {
    if (group == nullptr) return;
    if (group->as_new && spare_.size() < kSpare) {
        spare_.push_back(group);
        return;
    }
    for (std::size_t i = 0; i < hierarchies_.size(); ++i)
        if (!group->names[i].empty()) leftover_.push_back({i, group->names[i]});
    std::erase_if(groups_, [&](const auto& other) { return other.get() == group; });
    sweep();
}

void CgroupPool::sweep() {
    std::erase_if(leftover_, [&](const Leftover& left) {
        return ::unlinkat(hierarchies_[left.hierarchy].base.get(), left.name.c_str(), AT_REMOVEDIR) == 0 ||
               errno != EBUSY;
    });
}

}  // namespace assay::sandbox
