#include "sandbox/launcher/seats.h"

#include <linux/futex.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <utility>

#include "sandbox/launcher/seat_process.h"

namespace assay::sandbox {
namespace {

constexpr auto kDrain = std::chrono::seconds(10);  // a net namespace not clean by then is given up
constexpr int kLooks = 2;                          // at draining ones, a launch

std::unique_ptr<Seat> take_last(std::vector<std::unique_ptr<Seat>>& seats) {
    if (seats.empty()) return nullptr;
    std::unique_ptr<Seat> last = std::move(seats.back());
    seats.pop_back();
    return last;
}

// Launcher, seat and init wait for each other all through a set-up: on one processor none of them begins with an
// interrupt sent, cold caches and the queue of somebody else's work, an eighth of a launch, a fifth on a busy machine.
// Several set-ups at once are work for several processors, and are left to the kernel.
void place(Seat& seat, bool alone) {
    Plan& plan = seat.arena.board().plan;
    // Asked each time, since an operator may change it. Refused where there are more processors than fit in a set.
    if (::sched_getaffinity(0, sizeof plan.processors, &plan.processors) != 0) return;
    const int wanted = alone && CPU_COUNT(&plan.processors) > 1 ? ::sched_getcpu() : -1;
    if (wanted < 0 || wanted != seat.processor) {
        cpu_set_t set = plan.processors;
        if (wanted >= 0) {
            CPU_ZERO(&set);
            CPU_SET(wanted, &set);
        }
        if (::sched_setaffinity(seat.pid, sizeof set, &set) == 0) seat.processor = wanted;
    }
    plan.placed = seat.processor >= 0;
}

}  // namespace

Seats::~Seats() {
    // The cgroups go next, and they must be empty.
    for (auto* seats : {&used_, &idle_, &fresh_, &draining_})
        for (auto& seat : *seats)
            if (seat->pid > 0) ::kill(seat->pid, SIGKILL);
    while (::waitpid(-1, nullptr, 0) > 0) {
    }
}

// Without `net` it will make its own; until then it is where the launcher is, and runs nothing.
Result<std::unique_ptr<Seat>> Seats::make(std::shared_ptr<NetNs> net) {
    ASSAY_TRY(Arena arena, Arena::make());
    auto seat = std::make_unique<Seat>(std::move(arena));
    ASSAY_TRY(seat->group, cgroups_.acquire());
    seat->net = std::move(net);
    seat->fresh = seat->net == nullptr;
    auto entered = seat->fresh ? Result<void>() : nets_.enter(*seat->net);
    // Descriptors stay one table with ours: what the launcher is sent, a seat can hand on to its init by number.
    clone_args args{};
    args.flags = CLONE_NEWUSER | CLONE_NEWUTS | CLONE_FILES;
    if (own_ipc_) args.flags |= CLONE_NEWIPC;
    args.exit_signal = SIGCHLD;
    if (const int cgroup = seat->group == nullptr ? -1 : CgroupPool::clone_into(*seat->group); cgroup >= 0) {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = static_cast<std::uint64_t>(cgroup);
    }
    const pid_t pid = entered ? identity_.privilege.clone3(args) : -1;
    if (pid == 0) run_seat(seat->arena.board());
    if (pid < 0) {
        const int code = errno;
        cgroups_.release(seat->group);
        if (!entered) return tl::unexpected(std::move(entered).error());
        return fail_errno(code, "clone seat");
    }
    seat->pid = pid;
    if (!seat->fresh) ++seat->net->users;
    auto mapped = map_ids(identity_, pid);
    if (!mapped) {
        discard(std::move(seat));
        return tl::unexpected(std::move(mapped).error());
    }
    return seat;
}

// In a net namespace that is proven clean; null when there is none.
std::unique_ptr<Seat> Seats::take_idle() {
    const auto now = std::chrono::steady_clock::now();
    // Oldest first: the parent has had the most time to close its sockets there.
    for (int looks = 0; idle_.empty() && !draining_.empty() && looks < kLooks; ++looks) {
        std::unique_ptr<Seat> oldest = std::move(draining_.front());
        draining_.erase(draining_.begin());
        if (nets_.clean(*oldest->net)) {
            idle_.push_back(std::move(oldest));
        } else if (now - oldest->free_since < kDrain) {
            draining_.push_back(std::move(oldest));
        } else {
            discard(std::move(oldest));
        }
    }
    return take_last(idle_);
}

Result<Seat*> Seats::take(bool fresh, std::shared_ptr<NetNs> shared) {
    std::unique_ptr<Seat> seat;
    if (!shared) seat = fresh ? take_last(fresh_) : take_idle();
    if (!seat) {
        const bool keep = !shared;
        std::shared_ptr<NetNs> net = std::move(shared);
        if (!net && !fresh) {
            ASSAY_TRY(net, nets_.make());
        }
        ASSAY_TRY(seat, make(std::move(net)));
        seat->keep = keep;
    }
    used_.push_back(std::move(seat));
    return used_.back().get();
}

void Seats::launch(Seat& seat, bool alone) {
    place(seat, alone);
    auto& launches = seat.arena.board().launches;
    launches.fetch_add(1, std::memory_order_release);
    ::syscall(SYS_futex, &launches, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

void Seats::last_of(Seat* seat) {
    for (auto& used : used_)
        if (seat == nullptr || used.get() == seat) used->keep = false;
}

void Seats::give_back(Seat* seat) {
    if (seat == nullptr) return;
    auto at = std::find_if(used_.begin(), used_.end(), [&](const auto& other) { return other.get() == seat; });
    std::unique_ptr<Seat> owned = std::move(*at);
    used_.erase(at);
    if (owned->fresh) {
        if (owned->net) --owned->net->users;
        owned->net.reset();
        Fd(std::exchange(owned->arena.board().net, -1)).reset();  // not fetched: it never ran
        if (owned->pid > 0 && owned->keep && fresh_.size() < keep_) {
            fresh_.push_back(std::move(owned));
        } else {
            discard(std::move(owned));
        }
        return;
    }
    // A namespace that another sandbox still shares is that one's to clean up.
    if (owned->pid < 0 || !owned->keep || owned->net->users > 1 || idle_.size() + draining_.size() >= keep_) {
        discard(std::move(owned));
        return;
    }
    owned->free_since = std::chrono::steady_clock::now();
    const bool clean = nets_.clean(*owned->net);
    (clean ? idle_ : draining_).push_back(std::move(owned));
}

void Seats::discard(std::unique_ptr<Seat> seat) {
    if (seat->net) --seat->net->users;
    if (seat->pid < 0) {
        cgroups_.release(seat->group);
        return;
    }
    ::kill(seat->pid, SIGKILL);
    ending_.push_back(seat->pid);
    vacated_.push_back(seat->group);
}

const Seat* Seats::reaped(pid_t pid) {
    for (std::size_t i = 0; i < ending_.size(); ++i) {
        if (ending_[i] != pid) continue;
        cgroups_.release(vacated_[i]);
        ending_.erase(ending_.begin() + static_cast<std::ptrdiff_t>(i));
        vacated_.erase(vacated_.begin() + static_cast<std::ptrdiff_t>(i));
        return nullptr;
    }
    for (auto& seat : used_) {
        if (seat->pid != pid) continue;
        seat->pid = -1;
        return seat.get();
    }
    for (auto* seats : {&idle_, &fresh_, &draining_}) {
        for (auto at = seats->begin(); at != seats->end(); ++at) {
            if ((*at)->pid != pid) continue;
            (*at)->pid = -1;
            discard(std::move(*at));
            seats->erase(at);
            return nullptr;
        }
    }
    return nullptr;
}

}  // namespace assay::sandbox
