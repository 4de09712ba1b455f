// Launcher processes as coroutines see them: one per image, each with its replies routed to who waits.
//
// Theory of operation: a Launchers holds every launcher of the program. A launcher's socket is watched by
// the reactor; a reply is routed by sandbox id to the Sandbox that waits for it. Requests are sent from any
// thread under the launcher's lock (they are single datagrams). When a launcher dies, every sandbox of it
// ends with a fault, and launch() fails from then on.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/fd.h"
#include "runtime/event.h"
#include "runtime/fault.h"
#include "runtime/reactor.h"
#include "sandbox/launcher.h"

namespace assay::runtime {

struct LaunchRefused {
    Error error;  // the program of the submission could not be started
};

// How a launch ended when it did not give a sandbox: never confuse the two.
using NoLaunch = std::variant<LaunchRefused, Fault>;

class LauncherHost;

// Hears of system calls that a sandbox was refused, each name and answer once; on the reactor thread, perhaps before
// the launch is answered.
using OnRefused = std::function<void(const sandbox::RefusedCall&)>;

// A running sandbox. Move-only; ending it is the owner's duty (kill), the destructor makes sure.
class Sandbox {
 public:
    struct Route;
    Sandbox(std::shared_ptr<LauncherHost> host, sandbox::SandboxId id, std::shared_ptr<Route> route, Fd pidfd,
            std::vector<Fd> sockets);
    Sandbox(Sandbox&&) noexcept = default;
    Sandbox& operator=(Sandbox&&) noexcept;
    ~Sandbox();

    [[nodiscard]] sandbox::SandboxId id() const noexcept { return id_; }
    [[nodiscard]] int pidfd() const noexcept { return pidfd_.get(); }
    [[nodiscard]] bool has_ended() const;                           // the whole tree is gone
    [[nodiscard]] std::optional<sandbox::Exit> main_ended() const;  // main is gone, the tree perhaps not
    void kill();
    // Ends it when called, if it still runs then, from any thread; its Exit names `limit` as what it met.
    [[nodiscard]] std::function<void()> ender(std::string limit) const;
    // The last word: torn down and accounted. A fault when the launcher died meanwhile.
    [[nodiscard]] Task<tl::expected<sandbox::Exit, Fault>> ended() const;
    [[nodiscard]] Task<std::optional<tl::expected<sandbox::Exit, Fault>>> ended_until(Instant deadline) const;
    // What it has used so far; begins a new phase of memory. Nothing once it has ended.
    [[nodiscard]] Task<std::optional<sandbox::Usage>> look();
    // An unconnected TCP socket inside the sandbox's network namespace.
    [[nodiscard]] Task<tl::expected<Fd, Fault>> socket();

 private:
    std::shared_ptr<LauncherHost> host_;
    sandbox::SandboxId id_ = 0;
    std::shared_ptr<Route> route_;
    Fd pidfd_;
    std::vector<Fd> sockets_;
};

class LauncherHost : public std::enable_shared_from_this<LauncherHost> {
 public:
    LauncherHost(Reactor& reactor, sandbox::Launcher launcher);
    ~LauncherHost();
    void watch();  // begin to route replies; call once, after construction into a shared_ptr

    [[nodiscard]] Task<tl::expected<Sandbox, NoLaunch>> launch(const sandbox::Spec& spec, const sandbox::Stdio& stdio,
                                                               OnRefused on_refused = {});
    // Its process has ended: nothing can be launched any more.
    [[nodiscard]] bool is_lost() const;
    [[nodiscard]] int stage() const noexcept { return launcher_.stage(); }
    [[nodiscard]] unsigned outer_uid() const noexcept { return launcher_.outer_uid(); }
    [[nodiscard]] unsigned outer_gid() const noexcept { return launcher_.outer_gid(); }
    [[nodiscard]] int pid() const noexcept { return launcher_.pid(); }

 private:
    friend class Sandbox;
    struct Watch;
    void drain();
    void route(sandbox::Reply reply);
    void lost(const std::string& reason);
    void forget(sandbox::SandboxId id);
    Result<void> request_look(sandbox::SandboxId id);
    Result<void> request_sockets(sandbox::SandboxId id, std::uint32_t count);
    void kill(sandbox::SandboxId id, const std::string& limit = {});

    Reactor& reactor_;
    mutable std::mutex mutex_;  // guards launcher_, routes_ and lost_
    sandbox::Launcher launcher_;
    std::map<sandbox::SandboxId, std::shared_ptr<Sandbox::Route>> routes_;
    std::optional<std::string> lost_;
    std::unique_ptr<Watch> watch_;
};

}  // namespace assay::runtime
