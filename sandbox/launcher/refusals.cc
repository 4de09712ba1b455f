#include "sandbox/launcher/refusals.h"

#include <linux/seccomp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>

#include "sandbox/bpf.h"
#include "sandbox/setup_token.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

namespace assay::sandbox {
namespace {

constexpr std::int32_t kOther = -1;  // number under which calls beyond the bound are counted

constexpr std::uint32_t low(std::uint64_t value) { return static_cast<std::uint32_t>(value); }
constexpr std::uint32_t high(std::uint64_t value) { return static_cast<std::uint32_t>(value >> 32); }

// The filter compares the two halves of the token apart.
bool replace_token(std::vector<sock_filter>& program, std::uint64_t token) {
    bool seen[2] = {false, false};
    for (sock_filter& step : program) {
        if (step.code != (BPF_JMP | BPF_JEQ | BPF_K)) continue;
        if (step.k == low(kTokenPlaceholder)) {
            step.k = low(token);
            seen[0] = true;
        } else if (step.k == high(kTokenPlaceholder)) {
            step.k = high(token);
            seen[1] = true;
        }
    }
    return seen[0] && seen[1];
}

long install(const std::vector<sock_filter>& program, unsigned long flags) {
    sock_fprog filter{};
    filter.len = static_cast<unsigned short>(program.size());
    filter.filter = const_cast<sock_filter*>(program.data());
    return ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter);
}

}  // namespace

Result<Refusals> Refusals::begin(const wire::Hello& hello, Identity& identity) {
    std::uint64_t token = 0;
    if (::getrandom(&token, sizeof token, 0) != sizeof token) return fail_errno(errno, "draw token");
    Refusals refusals;
    refusals.answers_ = filter_of_bytes(hello.base_filter);
    refusals.looked_at_ = hello.looked_at;
    std::vector<sock_filter> reporting = filter_of_bytes(hello.base_reporting);
    if (!replace_token(refusals.answers_, token) || !replace_token(reporting, token))
        return fail_errno(EINVAL, "install base filter", "it has no place for the token");
    refusals.privilege_ = identity.privilege = Privilege(token);
    refusals.proc_ = identity.proc.get();

    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return fail_errno(errno, "refuse new privileges");
    // With the second flag (Linux 5.19) a signal does not make a waiting call start over, and be counted twice.
    constexpr unsigned long kFlags[] = {SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
                                        SECCOMP_FILTER_FLAG_NEW_LISTENER};
    for (unsigned long flags : kFlags) {
        refusals.listener_ = Fd(static_cast<int>(install(reporting, flags)));
        if (refusals.listener_ || errno != EINVAL) break;
    }
    if (!refusals.listener_ && install(refusals.answers_, 0) != 0) return fail_errno(errno, "install base filter");
    return refusals;
}

std::optional<Refusal> Refusals::take() {
    // The request that takes a call would wait for one.
    pollfd ready{listener_.get(), POLLIN, 0};
    if (!listener_ || ::poll(&ready, 1, 0) != 1 || (ready.revents & POLLIN) == 0) return std::nullopt;
    seccomp_notif call{};
    if (privilege_.ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_RECV, &call) != 0) return std::nullopt;
    Refusal refusal;
    refusal.cookie = call.id;
    refusal.pid = static_cast<pid_t>(call.pid);
    refusal.call.arch = call.data.arch;
    refusal.call.number = call.data.nr;
    refusal.call.count = 1;
    const std::uint32_t action = run_filter(answers_, call.data);
    const bool answered = (action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO;
    refusal.noted = action == SECCOMP_RET_ALLOW;
    refusal.call.error = answered ? static_cast<std::int32_t>(action & SECCOMP_RET_DATA) : ENOSYS;
    for (const auto& [number, argument] : looked_at_) {
        if (number != call.data.nr) continue;
        refusal.call.told_apart = true;
        refusal.call.argument = call.data.args[argument];
    }
    return refusal;
}

void Refusals::answer(const Refusal& refusal) const {
    seccomp_notif_resp answer{};
    answer.id = refusal.cookie;
    answer.error = -refusal.call.error;
    privilege_.ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_SEND, &answer);  // ENOENT: the caller has died
}

void Refusals::let_through(const Refusal& refusal) const {
    seccomp_notif_resp answer{};
    answer.id = refusal.cookie;
    answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    privilege_.ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_SEND, &answer);
}

ino_t Refusals::pid_namespace(pid_t pid) const {
    char path[40];
    std::snprintf(path, sizeof path, "%d/ns/pid", pid);
    char text[64];
    const ssize_t size = ::readlinkat(proc_, path, text, sizeof text);
    constexpr std::string_view kBegin = "pid:[";
    std::string_view link(text, size > 0 ? static_cast<std::size_t>(size) : 0);
    ino_t inode = 0;
    if (link.substr(0, kBegin.size()) == kBegin)
        std::from_chars(link.data() + kBegin.size(), link.data() + link.size(), inode);
    return inode;
}

ino_t Refusals::pid_namespace_below(pid_t init) const {
    char path[60];
    std::snprintf(path, sizeof path, "%d/task/%d/children", init, init);
    auto text = read_file_at(proc_, path);
    if (!text) return 0;
    const std::string_view children = *text;
    const char* at = children.data();
    const char* end = at + children.size();
    for (pid_t child = 0; at != end; ++at) {  // each number ends with a space
        at = std::from_chars(at, end, child).ptr;
        if (const ino_t inode = pid_namespace(child); inode != 0) return inode;
        if (at == end) break;
    }
    return 0;
}

bool Refusals::waits(const Refusal& refusal) const {
    std::uint64_t cookie = refusal.cookie;
    return privilege_.ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_ID_VALID, &cookie) == 0;
}

bool RefusedCalls::count(const wire::RefusedCall& call) {
    auto known = [&](const wire::RefusedCall& wanted) {
        return std::find_if(counts_.begin(), counts_.end(), [&](const wire::RefusedCall& other) {
            return other.arch == wanted.arch && other.number == wanted.number && other.error == wanted.error &&
                   other.argument == wanted.argument;
        });
    };
    wire::RefusedCall kind = call;
    auto at = known(kind);
    if (at == counts_.end() && counts_.size() >= kKinds) {
        kind = {0, kOther, 0, false, 0, 1};
        at = known(kind);
    }
    if (at == counts_.end()) {
        counts_.push_back(kind);
        return true;
    }
    ++at->count;
    return false;
}

bool RefusedCalls::pace(const Refusal& refusal, Time now) {
    if (answered_ < kAtOnce) {
        ++answered_;
        return true;
    }
    late_.push_back(refusal);
    if (next_answers_ == Time::max()) next_answers_ = now + kTick;
    return false;
}

std::vector<Refusal> RefusedCalls::due(Time now) {
    std::vector<Refusal> due;
    if (now < next_answers_) return due;
    const auto count = static_cast<std::ptrdiff_t>(std::min(kPerTick, late_.size()));
    due.assign(late_.begin(), late_.begin() + count);
    late_.erase(late_.begin(), late_.begin() + count);
    next_answers_ = late_.empty() ? Time::max() : now + kTick;
    return due;
}

}  // namespace assay::sandbox
