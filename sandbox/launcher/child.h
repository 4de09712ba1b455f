// What happens between clone and exec, as plain data that the launcher resolved before it cloned.
//
// The child half runs in a copy of the launcher's memory: it must not allocate, lock or log. Everything it needs is
// in a Plan; pointers in it lead into storage that the launcher keeps until the child has its own copy.
#pragma once

#include <linux/filter.h>
#include <sys/resource.h>
#include <sys/types.h>

#include <atomic>
#include <cstdint>

namespace assay::sandbox {

// Each step of setting a sandbox up; a failure is reported as one of these and an errno.
enum class Step : std::uint8_t {
    none,
    join_cgroup,
    await_identity,
    become_user,
    die_with_launcher,
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
    refuse_privileges,
    start_main,
    open_session,
    set_limits,
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
    std::uint32_t turn = 0;        // see Gate
    const int* cgroups = nullptr;  // open `tasks` files to write "0" to (cgroup v1)
    unsigned cgroup_count = 0;
    int stdio[3] = {-1, -1, -1};  // -1: stays /dev/null
    const Op* ops = nullptr;
    unsigned op_count = 0;
    const ResourceLimit* limits = nullptr;
    unsigned limit_count = 0;
    sock_fprog filter{};
    const char* work_dir = nullptr;
    const char* const* programs = nullptr;  // candidates for exec in PATH order, null-terminated
    char* const* argv = nullptr;
    char* const* shell_argv = nullptr;  // "/bin/sh", <program>, argv[1]...: for a script without "#!" (slot 1 is ours)
    char* const* envp = nullptr;
    bool outlive_main = true;
};

// One word in memory shared by launcher and inits: the turn of the latest sandbox whose ids are mapped. An init may
// go on once its own turn has come; turns are given in the order of cloning.
struct Gate {
    std::atomic<std::uint32_t> turn{0};
};

// What an init tells its launcher: one record, written whole to kReportFd.
struct Report {
    enum class Kind : std::uint32_t {
        running = 1,  // exec has happened
        failed,       // it has not: step, code, op; the init exits
        main_ended,   // others still run: status, disk
        all_ended     // status of main, disk; the init exits
    };
    std::uint64_t id = 0;
    Kind kind{};
    std::uint32_t step = 0;   // Step
    std::uint32_t op = 0;     // index into Plan::ops, for the mounts
    std::int32_t code = 0;    // errno
    std::int32_t status = 0;  // wait status of main
    std::uint32_t unused = 0;
    std::uint64_t disk = 0;  // bytes used on the bounded tmpfs
    std::int64_t when = 0;   // CLOCK_MONOTONIC, nanoseconds
};

// The life of an init, called in the cloned process. Never returns.
[[noreturn]] void run_init(const Plan& plan, Gate& gate);

}  // namespace assay::sandbox
