// Who runs: pid 1 of the sandbox, the sandbox's own user, without capabilities, not traceable. It waits, and when it
// exits the kernel ends everything else in its pid namespace. It dies with the launcher (parent-death signal), and
// the launcher ends it by SIGKILL. It reads nothing that the target writes.

#include "sandbox/launcher/init.h"

#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>

#include "sandbox/launcher/layout.h"

namespace assay::sandbox {
namespace {

std::uint64_t disk_used() {
    struct statfs info {};
    if (::statfs("/tmp", &info) != 0) return 0;
    return static_cast<std::uint64_t>(info.f_blocks - info.f_bfree) * static_cast<std::uint64_t>(info.f_bsize);
}

}  // namespace

void send_report(Report& report) {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    report.when = now.tv_sec * 1'000'000'000LL + now.tv_nsec;
    // Whole or not at all: smaller than PIPE_BUF. If the launcher is gone, so are we, in a moment.
    while (::write(kReportFd, &report, sizeof report) < 0 && errno == EINTR) {
    }
}

void reap(const Plan& plan, pid_t main_pid) {
    Report report;
    report.id = plan.id;
    report.kind = Report::Kind::running;
    send_report(report);

    bool main_runs = true;
    for (;;) {
        int status = 0;
        // Once main has ended: is anybody left? Only then the difference between the two last reports matters.
        pid_t pid = ::waitpid(-1, &status, 0);
        if (pid == main_pid) {
            main_runs = false;
            report.status = status;
            report.disk = disk_used();
            pid_t left;
            do {
                left = ::waitpid(-1, nullptr, WNOHANG);
            } while (left > 0);
            if (left < 0 || !plan.outlive_main) break;
            report.kind = Report::Kind::main_ended;
            send_report(report);
        } else if (pid < 0 && errno == ECHILD && !main_runs) {
            report.disk = disk_used();
            break;
        }
    }
    report.kind = Report::Kind::all_ended;
    send_report(report);
    ::_exit(0);
}

}  // namespace assay::sandbox
