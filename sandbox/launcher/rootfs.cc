// The image root: a tmpfs with mount points, small files and read-only binds of the host's directories.
//
// Order: every source is taken (open_tree) while the host's tree still stands in front; then a tmpfs hides some
// directory of the host, which is our private copy of the mount table; then the steps are executed in their order;
// then we pivot, so that nothing of the host is reachable but what the plan names.

#include "sandbox/launcher/rootfs.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

#include "sandbox/launcher/layout.h"

namespace assay::sandbox {
namespace {

constexpr const char* kWhere = "/tmp";  // exists on every host; only our own mount namespace sees it covered

int open_tree(const char* path) {
    return static_cast<int>(
        ::syscall(SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE));
}

int set_attributes(int tree, std::uint64_t set) {
    mount_attr attr{};
    attr.attr_set = set;
    return static_cast<int>(::syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof attr));
}

std::string below_root(const std::string& target) { return kWhere + target; }

bool is_directory(int at, const char* path, int flags) {
    struct stat info {};
    return ::fstatat(at, path, &info, flags) == 0 && S_ISDIR(info.st_mode);
}

Result<void> make_parents(const std::string& path) {
    for (std::size_t at = path.find('/', 1); at != std::string::npos; at = path.find('/', at + 1)) {
        std::string parent = path.substr(0, at);
        if (::mkdir(parent.c_str(), 0755) != 0 && errno != EEXIST)
            return fail_errno(errno, "make directory", parent.substr(std::string(kWhere).size()));
    }
    return {};
}

Result<void> make_directory(const std::string& path) {
    ASSAY_CHECK(make_parents(path));
    if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST)
        return fail_errno(errno, "make directory", path.substr(std::string(kWhere).size()));
    return {};
}

Result<void> make_file(const std::string& path, const std::string& content) {
    ASSAY_CHECK(make_parents(path));
    Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644));
    if (!file && errno == EEXIST && content.empty()) return {};
    if (!file) return fail_errno(errno, "make file", path.substr(std::string(kWhere).size()));
    return write_all(file.get(), content);
}

Result<void> mount_tmpfs(const std::string& path, std::uint64_t size, unsigned long flags, const char* more = "") {
    std::string options = "mode=0755,size=" + std::to_string(size) + more;
    if (::mount("tmpfs", path.c_str(), "tmpfs", flags, options.c_str()) != 0)
        return fail_errno(errno, "mount tmpfs", path.substr(std::string(kWhere).size()));
    return {};
}

Result<void> make_read_only(const std::string& target, unsigned long nodev = MS_NODEV) {
    const unsigned long flags = MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | nodev;
    if (::mount(nullptr, below_root(target).c_str(), nullptr, flags, nullptr) != 0)
        return fail_errno(errno, "make root read-only", target);
    return {};
}

// A taken source at its target: mount point made, attributes set before anybody can see it.
Result<void> attach(int tree, const std::string& target, std::uint64_t attributes) {
    const std::string path = below_root(target);
    if (is_directory(tree, "", AT_EMPTY_PATH)) {
        ASSAY_CHECK(make_directory(path));
    } else {
        struct stat info {};
        if (::lstat(path.c_str(), &info) != 0) ASSAY_CHECK(make_file(path, ""));
    }
    if (set_attributes(tree, attributes) != 0) return fail_errno(errno, "protect bind", target);
    if (::syscall(SYS_move_mount, tree, "", AT_FDCWD, path.c_str(), MOVE_MOUNT_F_EMPTY_PATH) != 0)
        return fail_errno(errno, "attach bind", target);
    return {};
}

Result<void> execute(const RootStep& step, int tree) {
    const std::string path = below_root(step.target);
    switch (step.kind) {
        case RootStep::Kind::bind_ro:
        case RootStep::Kind::bind_rw: {
            if (tree < 0) return {};  // optional, and not there
            std::uint64_t attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
            if (step.kind == RootStep::Kind::bind_ro) attributes |= MOUNT_ATTR_RDONLY;
            return attach(tree, step.target, attributes);
        }
        case RootStep::Kind::tmpfs:
            ASSAY_CHECK(make_directory(path));
            return mount_tmpfs(path, step.size.count == 0 ? 64 << 10 : step.size.count, MS_NOSUID | MS_NODEV);
        case RootStep::Kind::file: return make_file(path, step.content);
        case RootStep::Kind::directory: return make_directory(path);
        case RootStep::Kind::symlink:
            ASSAY_CHECK(make_parents(path));
            if (::symlink(step.content.c_str(), path.c_str()) != 0)
                return fail_errno(errno, "make symbolic link", step.target);
            return {};
    }
    return fail_errno(EINVAL, "assemble root", "unknown kind of step");
}

struct Device {
    const char* name;
    unsigned major;
    unsigned minor;
    Fd tree;
};

// A node of its own where the kernel lets us (root), else the host's, bound: one mount for all, or one for each.
Result<void> make_device(Device& device) {
    const std::string path = std::string("/dev/") + device.name;
    if (::mknod(below_root(path).c_str(), S_IFCHR | 0666, makedev(device.major, device.minor)) == 0) {
        if (::chmod(below_root(path).c_str(), 0666) == 0) return {};
        return fail_errno(errno, "make device", path);
    }
    if (errno != EPERM) return fail_errno(errno, "make device", path);
    // Read-only keeps the node's inode (times, mode) the host's; reading and writing the device stays possible.
    return attach(device.tree.get(), path, MOUNT_ATTR_NOSUID | MOUNT_ATTR_RDONLY);
}

Result<void> make_dev(std::vector<Device>& devices) {
    const std::string dev = below_root("/dev");
    ASSAY_CHECK(make_directory(dev));
    ASSAY_CHECK(mount_tmpfs(dev, 64 << 10, MS_NOSUID | MS_NOEXEC));
    for (Device& device : devices) ASSAY_CHECK(make_device(device));
    ASSAY_CHECK(make_directory(dev + "/shm"));
    static constexpr const char* kLinks[][2] = {{"/proc/self/fd", "/fd"},
                                                {"/proc/self/fd/0", "/stdin"},
                                                {"/proc/self/fd/1", "/stdout"},
                                                {"/proc/self/fd/2", "/stderr"}};
    for (const auto& link : kLinks)
        if (::symlink(link[0], (dev + link[1]).c_str()) != 0) return fail_errno(errno, "make symbolic link", link[1]);
    return {};
}

Result<Fd> take(const std::string& source, const std::string& target) {
    Fd tree(open_tree(source.c_str()));
    if (!tree) return fail_errno(errno, "take bind source", source + " for " + target);
    return tree;
}

}  // namespace

Result<Root> assemble_root(const RootPlan& plan, unsigned uid, unsigned gid) {
    // Nothing that we mount travels back to the host, nothing that it mounts later appears here.
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
        return fail_errno(errno, "make mounts private");

    std::vector<Fd> sources;
    for (const RootStep& step : plan.steps) {
        sources.emplace_back();
        if (step.kind != RootStep::Kind::bind_ro && step.kind != RootStep::Kind::bind_rw) continue;
        auto tree = take(step.source, step.target);
        if (!tree && step.optional && (tree.error().code == ENOENT || tree.error().code == ENOTDIR)) continue;
        if (!tree) return tl::unexpected(std::move(tree).error());
        sources.back() = std::move(*tree);
    }
    std::vector<Device> devices;
    devices.push_back({"null", 1, 3, {}});
    devices.push_back({"zero", 1, 5, {}});
    devices.push_back({"full", 1, 7, {}});
    devices.push_back({"random", 1, 8, {}});
    devices.push_back({"urandom", 1, 9, {}});
    devices.push_back({"tty", 5, 0, {}});
    for (Device& device : devices) {
        ASSAY_TRY(device.tree, take(std::string("/dev/") + device.name, "/dev"));
    }
    ASSAY_TRY(Fd proc, take("/proc", kHostProc));

    ASSAY_CHECK(mount_tmpfs(kWhere, std::uint64_t{16} << 20, MS_NOSUID | MS_NODEV));
    for (const char* path : {kPrivate, kEmpty, kStage, kHostProc}) ASSAY_CHECK(make_directory(below_root(path)));

    Root root;
    const std::string owner = ",uid=" + std::to_string(uid) + ",gid=" + std::to_string(gid);
    ASSAY_CHECK(mount_tmpfs(below_root(kStage), plan.stage_size.count, MS_NOSUID | MS_NODEV, owner.c_str()));
    root.stage = Fd(::open(below_root(kStage).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!root.stage) return fail_errno(errno, "open stage");
    ASSAY_CHECK(attach(proc.get(), kHostProc, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC));

    ASSAY_CHECK(make_dev(devices));
    for (std::size_t i = 0; i < plan.steps.size(); ++i) ASSAY_CHECK(execute(plan.steps[i], sources[i].get()));
    ASSAY_CHECK(make_directory(below_root("/proc")));
    ASSAY_CHECK(make_directory(below_root("/tmp")));

    // As ordinary user the sandbox's user owns these tmpfs: only a read-only mount keeps it from writing there, and one
    // sandbox from leaving something for the next.
    for (const RootStep& step : plan.steps)
        if (step.kind == RootStep::Kind::tmpfs) ASSAY_CHECK(make_read_only(step.target));
    ASSAY_CHECK(make_read_only("/dev", 0));  // its nodes stay usable
    ASSAY_CHECK(make_read_only(""));

    // pivot_root(".", ".") stacks the old root on the new one; detaching "." then removes the host from view.
    if (::chdir(kWhere) != 0) return fail_errno(errno, "enter root");
    if (::syscall(SYS_pivot_root, ".", ".") != 0) return fail_errno(errno, "pivot root");
    if (::umount2(".", MNT_DETACH) != 0) return fail_errno(errno, "detach old root");
    if (::chdir("/") != 0) return fail_errno(errno, "enter root");
    return root;
}

}  // namespace assay::sandbox
