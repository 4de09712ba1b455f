// The launcher's event loop: requests in, sandboxes out.
#pragma once

#include <sys/resource.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "sandbox/launcher/cgroup.h"
#include "sandbox/launcher/identity.h"
#include "sandbox/launcher/netns.h"
#include "sandbox/launcher/refusals.h"
#include "sandbox/launcher/seats.h"
#include "sandbox/wire.h"

namespace assay::sandbox {

class Server {
 public:
    struct Parts {
        Identity identity;
        CgroupPool cgroups;
        std::vector<wire::Filter> filters;
        unsigned net_pool = 0;
        Fd reports;  // read end of the pipe whose write end is kReportFd
        Fd signals;  // signalfd for SIGCHLD
        Refusals refusals;
    };
    explicit Server(Parts parts);

    // Until the parent closes its end, and every sandbox has ended after that.
    void run();

 private:
    using Time = std::chrono::steady_clock::time_point;

    struct Sandbox {
        std::uint64_t id = 0;
        Spec spec;
        Seat* seat = nullptr;
        std::vector<Fd> stdio;    // until init has its own copies
        std::vector<Fd> sockets;  // until they are sent
        bool runs = false;        // exec has happened
        bool killed = false;      // we have ended it
        std::string limit;        // the limit for which
        ino_t pid_namespace = 0;  // asked for when a call is refused
        RefusedCalls refused;
        std::optional<Error> fault;        // ours, met after exec and before the parent was told of it
        Report last;                       // what init said last; `failed` before it runs
        std::int64_t started_at = 0;       // exec, CLOCK_MONOTONIC ns
        Time deadline = Time::max();       // of wall_time
        Time next_cpu_look = Time::max();  // at what cpu_time is left of
        Time next_kill = Time::max();      // when SIGTERM or an init yet unborn must be followed by SIGKILL

        [[nodiscard]] pid_t init() const {
            return seat == nullptr ? 0 : seat->arena.board().init.load(std::memory_order_acquire);
        }
    };

    void take_requests();
    void handle(wire::Message& message);
    void launch(wire::Launch request, std::vector<Fd> fds);
    Result<void> start(Sandbox& sandbox, std::uint8_t stdio);
    void open_sockets(const wire::SocketCount& request);
    void look(std::uint64_t id);
    void end(Sandbox& sandbox, const std::string& limit);
    void force(Sandbox& sandbox, Time now);

    void take_refusals();
    Sandbox* caller_of(const Refusal& refusal);
    void answer(bool trace, const Refusal& refusal) const;
    void tell_refused(const Sandbox& sandbox, const wire::RefusedCall& call);
    [[nodiscard]] std::string encode_end(const Sandbox& sandbox, Exit exit) const;

    void take_reports();
    void handle(const Report& report);
    void start_running(Sandbox& sandbox, const Report& report);
    Result<void> fetch_net(Sandbox& sandbox);
    void reap();
    void finish(Sandbox& sandbox, const rusage& usage);
    void give_back(Sandbox& sandbox);
    Exit describe_exit(const Sandbox& sandbox) const;
    static std::int64_t now_ns();  // CLOCK_MONOTONIC, as in reports
    static void add(const CgroupUse& use, Usage& usage);
    void account(Sandbox& sandbox, const rusage& usage, Exit& exit);
    void fail_setup(Sandbox& sandbox);

    void check_deadlines();
    void look_at_cpu(Sandbox& sandbox, Time now);
    [[nodiscard]] int poll_timeout() const;

    void reply(wire::Kind kind, std::string body, std::vector<Fd> fds = {});
    void fail_launch(std::uint64_t id, const Error& error, bool program);
    void flush();

    Parts parts_;
    Nets nets_;
    Seats seats_;
    bool parent_gone_ = false;
    std::map<std::uint64_t, std::unique_ptr<Sandbox>> sandboxes_;

    struct Outgoing {
        wire::Kind kind;
        std::string body;
        std::vector<Fd> fds;
    };
    std::deque<Outgoing> outgoing_;  // replies that the socket could not take yet
};

}  // namespace assay::sandbox
