// What one sandbox is, as plain data: resolved completely before anything is executed.
//
// A launcher holds one image root (RootPlan) and makes many sandboxes (Spec) of it. Paths in a RootPlan's
// `source` are host paths; every other path here is a path inside the image root.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/units.h"

namespace assay::sandbox {

// Where the launcher keeps what only sandboxes' set-up may see; an empty read-only tmpfs covers it before
// submission code runs.
inline constexpr const char* kHiddenRoot = "/.assay";

// One step of assembling an image root, executed in order, once per launcher. Each bind or tmpfs is a mount that every
// launch copies and every teardown frees (about 3 us together): prefer `file` for single small files.
struct RootStep {
    enum class Kind {
        bind_ro,   // source (host directory or file) at target, read-only, nosuid, nodev
        bind_rw,   // the same, writable
        tmpfs,     // an empty tmpfs at target, `size` bytes (0 = 64 KiB: mount points only); later steps may fill
                   // it, sandboxes see it read-only
        file,      // a small read-only file at target with `content`
        symlink,   // target -> content
        directory  // an empty directory at target
    };
    Kind kind;
    std::string source;
    std::string target;
    std::string content;
    Bytes size;
    bool optional = false;  // a missing source is skipped (bind_ro, bind_rw)
};

struct RootPlan {
    std::string image;  // name, for messages and for process titles
    std::vector<RootStep> steps;
    Bytes stage_size{std::uint64_t{1} << 30};  // bound of the stage tmpfs (see Launcher::stage)
};

// 0 = no limit of that kind, unless said otherwise. What the host cannot enforce is named in Exit::unenforced.
struct Limits {
    Bytes memory;                       // cgroup memory.max; without cgroups RLIMIT_AS is not used (breaks Node)
    std::uint32_t processes = 0;        // cgroup pids.max; RLIMIT_NPROC without cgroups
    Bytes disk{64u << 20};              // the one tmpfs behind work tree, /tmp and home; 0 = 64 MiB
    std::uint32_t inodes = 0;           // of that tmpfs; 0 = 65536
    std::uint32_t files = 1024;         // RLIMIT_NOFILE
    Bytes file_size;                    // RLIMIT_FSIZE
    std::chrono::seconds cpu_time{0};   // of the whole tree
    std::chrono::seconds wall_time{0};  // from exec; enforced by the launcher
    double cpus = 0;                    // cgroup cpu bandwidth, in cores
};

// A bind mount made for one sandbox: from below kHiddenRoot (a mounted store, the stage) to a path of its own.
struct Bind {
    std::string source;  // for example "/.assay/layers/<key>/local"
    std::string target;  // for example "/usr/local"
    bool writable = false;
};

// The private writable tree at Spec::work_dir: an overlay with these read-only lower directories, first wins;
// the writes go to the sandbox's bounded tmpfs. Empty = an empty writable directory.
struct WorkTree {
    std::vector<std::string> lower;
};

enum class Net {
    recycled,  // a network namespace of the launcher's pool, proven clean
    fresh,     // one made for this sandbox and destroyed with it
    shared     // that of the running sandbox Spec::net_of
};

struct Spec {
    std::string label;              // of the submission, for messages only
    std::vector<std::string> argv;  // argv[0] is looked up in PATH of `env`
    std::vector<std::pair<std::string, std::string>> env;
    std::string work_dir = "/app";  // also the working directory
    std::string home = "/home/user";
    WorkTree work_tree;
    std::vector<Bind> binds;
    Limits limits;
    Net net = Net::recycled;
    std::uint64_t net_of = 0;       // sandbox id, for Net::shared
    std::uint32_t sockets = 2;      // unconnected TCP sockets of the sandbox's net namespace in Launched::sockets
    std::string policy = "server";  // seccomp policy: a file of sandbox/policies/, compiled once
    bool trace = false;             // refused calls are made all the same: for programs that are trusted, to see
                                    // what they need
    bool outlive_main = true;       // processes that main left behind keep the sandbox running (as a container's do)
};

// lo of every sandbox carries 127.0.0.1 and this one; suites use this one, so that a server bound to
// 127.0.0.1 alone is refused as it is in the paper's harness.
inline constexpr const char* kServiceAddress = "10.0.2.1";

inline constexpr Micros kNotMeasured{-1};  // this host does not count it

// Since exec, but for phase_memory_peak. Without cgroups the CPU times are those of processes that were waited for.
struct Usage {
    Micros wall{0};
    Micros cpu_user{0};  // with cgroups: what is not known to be system time
    Micros cpu_system{0};
    Bytes memory_peak;                 // cgroup peak; largest RSS of one process without cgroups
    Bytes phase_memory_peak;           // since the last look; 0 = not known (no cgroup; v2 before Linux 6.12)
    std::uint32_t processes_peak = 0;  // 0 = not measured on this host
    Bytes disk;                        // of the bounded tmpfs at the end
    std::uint32_t inodes = 0;          // likewise
    Bytes output;                      // on stdout and stderr: counted by who reads them, if anybody counts
    // Held back by Limits::cpus: how often, and how long (all processes added up).
    std::uint64_t throttled_periods = 0;
    Micros throttled = kNotMeasured;
    // Pressure (PSI): time in which at least one of its processes waited for CPU, memory, the disk.
    Micros stalled_cpu = kNotMeasured;
    Micros stalled_memory = kNotMeasured;
    Micros stalled_io = kNotMeasured;
};

// System calls that the policy refused, of one name, argument and answer. They did not end the program.
struct RefusedCall {
    std::string call;  // the kernel's name; "other" for those beyond the first kinds that are told apart (32)
    std::optional<std::uint64_t> argument;  // the one that the policy looks at: a socket's family, ioctl's request
    std::string error;                      // what the program got, "EPERM"; empty for "other"
    std::uint64_t count = 0;
};

// How a sandbox ended. Filled by the launcher from wait status and kernel accounting, never from anything
// that the sandboxed program writes.
struct Exit {
    enum class How {
        exited,    // main returned `code`
        signaled,  // main was ended by signal `code`
        killed,    // ended on request (Launcher::kill, or the launcher is closing)
        limit      // a limit of the spec ended it; `limit` names which
    };
    How how = How::exited;
    int code = 0;
    std::string limit;                    // "wall_time", "cpu_time", "memory", one of Launcher::kill's caller, or empty
    std::vector<std::string> limits_hit;  // also those that did not end it: "processes", "disk", ...
    std::vector<std::string> unenforced;  // limits asked for that this host cannot enforce
    std::vector<RefusedCall> refused_calls;
    bool refusals_seen = true;  // false: this host gives the launcher no listener, so that none is counted
    Usage usage;
};

}  // namespace assay::sandbox
