#include "sandbox/launcher/cgroup.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <string_view>

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
    cpu_used,
    file_count
};

struct FileNames {
    unsigned controller;
    const char* v1;
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
                                          {kCpuTime, "cpuacct.usage", "cpu.stat"}};

constexpr std::uint64_t kLeftBehind = std::uint64_t{8} << 20;  // page cache still charged: more than this, and the
                                                               // next sandbox's peak would not be its own
constexpr std::uint64_t kLeastProcesses = 2;                   // init and main
constexpr long kPeriod = 100'000;                              // microseconds of a bandwidth period, the default

// The number after `key` (with a space), or the first one.
std::uint64_t number(int file, std::string_view key = {}) {
    char text[1024];
    ssize_t got = file < 0 ? -1 : ::pread(file, text, sizeof text, 0);
    if (got <= 0) return 0;
    std::string_view view(text, static_cast<std::size_t>(got));
    if (!key.empty()) {
        std::size_t at = view.find(key);
        if (at == std::string_view::npos) return 0;
        view.remove_prefix(at + key.size());
    }
    std::uint64_t value = 0;
    std::from_chars(view.data(), view.data() + view.size(), value);
    return value;
}

bool put(int file, std::string_view text) {
    return ::pwrite(file, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
}

}  // namespace

struct CgroupPool::Seat {
    std::vector<std::string> names;  // by hierarchy
    std::vector<Fd> folders;
    std::vector<Fd> tasks;
    std::vector<int> join;
    int join_folder = -1;
    std::array<Fd, file_count> files;
    std::array<bool, file_count> unified{};
    // As set now, so that what does not change is not written again.
    std::string memory_set;
    std::string pids_set;
    std::string cpu_set;
    CgroupUse start;  // counters that cannot be set back
};

CgroupPool::CgroupPool(std::vector<Hierarchy> hierarchies) : hierarchies_(std::move(hierarchies)) {
    for (const Hierarchy& hierarchy : hierarchies_) offers_ |= hierarchy.offers;
}

CgroupPool::CgroupPool() = default;
CgroupPool::CgroupPool(CgroupPool&&) noexcept = default;
CgroupPool& CgroupPool::operator=(CgroupPool&&) noexcept = default;

CgroupPool::~CgroupPool() {
    used_.clear();
    idle_.clear();
    for (Hierarchy& hierarchy : hierarchies_) {
        hierarchy.base.reset();
        remove_cgroups(hierarchy.parent.get(), hierarchy.name);
    }
}

const std::vector<int>& CgroupPool::join_files(const Seat& seat) { return seat.join; }
int CgroupPool::join_folder(const Seat& seat) { return seat.join_folder; }

Result<void> CgroupPool::open_folder(Seat& seat, std::size_t index) {
    const Hierarchy& hierarchy = hierarchies_[index];
    std::string& name = seat.names[index];
    name = std::to_string(++made_);
    if (::mkdirat(hierarchy.base.get(), name.c_str(), 0755) != 0) return fail_errno(errno, "make cgroup", name);
    Fd& folder = seat.folders[index];
    folder = Fd(::openat(hierarchy.base.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder) return fail_errno(errno, "open cgroup", name);
    if (!hierarchy.unified) {
        seat.tasks[index] = Fd(::openat(folder.get(), "tasks", O_WRONLY | O_CLOEXEC));
        if (!seat.tasks[index]) return fail_errno(errno, "open cgroup", "tasks");
    }
    for (unsigned file = 0; file < file_count; ++file) {
        if ((hierarchy.offers & kFiles[file].controller) == 0) continue;
        // Of several hierarchies that account CPU time, the unified one is free: nothing has to be joined for it.
        if (seat.files[file] && seat.unified[file] && !hierarchy.unified) continue;
        const char* path = hierarchy.unified ? kFiles[file].v2 : kFiles[file].v1;
        Fd opened(::openat(folder.get(), path, O_RDWR | O_CLOEXEC));
        if (!opened) opened = Fd(::openat(folder.get(), path, O_RDONLY | O_CLOEXEC));
        seat.files[file] = std::move(opened);  // older kernels lack peaks
        seat.unified[file] = hierarchy.unified;
    }
    if (hierarchy.unified && (hierarchy.offers & kMemory) != 0)  // a limit that swap could stretch is none
        static_cast<void>(write_file_at(folder.get(), "memory.swap.max", "0"));
    if ((hierarchy.offers & kMemory) != 0) seat.memory_set.clear();
    if ((hierarchy.offers & kPids) != 0) seat.pids_set.clear();
    if ((hierarchy.offers & kCpu) != 0) seat.cpu_set.clear();

    seat.join.clear();
    seat.join_folder = -1;
    for (std::size_t i = 0; i < hierarchies_.size(); ++i) {
        if (hierarchies_[i].unified) seat.join_folder = seat.folders[i].get();
    }
    return {};
}

Result<std::unique_ptr<CgroupPool::Seat>> CgroupPool::make() {
    auto seat = std::make_unique<Seat>();
    seat->names.resize(hierarchies_.size());
    seat->folders.resize(hierarchies_.size());
    seat->tasks.resize(hierarchies_.size());
    for (std::size_t i = 0; i < hierarchies_.size(); ++i) {
        auto opened = open_folder(*seat, i);
        if (opened) continue;
        discard(*seat);
        return tl::unexpected(std::move(opened).error());
    }
    return seat;
}

Result<void> CgroupPool::limit(Seat& seat, const Limits& limits) {
    auto set = [&](File file, std::string& now, std::string wanted, const char* what) -> Result<void> {
        if (!seat.files[file] || now == wanted) return {};
        if (!put(seat.files[file].get(), wanted)) return fail_errno(errno, "set cgroup limit", what);
        now = std::move(wanted);
        return {};
    };
    const std::uint64_t memory = limits.memory.count;
    ASSAY_CHECK(set(memory_limit, seat.memory_set,
                    memory != 0                  ? std::to_string(memory)
                    : seat.unified[memory_limit] ? "max"
                                                 : "-1",
                    "memory"));
    ASSAY_CHECK(set(pids_limit, seat.pids_set, limits.processes != 0 ? std::to_string(limits.processes + 1) : "max",
                    "processes"));
    std::string quota = seat.unified[cpu_bandwidth] ? "max" : "-1";
    if (limits.cpus > 0) quota = std::to_string(static_cast<long>(limits.cpus * kPeriod));
    if (limits.cpus > 0 && seat.unified[cpu_bandwidth]) quota += " " + std::to_string(kPeriod);
    ASSAY_CHECK(set(cpu_bandwidth, seat.cpu_set, quota, "cpus"));

    // v1 trees are joined one by one, each at a price: only those that this sandbox needs.
    seat.join.clear();
    for (std::size_t i = 0; i < hierarchies_.size(); ++i) {
        if (hierarchies_[i].unified) continue;
        unsigned needed = kMemory | kPids;
        if (!seat.unified[cpu_used]) needed |= kCpuTime;
        if (limits.cpus > 0) needed |= kCpu;
        if ((hierarchies_[i].offers & needed) != 0) seat.join.push_back(seat.tasks[i].get());
    }
    return {};
}

Result<CgroupPool::Seat*> CgroupPool::acquire(const Limits& limits) {
    if (hierarchies_.empty()) return nullptr;
    sweep();
    std::unique_ptr<Seat> seat;
    if (!idle_.empty()) {
        seat = std::move(idle_.back());
        idle_.pop_back();
    } else {
        ASSAY_TRY(seat, make());
    }
    auto limited = limit(*seat, limits);
    if (!limited) {
        discard(*seat);
        return tl::unexpected(std::move(limited).error());
    }
    // Any write sets a peak back: v1 always, v2 since Linux 6.12 (for this descriptor). renew() has seen to the rest.
    if (seat->files[memory_peak]) static_cast<void>(put(seat->files[memory_peak].get(), "0"));
    seat->start = {};
    seat->start = use(*seat);
    used_.push_back(std::move(seat));
    return used_.back().get();
}

std::uint64_t CgroupPool::cpu_nanoseconds(const Seat& seat) const {
    const bool unified = seat.unified[cpu_used];
    const std::uint64_t value = number(seat.files[cpu_used].get(), unified ? "usage_usec " : "");
    return value * (unified ? 1000 : 1) - seat.start.cpu_nanoseconds;
}

CgroupUse CgroupPool::use(const Seat& seat) const {
    auto file = [&](File which) { return seat.files[which].get(); };
    CgroupUse use;
    use.memory_peak = number(file(memory_peak));
    use.cpu_nanoseconds = cpu_nanoseconds(seat);
    const std::uint64_t most = number(file(pids_peak));
    use.processes_peak = most == 0 ? 0 : static_cast<std::uint32_t>(most - 1);
    use.out_of_memory = number(file(memory_events), "oom_kill ") - seat.start.out_of_memory;
    use.processes_refused = number(file(pids_events), "max ") - seat.start.processes_refused;
    return use;
}

// Ready for the next sandbox? Peaks that cannot be set back and page cache that is still charged are left behind by
// taking a new folder: removing the old one moves its charges to the parent, without evicting anything.
bool CgroupPool::renew(Seat& seat) {
    for (std::size_t i = 0; i < hierarchies_.size(); ++i) {
        const unsigned offers = hierarchies_[i].offers;
        bool used_up = (offers & kPids) != 0 && number(seat.files[pids_peak].get()) > kLeastProcesses;
        if ((offers & kMemory) != 0)
            used_up = used_up || number(seat.files[memory_now].get()) > kLeftBehind ||
                      (seat.files[memory_peak] && !put(seat.files[memory_peak].get(), "0"));
        if (!used_up) continue;
        leftover_.push_back({i, seat.names[i]});
        if (!open_folder(seat, i)) return false;
    }
    return true;
}

void CgroupPool::release(Seat* seat) {
    if (seat == nullptr) return;
    auto at = std::find_if(used_.begin(), used_.end(), [&](const auto& other) { return other.get() == seat; });
    std::unique_ptr<Seat> owned = std::move(*at);
    used_.erase(at);
    if (renew(*owned)) {
        idle_.push_back(std::move(owned));
    } else {
        discard(*owned);
    }
    sweep();
}

void CgroupPool::discard(Seat& seat) {
    for (std::size_t i = 0; i < hierarchies_.size(); ++i)
        if (!seat.names[i].empty()) leftover_.push_back({i, seat.names[i]});
}

void CgroupPool::sweep() {
    std::erase_if(leftover_, [&](const Leftover& left) {
        return ::unlinkat(hierarchies_[left.hierarchy].base.get(), left.name.c_str(), AT_REMOVEDIR) == 0 ||
               errno != EBUSY;
    });
}

}  // namespace assay::sandbox
