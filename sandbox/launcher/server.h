// The launcher's event loop: requests in, sandboxes out.
#pragma once

#include <sys/resource.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "sandbox/launcher/cgroup.h"
#include "sandbox/launcher/child.h"
#include "sandbox/launcher/identity.h"
#include "sandbox/launcher/netns.h"
#include "sandbox/launcher/prepare.h"
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
        Gate* gate = nullptr;
    };
    explicit Server(Parts parts);

    // Until the parent closes its end, and every sandbox has ended after that.
    void run();

 private:
    using Time = std::chrono::steady_clock::time_point;

    struct Sandbox {
        std::uint64_t id = 0;
        pid_t init = -1;
        Spec spec;
        NetNs* net = nullptr;
        CgroupPool::Seat* seat = nullptr;
        std::unique_ptr<Prepared> prepared;  // until it runs
        Fd pidfd;                            // until it is sent
        std::vector<Fd> sockets;             // likewise
        bool runs = false;                   // exec has happened
        bool main_ended = false;
        bool killed = false;  // SIGKILL has been sent to init by us
        std::string limit;    // the limit for which
        int status = 0;       // of main
        std::uint64_t disk = 0;
        Step failed_step = Step::none;  // set-up
        std::uint32_t failed_op = 0;
        int failed_code = 0;
        std::int64_t started_at = 0;       // exec, CLOCK_MONOTONIC ns
        std::int64_t ended_at = 0;         // main, or the last process
        Time deadline = Time::max();       // of wall_time
        Time next_cpu_look = Time::max();  // at what cpu_time is left of
    };

    void take_requests();
    void handle(wire::Message& message);
    void launch(wire::Launch request, std::vector<Fd> fds);
    Result<void> start(Sandbox& sandbox, std::uint8_t stdio, const std::vector<Fd>& fds);
    void open_sockets(const wire::SocketCount& request);
    void end(Sandbox& sandbox, const char* limit);

    void take_reports();
    void handle(const Report& report);
    void reap();
    void finish(Sandbox& sandbox, const rusage& usage);
    void give_back(Sandbox& sandbox);
    Exit describe_exit(const Sandbox& sandbox) const;
    void account(const Sandbox& sandbox, const rusage& usage, Exit& exit) const;

    void check_deadlines();
    void look_at_cpu(Sandbox& sandbox, Time now);
    [[nodiscard]] int poll_timeout() const;

    void reply(wire::Kind kind, std::string body, std::vector<Fd> fds = {});
    void fail_launch(std::uint64_t id, const Error& error, bool program);
    void flush();

    Parts parts_;
    NetPool nets_;
    bool parent_gone_ = false;
    std::uint32_t turn_ = 0;
    std::map<std::uint64_t, std::unique_ptr<Sandbox>> sandboxes_;
    std::unordered_map<pid_t, Sandbox*> by_init_;

    struct Outgoing {
        wire::Kind kind;
        std::string body;
        std::vector<Fd> fds;
    };
    std::deque<Outgoing> outgoing_;  // replies that the socket could not take yet
};

}  // namespace assay::sandbox
