// The parent half of a launcher: the handle that a program holds on one launcher process.
//
// The launcher is a small static program (assay-launcher, found beside the running program or named by
// ASSAY_LAUNCHER at the composition root), single-threaded, already pivoted into one image root. It runs no
// submission code. Requests and replies are datagrams on a SOCK_SEQPACKET socket; descriptors travel beside
// them. When the socket closes (assay ended, however) the launcher ends every sandbox, removes their cgroups
// and exits; when the launcher ends, every init ends (parent-death signal), and with it its pid namespace.
//
// Non-blocking: wait for fd() to be readable, then call receive() until it returns nothing. Not
// thread-safe; one owner serialises.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "sandbox/spec.h"

namespace assay::sandbox {

using SandboxId = std::uint64_t;  // never reused by one launcher; 0 is none

struct Stdio {
    int in = -1;  // borrowed descriptors, duplicated into the sandbox; -1 = /dev/null
    int out = -1;
    int err = -1;
};

// Reply to launch(): the target has been exec'd.
struct Launched {
    SandboxId id = 0;
    Fd pidfd;                 // of the sandbox's init; readable when the whole tree is gone
    std::vector<Fd> sockets;  // Spec::sockets of them: TCP, non-blocking, unconnected, inside the net namespace
};

// Reply to launch(): set-up failed; nothing of the sandbox is left. `error.step` names the step, `error.code` the
// errno.
struct LaunchFailed {
    SandboxId id = 0;
    Error error;
    bool program = false;  // the target could not be exec'd (the submission's failure), all else is a fault of ours
};

// Reply to open_sockets().
struct Sockets {
    SandboxId id = 0;
    std::vector<Fd> sockets;
};

// Reply to look(): nothing when the sandbox does not run (any more), or no cgroup counts what it uses.
struct Used {
    SandboxId id = 0;
    std::optional<Usage> usage;
};

// Unasked: a system call was refused, the first of its name and answer in this sandbox. The program goes on; how often
// it happened is in Exit::refused_calls.
struct CallRefused {
    SandboxId id = 0;
    RefusedCall call;
};

// Unasked: main has ended, but processes that it left behind still run (Spec::outlive_main).
struct MainEnded {
    SandboxId id = 0;
    Exit exit;  // usage is not filled yet
};

// Unasked, exactly once per launched sandbox, the last word about it: everything is torn down and accounted.
struct Ended {
    SandboxId id = 0;
    Exit exit;
};

using Reply = std::variant<Launched, LaunchFailed, Sockets, Used, CallRefused, MainEnded, Ended>;

class Launcher {
 public:
    struct Options {
        std::string program;     // path of assay-launcher
        bool cgroups = true;     // false: behave as on a host without
        unsigned net_pool = 64;  // idle seats (a net and a user namespace, cgroups, a process) kept at most
    };

    // Starts the process and assembles the root. Errors name the failed step and the remedy.
    static Result<Launcher> start(const RootPlan& plan, const Options& options);

    Launcher(Launcher&&) noexcept;
    Launcher& operator=(Launcher&&) noexcept;
    ~Launcher();  // closes; returns when the launcher process has gone (bounded: it is killed after 10 s)

    [[nodiscard]] int fd() const noexcept;
    [[nodiscard]] int pid() const noexcept;

    // A directory only launcher and sandboxes of it see (kHiddenRoot + "/stage" inside), bounded tmpfs: what
    // assay writes here through *at() calls vanishes with the launcher. Owned by the sandbox's outer user.
    [[nodiscard]] int stage() const noexcept;
    // Outer ids of the sandbox's user 1000, for chown of staged files (equal to the caller's unless root).
    [[nodiscard]] unsigned outer_uid() const noexcept;
    [[nodiscard]] unsigned outer_gid() const noexcept;

    // Queues a request; the reply carries the id returned here. Fails when the launcher is gone, or when the Spec
    // names no program. May wait for the launcher to take earlier requests (it never waits for us).
    Result<SandboxId> launch(const Spec& spec, const Stdio& stdio);
    Result<void> open_sockets(SandboxId id, std::uint32_t count);
    // What it has used so far. Begins a new phase for phase_memory_peak.
    Result<void> look(SandboxId id);
    // Ends the sandbox now (SIGKILL to its init); Ended follows. Unknown ids are ignored. With `limit`, because it met
    // one that the caller watches over: Exit names it.
    Result<void> kill(SandboxId id, const std::string& limit = {});

    // Next reply, nothing when none waits. An error means that the launcher is gone: a fault.
    Result<std::optional<Reply>> receive();

 private:
    struct State;
    explicit Launcher(State* state) noexcept : state_(state) {}
    State* state_ = nullptr;
};

}  // namespace assay::sandbox
