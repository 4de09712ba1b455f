// Refused system calls: who made them, what they are answered, how often. The far end of the base filter.
//
// The filter stops a refused call and hands it to one listener per launcher (seccomp_unotify(2)); an allowed call never
// comes here and costs nothing. The launcher takes the call, tells from the caller's pid namespace which sandbox it is
// of, counts it, and answers with the errno that the answering form of the filter gives. The caller waits meanwhile,
// so: nothing here waits for the caller, a caller that dies is forgotten by the kernel, and one that makes refused
// calls by the thousand is answered late (Pace), so that it cannot have the launcher's time for itself. What is kept
// per sandbox is bounded, whatever numbers a program makes up.
#pragma once

#include <linux/filter.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "sandbox/launcher/identity.h"
#include "sandbox/wire.h"

namespace assay::sandbox {

struct Refusal {
    std::uint64_t cookie = 0;  // of the waiting call
    pid_t pid = 0;             // of the thread, as the launcher numbers it
    wire::RefusedCall call;
    bool noted = false;  // not refused: to be let through, once what it means has been noted
};

class Refusals {
 public:
    // Installs the base filter on this process and all that it will clone, and puts a new token into `identity`. Where
    // the kernel gives no listener (a supervisor around us has one already), the filter answers by itself.
    static Result<Refusals> begin(const wire::Hello& hello, Identity& identity);

    // Readable when a call waits; -1: no listener.
    [[nodiscard]] int fd() const noexcept { return listener_.get(); }
    // Nothing when none waits.
    std::optional<Refusal> take();
    void answer(const Refusal& refusal) const;
    void let_through(const Refusal& refusal) const;  // the kernel makes the call after all
    // Identifies the pid namespace of a process: 0 when it cannot be told.
    [[nodiscard]] ino_t pid_namespace(pid_t pid) const;
    // The same of a sandbox by its init, asked of init's children: it is itself not dumpable, and the launcher of an
    // ordinary user may not look at it.
    [[nodiscard]] ino_t pid_namespace_below(pid_t init) const;
    // The call still waits: what was read about its caller meanwhile was about that caller.
    [[nodiscard]] bool waits(const Refusal& refusal) const;

 private:
    Fd listener_;
    std::vector<sock_filter> answers_;
    std::vector<std::pair<std::int32_t, std::uint32_t>> looked_at_;
    Privilege privilege_;
    int proc_ = -1;
};

// The refused calls of one sandbox: how often each, and those that are answered later.
class RefusedCalls {
 public:
    using Time = std::chrono::steady_clock::time_point;
    static constexpr std::size_t kKinds = 32;  // counted by name; the rest together
    static constexpr unsigned kAtOnce = 1000;  // answered without delay
    static constexpr auto kTick = std::chrono::milliseconds(5);
    static constexpr std::size_t kPerTick = 32;  // answered each tick, after that

    // True when it is the first of its kind.
    bool count(const wire::RefusedCall& call);
    [[nodiscard]] const std::vector<wire::RefusedCall>& counts() const noexcept { return counts_; }

    // May it be answered at once? If not it is kept for later.
    bool pace(const Refusal& refusal, Time now);
    [[nodiscard]] Time next_answers() const noexcept { return next_answers_; }
    // Those that are due.
    std::vector<Refusal> due(Time now);

 private:
    std::vector<wire::RefusedCall> counts_;
    unsigned answered_ = 0;
    std::vector<Refusal> late_;  // one per waiting thread at most
    Time next_answers_ = Time::max();
};

}  // namespace assay::sandbox
