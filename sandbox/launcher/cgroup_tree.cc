#include "sandbox/launcher/cgroup_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <memory>

namespace assay::sandbox {
namespace {

constexpr std::string_view kPrefix = "assay.";

std::vector<std::string_view> split(std::string_view text, char at) {
    std::vector<std::string_view> parts;
    while (true) {
        std::size_t end = text.find(at);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

unsigned offers_of(std::string_view controllers, char separator) {
    unsigned offers = 0;
    for (std::string_view name : split(controllers, separator)) {
        if (name == "memory") offers |= kMemory;
        if (name == "pids") offers |= kPids;
        if (name == "cpu") offers |= kCpu;
        if (name == "cpuacct") offers |= kCpuTime;
    }
    return offers;
}

// Our path in the hierarchy with these controllers ("" for v2), from /proc/self/cgroup.
std::string_view own_path(std::string_view membership, std::string_view controller) {
    for (std::string_view line : split(membership, '\n')) {
        auto parts = split(line, ':');
        if (parts.size() < 3) continue;
        auto names = split(parts[1], ',');
        if (std::find(names.begin(), names.end(), controller) != names.end())
            return line.substr(parts[0].size() + parts[1].size() + 2);
    }
    return {};
}

std::vector<std::string> entries(int folder) {
    std::vector<std::string> names;
    int copy = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (copy < 0) return names;
    std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(copy), ::closedir);
    if (!stream) return names;
    while (const dirent* entry = ::readdir(stream.get()))
        if (entry->d_type == DT_DIR && entry->d_name[0] != '.') names.emplace_back(entry->d_name);
    return names;
}

void kill_members(int folder) {
    auto text = read_file_at(folder, "cgroup.procs");
    if (!text) return;
    for (std::string_view line : split(*text, '\n')) {
        int pid = 0;
        std::from_chars(line.data(), line.data() + line.size(), pid);
        if (pid > 1) ::kill(pid, SIGKILL);
    }
}

Fd open_folder(int at, const char* path) { return Fd(::openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)); }

// The caller holds the lock of `parent`. A folder that can be locked has no launcher any more: the lock of a living
// one is held until the kernel closes its descriptor.
void remove_stale(int parent) {
    for (const std::string& name : entries(parent)) {
        if (name.compare(0, kPrefix.size(), kPrefix) != 0) continue;
        Fd folder = open_folder(parent, name.c_str());
        if (!folder || ::flock(folder.get(), LOCK_EX | LOCK_NB) != 0) continue;
        folder.reset();
        remove_cgroups(parent, name);
    }
}

std::string new_name() {
    std::uint32_t random = 0;
    if (::getrandom(&random, sizeof random, 0) != sizeof random) random = static_cast<std::uint32_t>(::time(nullptr));
    char name[48];
    std::snprintf(name, sizeof name, "assay.%d.%08x", ::getpid(), random);
    return name;
}

// Each on its own: one that is refused must not take the others along.
void enable_controllers(int folder) {
    for (const char* controller : {"+memory", "+pids", "+cpu"})
        static_cast<void>(write_file_at(folder, "cgroup.subtree_control", controller));
}

// May a process be put there? A folder that we can make is not always one that we can move into (a session outside the
// delegated part of the tree).
bool can_enter(const Hierarchy& hierarchy) {
    if (::mkdirat(hierarchy.base.get(), "probe", 0755) != 0) return false;
    Fd folder = open_folder(hierarchy.base.get(), "probe");
    clone_args args{};
    args.flags = CLONE_INTO_CGROUP;
    args.cgroup = static_cast<std::uint64_t>(folder.get());
    args.exit_signal = SIGCHLD;
    auto pid = static_cast<pid_t>(::syscall(SYS_clone3, &args, sizeof args));
    if (pid == 0) ::_exit(0);
    if (pid > 0) ::waitpid(pid, nullptr, 0);
    for (int patience = 0; patience < 200; ++patience) {
        if (::unlinkat(hierarchy.base.get(), "probe", AT_REMOVEDIR) == 0 || errno != EBUSY) break;
        timespec moment{0, 1'000'000};
        ::nanosleep(&moment, nullptr);
    }
    return pid > 0;
}

// Makes and locks our folder in `parent`; for v2, hands down what controllers there are.
bool settle(Hierarchy& hierarchy, Fd parent, unsigned wanted) {
    if (::flock(parent.get(), LOCK_EX) != 0) return false;
    remove_stale(parent.get());
    hierarchy.name = new_name();
    if (::mkdirat(parent.get(), hierarchy.name.c_str(), 0755) != 0) return false;
    hierarchy.base = open_folder(parent.get(), hierarchy.name.c_str());
    bool good = hierarchy.base && ::flock(hierarchy.base.get(), LOCK_EX | LOCK_NB) == 0;
    if (good && hierarchy.unified) {
        enable_controllers(hierarchy.base.get());
        auto enabled = read_file_at(hierarchy.base.get(), "cgroup.subtree_control");
        if (enabled) {
            std::replace(enabled->begin(), enabled->end(), '\n', ' ');
            hierarchy.offers = offers_of(*enabled, ' ') | kCpuTime;  // v2 accounts CPU time without a controller
        }
        good = (hierarchy.offers & wanted) == wanted && can_enter(hierarchy);
    }
    if (good) {
        ::flock(parent.get(), LOCK_UN);
        hierarchy.parent = std::move(parent);
        return true;
    }
    hierarchy.base.reset();
    ::unlinkat(parent.get(), hierarchy.name.c_str(), AT_REMOVEDIR);
    return false;
}

// v2 hands controllers only to a cgroup without processes of its own, so ours may be of no use: then the nearest
// folder above it that has them and lets us in. Folders where they are switched on already come first.
bool settle_unified(Hierarchy& hierarchy, const CgroupMount& mount) {
    struct Pass {
        bool enable;
        unsigned wanted;
    };
    for (Pass pass : {Pass{false, kMemory | kPids}, Pass{true, kMemory | kPids}, Pass{false, 0}}) {
        for (std::string path = mount.own;; path.erase(path.rfind('/'))) {
            Fd folder = open_folder(AT_FDCWD, (mount.mount + path).c_str());
            if (folder && pass.enable) enable_controllers(folder.get());
            if (folder && settle(hierarchy, std::move(folder), pass.wanted)) return true;
            if (path.empty()) break;
        }
    }
    return false;
}

}  // namespace

std::vector<CgroupMount> find_cgroup_mounts(std::string_view mountinfo, std::string_view membership) {
    std::vector<CgroupMount> mounts;
    for (std::string_view line : split(mountinfo, '\n')) {
        // id parent device root mount options [tags] - type source super-options; proc(5)
        auto fields = split(line, ' ');
        auto dash = std::find(fields.begin(), fields.end(), "-");
        if (dash - fields.begin() < 6 || fields.end() - dash < 4) continue;
        CgroupMount found;
        found.unified = dash[1] == "cgroup2";
        if (!found.unified && dash[1] != "cgroup") continue;
        if (!found.unified) found.offers = offers_of(dash[3], ',');
        if (!found.unified && found.offers == 0) continue;
        std::string_view controller;
        if (!found.unified) {
            for (std::string_view name : split(dash[3], ','))
                if (offers_of(name, ',') != 0) controller = name;
        }
        std::string_view root = fields[3];
        std::string_view path = own_path(membership, controller);
        if (root != "/" && path.substr(0, root.size()) == root) path.remove_prefix(root.size());
        if (path == "/" || path.substr(0, 3) == "/..") path = {};
        found.mount = fields[4];
        found.own = path;
        mounts.push_back(std::move(found));
    }
    return mounts;
}

std::vector<Hierarchy> open_hierarchies(int proc) {
    std::vector<Hierarchy> hierarchies;
    auto mountinfo = read_file_at(proc, "self/mountinfo");
    auto membership = read_file_at(proc, "self/cgroup");
    if (!mountinfo || !membership) return hierarchies;
    unsigned have = 0;
    auto mounts = find_cgroup_mounts(*mountinfo, *membership);
    // v2 first: it counts CPU time for nothing, so that v1's tree for that need not be joined.
    std::stable_sort(mounts.begin(), mounts.end(), [](const auto& a, const auto& b) { return a.unified > b.unified; });
    for (const CgroupMount& mount : mounts) {
        Hierarchy hierarchy;
        hierarchy.unified = mount.unified;
        hierarchy.offers = mount.offers;
        bool good = false;
        if (mount.unified) {
            good = settle_unified(hierarchy, mount);
        } else if ((mount.offers & ~have) != 0) {
            Fd folder = open_folder(AT_FDCWD, (mount.mount + mount.own).c_str());
            good = folder && settle(hierarchy, std::move(folder), 0);
        }
        if (!good) continue;
        have |= hierarchy.offers;
        hierarchies.push_back(std::move(hierarchy));
    }
    return hierarchies;
}

bool remove_cgroups(int parent, const std::string& name) {
    Fd folder = open_folder(parent, name.c_str());
    if (!folder) return errno == ENOENT;
    for (const std::string& child : entries(folder.get())) {
        Fd cgroup = open_folder(folder.get(), child.c_str());
        // What was killed leaves its cgroup a moment later.
        for (int patience = 0; patience < 200; ++patience) {
            if (cgroup) kill_members(cgroup.get());
            if (::unlinkat(folder.get(), child.c_str(), AT_REMOVEDIR) == 0 || errno != EBUSY) break;
            timespec moment{0, 5'000'000};
            ::nanosleep(&moment, nullptr);
        }
    }
    folder.reset();
    return ::unlinkat(parent, name.c_str(), AT_REMOVEDIR) == 0;
}

}  // namespace assay::sandbox
