// What one launch does, as plain data that the launcher resolved beforehand, and what comes back.
//
// All of it lies in a Board: memory shared by the launcher, one seat and the inits that it clones, at the same address
// in each. The halves that run after clone must not allocate, lock or log; they read the plan, and that is all.
#pragma once

#include <linux/filter.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/types.h>

#include <atomic>
#include <cstdint>

#include "sandbox/launcher/privilege.h"

namespace assay::sandbox {

// Each step of setting a sandbox up; a failure is reported as one of these and an errno.
enum class Step : std::uint8_t {
    none,
    become_user,
    drop_bounding_set,
    die_with_launcher,
    join_cgroup,
    make_net,
    clone_init,
    place_stdio,
    mount_private,
    make_directory,
    mount_work_tree,
    mount_scratch,
    mount_bind,
    protect_bind,
    mount_proc,
    hide_assay,
    set_hostname,
    drop_capabilities,
    start_main,
    open_session,
    set_limits,
    free_processors,
    enter_work_dir,
    install_filter,
    exec
};
const char* step_name(Step step);

// One file system operation of the set-up, executed in order.
struct Op {
    enum class Kind : std::uint8_t {
        mount,            // mount(source, target, type, flags, data)
        directory,        // mkdir(target, mode)
        directory_maybe,  // the same; failure is left to the mount that follows
        no_links,         // fails when a symbolic link stands anywhere in target
        protect           // mount_setattr(target, recursive, read-only + nosuid + nodev)
    };
    Kind kind{};
    Step step{};
    const char* source = nullptr;
    const char* target = nullptr;
    const char* type = nullptr;
    const char* data = nullptr;
    unsigned long flags = 0;
    mode_t mode = 0;
};

struct ResourceLimit {
    int which = 0;
    rlimit value{};
};

struct Plan {
    std::uint64_t id = 0;
    Privilege privilege;  // of seat and init; main loses it by exec
    // For the seat.
    const int* join = nullptr;  // open `tasks` files to write "0" to, cgroup v1
    unsigned join_count = 0;
    bool new_net = false;  // a net namespace of its own making, for this launch alone
    bool new_ipc = false;  // else the seat's, in which nobody has made anything
    // For init.
    int stdio[3] = {-1, -1, -1};  // -1: stays /dev/null
    const Op* ops = nullptr;
    unsigned op_count = 0;
    bool outlive_main = true;
    // For init and main.
    bool placed = false;     // the seat, and with it who is born there, is kept to one processor
    cpu_set_t processors{};  // then: those that a sandbox may use
    // For main.
    const ResourceLimit* limits = nullptr;
    unsigned limit_count = 0;
    sock_fprog filter{};  // length 0: the launcher's is enough
    const char* work_dir = nullptr;
    const char* const* programs = nullptr;  // candidates for exec in PATH order, null-terminated
    char* const* argv = nullptr;
    char** shell_argv = nullptr;  // "/bin/sh", <program>, argv[1]...: for a script without "#!"
    char* const* envp = nullptr;
};

// What a seat or an init tells its launcher.
struct Report {
    enum class Kind : std::uint32_t {
        none,
        running,     // exec has happened
        failed,      // it has not: step, code, op; who says so exits
        main_ended,  // others still run: status, disk
        all_ended    // status of main, disk; init exits
    };
    std::uint64_t id = 0;
    Kind kind{};
    Step step{};
    bool main_ended = false;
    std::uint32_t op = 0;      // index into Plan::ops
    std::int32_t code = 0;     // errno
    std::int32_t status = 0;   // wait status of main
    std::uint32_t inodes = 0;  // used on the bounded tmpfs
    std::uint64_t disk = 0;    // bytes used there
    std::int64_t when = 0;     // CLOCK_MONOTONIC, nanoseconds
};

struct Board {
    // Launches asked of the seat so far; it clones one init for each. A futex.
    std::atomic<std::uint32_t> launches{0};
    // Of the latest init, as the host numbers it: written by the kernel before that init runs.
    std::atomic<pid_t> init{0};
    // Plan::new_net: the namespace that the seat has made, a descriptor that is the launcher's to close; -1: none.
    int net = -1;
    Plan plan;
    // An init's last word. Not through the pipe: its death wakes the launcher anyway, once instead of twice.
    Report last;
};

}  // namespace assay::sandbox
