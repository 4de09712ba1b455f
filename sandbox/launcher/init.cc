// Who runs: pid 1 of the sandbox, the sandbox's own user, without capabilities, not traceable. It waits, and when it
// exits the kernel ends everything else in its pid namespace. It dies with the launcher (parent-death signal). The
// launcher ends it by SIGTERM, which it answers by leaving its last word and exiting, or by SIGKILL. It reads nothing
// that the target writes.

#include "sandbox/launcher/init.h"

#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <ctime>

#include "sandbox/launcher/layout.h"

namespace assay::sandbox {
namespace {

Board* shared;  // for the signal handler

std::int64_t now() {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

void count_disk(Report& report) {
    struct statfs info {};
    if (::fstatfs(kDiskFd, &info) != 0) return;
    report.disk = static_cast<std::uint64_t>(info.f_blocks - info.f_bfree) * static_cast<std::uint64_t>(info.f_bsize);
    report.inodes = static_cast<std::uint32_t>(info.f_files - info.f_ffree);
}

[[noreturn]] void finish() {
    Report& last = shared->last;
    count_disk(last);
    last.when = now();
    last.kind = Report::Kind::all_ended;
    ::_exit(0);
}

// Anybody in the sandbox may send us a signal that we have a handler for. Only the kernel can say that one came from
// outside: a plain kill (a code that programs cannot forge) whose sender has no number in our pid namespace.
void on_terminate(int, siginfo_t* info, void*) {
    if (info->si_code == SI_USER && info->si_pid == 0) finish();
}

}  // namespace

void send_report(Report& report) {
    report.when = now();
    // Whole or not at all: smaller than PIPE_BUF. If the launcher is gone, so are we, in a moment.
    while (::write(kReportFd, &report, sizeof report) < 0 && errno == EINTR) {
    }
}

void reap(Board& board, pid_t main_pid) {
    shared = &board;
    board.last.id = board.plan.id;
    struct sigaction action {};
    action.sa_sigaction = on_terminate;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    ::sigaction(SIGTERM, &action, nullptr);

    Report report;
    report.id = board.plan.id;
    report.kind = Report::Kind::running;
    send_report(report);
    // The set-up is over: what is left to do is done wherever there is room. Refused, it is done where we are.
    if (board.plan.placed) ::sched_setaffinity(0, sizeof board.plan.processors, &board.plan.processors);

    for (;;) {
        int status = 0;
        const pid_t pid = ::waitpid(-1, &status, 0);
        if (pid == main_pid) {
            board.last.status = status;
            board.last.main_ended = true;
            pid_t left;
            do {
                left = ::waitpid(-1, nullptr, WNOHANG);
            } while (left > 0);
            if (left < 0 || !board.plan.outlive_main) finish();
            report.kind = Report::Kind::main_ended;
            report.status = status;
            report.main_ended = true;
            send_report(report);
        } else if (pid < 0 && errno == ECHILD) {
            finish();
        }
    }
}

}  // namespace assay::sandbox
