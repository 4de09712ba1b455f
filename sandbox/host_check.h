// Whether this host can run sandboxes, and how well: what `assay doctor` prints about the kernel and its settings.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace assay::sandbox {

// One thing that was looked at.
struct Finding {
    enum class State {
        good,
        limited,  // assay runs; `without` says what is missing
        missing   // assay cannot run
    };
    std::string name;  // "user namespaces"
    State state = State::good;
    std::string found;    // what there is
    std::string remedy;   // the exact command or setting; empty when good
    std::string without;  // what works all the same; empty when good
};

// Where to look, so that a test can give another tree. Values of 0 = no limit (RLIM_INFINITY).
struct HostView {
    std::string root;             // before "/proc/..."; empty = this host
    bool superuser = false;       // the caller is root
    std::uint64_t files = 0;      // hard limit of open files
    std::uint64_t processes = 0;  // soft limit of the user's processes
};
HostView this_host();

// From files alone: kernel version, user namespaces, seccomp, overlayfs, cgroups, pids, files, inotify, pressure.
std::vector<Finding> check_kernel(const HostView& host);

// Really starts one: namespaces, an overlay work tree, the filters, and every limit, of which it tells what this host
// enforces. `launcher`: path of assay-launcher. Blocks for some milliseconds; at most 20 s.
std::vector<Finding> try_sandbox(const std::string& launcher);

}  // namespace assay::sandbox
