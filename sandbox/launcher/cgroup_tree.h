// Where on this host cgroups may be made, and what stale ones of ours are left there.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace assay::sandbox {

// Bits: what a hierarchy can do for a sandbox.
inline constexpr unsigned kMemory = 1;   // limit, peak, out-of-memory kills
inline constexpr unsigned kPids = 2;     // limit, peak
inline constexpr unsigned kCpu = 4;      // bandwidth
inline constexpr unsigned kCpuTime = 8;  // accounting

// One mounted hierarchy with a folder of this launcher's own in it.
struct Hierarchy {
    bool unified = false;  // cgroup v2
    unsigned offers = 0;
    Fd parent;         // the folder above `name`
    std::string name;  // "assay.<pid>.<random>", locked (flock) while the launcher lives
    Fd base;
};

// A line of /proc/self/mountinfo that mounts cgroups, with our own place in it.
struct CgroupMount {
    bool unified = false;
    unsigned offers = 0;  // v1: by its controllers; v2: decided by folder
    std::string mount;    // path of the mount point
    std::string own;      // path of our own cgroup, below `mount`, "" or "/..."
};
// From the texts of /proc/self/mountinfo and /proc/self/cgroup.
std::vector<CgroupMount> find_cgroup_mounts(std::string_view mountinfo, std::string_view membership);

// Makes this launcher's folders, after removing those whose launcher is gone (with what still runs in them). What
// cannot be had is left out: an ordinary user without delegation gets an empty list. Call it before the pivot.
std::vector<Hierarchy> open_hierarchies(int proc);

// Removes a folder of cgroups and those directly below it; true when it is gone.
bool remove_cgroups(int parent, const std::string& name);

}  // namespace assay::sandbox
