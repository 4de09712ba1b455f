// Files: what of the host's file system can be seen, written, or mounted.
#include <dirent.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>

#include "tests/containment/check.h"

namespace assay::containment {
namespace {

// A descriptor beyond stdio that we did not open.
Answer inherited_descriptor(const Facts&) {
    DIR* folder = ::opendir("/proc/self/fd");
    if (folder == nullptr) return refused("no /proc/self/fd");
    Answer answer = refused("none");
    while (const dirent* entry = ::readdir(folder)) {
        const int fd = std::atoi(entry->d_name);
        if (fd > 2 && fd != ::dirfd(folder)) answer = granted(entry->d_name);
    }
    ::closedir(folder);
    return answer;
}

Answer write_below(const char* folder) {
    const std::string path = std::string(folder) + "/assay-containment";
    const Answer answer = can_open(path, O_WRONLY | O_CREAT);
    ::unlink(path.c_str());
    return answer;
}

Answer open_by_handle(const Facts&) {
    alignas(file_handle) char room[sizeof(file_handle) + MAX_HANDLE_SZ];
    auto* handle = reinterpret_cast<file_handle*>(room);
    handle->handle_bytes = 8;
    handle->handle_type = 1;
    return reached(::open_by_handle_at(AT_FDCWD, handle, O_RDONLY));
}

}  // namespace

Table file_checks() {
    using enum Outside;
    return {
        {"files.host-secret", [](const Facts& f) { return can_open(fact(f, "secret"), O_RDONLY); }},
        {"files.host-secret-through-init",
         [](const Facts& f) { return can_open("/proc/1/root" + fact(f, "secret"), O_RDONLY); }, own_root},
        {"files.host-secret-through-parent-folders",
         [](const Facts& f) { return can_open("../../../../../../../.." + fact(f, "secret"), O_RDONLY); }},
        {"files.inherited-descriptor", inherited_descriptor},
        {"files.folder-as-stdin",
         [](const Facts&) {
             const int fd = ::openat(0, "secret", O_RDONLY);
             return outcome(fd);
         }},
        {"files.other-submissions-source", [](const Facts& f) { return can_open(fact(f, "stage"), O_RDONLY); }},
        {"files.write-programs", [](const Facts&) { return write_below("/usr/bin"); }, stand_in, "/usr/bin"},
        {"files.write-libraries", [](const Facts&) { return write_below("/usr/lib"); }, stand_in, "/usr/lib"},
        {"files.write-usr-local", [](const Facts&) { return write_below("/usr/local"); }, stand_in, "/usr/local"},
        {"files.write-devices", [](const Facts&) { return write_below("/dev"); }, stand_in, "/dev"},
        {"files.write-user-database", [](const Facts&) { return can_open("/etc/passwd", O_WRONLY); }, stand_in,
         "/etc/passwd", ""},
        {"files.shadow-passwords", [](const Facts&) { return can_open("/etc/shadow", O_RDONLY); }, stand_in,
         "/etc/shadow", ""},
        {"files.private-keys-of-the-host", [](const Facts&) { return can_open("/etc/ssl/private", O_RDONLY); },
         stand_in, "/etc/ssl/private"},
        {"files.home-of-root", [](const Facts&) { return can_open("/root", O_RDONLY); }, stand_in, "/root"},
        {"files.sysfs", [](const Facts&) { return can_open("/sys/kernel", O_RDONLY); }, stand_in, "/sys/kernel"},
        {"files.cgroup-tree", [](const Facts&) { return can_open("/sys/fs/cgroup", O_RDONLY); }, stand_in,
         "/sys/fs/cgroup"},
        {"files.runtime-sockets", [](const Facts&) { return can_open("/run/lock", O_RDONLY); }, stand_in, "/run/lock"},
        {"files.disk-device", [](const Facts&) { return can_open("/dev/vda", O_RDONLY); }, stand_in, "/dev/vda", ""},
        {"files.memory-device", [](const Facts&) { return can_open("/dev/mem", O_RDONLY); }, stand_in, "/dev/mem", ""},
        {"files.kernel-messages-device", [](const Facts&) { return can_open("/dev/kmsg", O_RDONLY); }, stand_in,
         "/dev/kmsg", ""},
        {"files.fuse-device", [](const Facts&) { return can_open("/dev/fuse", O_RDWR); }, stand_in, "/dev/fuse", ""},
        {"files.terminal-multiplexer", [](const Facts&) { return can_open("/dev/ptmx", O_RDWR); }, stand_in,
         "/dev/ptmx", ""},
        // Nodes of /dev may be the host's own: their inode is not the sandbox's to write to.
        {"files.touch-null-device",
         [](const Facts&) { return outcome(::utimensat(AT_FDCWD, "/dev/null", nullptr, 0)); }},
        {"files.touch-stdin", [](const Facts&) { return outcome(::futimens(0, nullptr)); }},
        {"files.make-device",
         [](const Facts&) {
             const Answer answer = outcome(::syscall(SYS_mknod, "/tmp/assay-node", S_IFCHR | 0600, 0x103));
             ::unlink("/tmp/assay-node");
             return answer;
         },
         answered, nullptr, nullptr, SYS_mknod},
        {"files.mount", [](const Facts&) { return outcome(::mount("tmpfs", "/tmp", "tmpfs", 0, nullptr)); }, own_root},
        {"files.bind-mount",
         [](const Facts&) { return outcome(::mount("/", "/tmp", nullptr, MS_BIND | MS_REC, nullptr)); }, own_root},
        {"files.unmount", [](const Facts&) { return outcome(::umount2("/proc", MNT_DETACH)); }, own_root},
        {"files.remount-writable",
         [](const Facts&) { return outcome(::mount(nullptr, "/proc", nullptr, MS_REMOUNT | MS_BIND, nullptr)); },
         own_root},
        {"files.change-root", [](const Facts&) { return outcome(::chroot("/tmp")); }, own_root},
        {"files.pivot-root", [](const Facts&) { return reached(::syscall(SYS_pivot_root, "/proc", "/proc")); },
         own_root},
        {"files.new-file-system", [](const Facts&) { return outcome(::syscall(SYS_fsopen, "tmpfs", 0)); }, own_root},
        {"files.clone-mount",
         [](const Facts&) { return outcome(::syscall(SYS_open_tree, AT_FDCWD, "/proc", OPEN_TREE_CLONE)); }, own_root},
        {"files.mount-attributes",
         [](const Facts&) {
             mount_attr attr{};
             attr.attr_clr = MOUNT_ATTR_NOSUID;
             return outcome(::syscall(SYS_mount_setattr, AT_FDCWD, "/proc", 0, &attr, sizeof attr));
         },
         own_root},
        {"files.open-by-handle", open_by_handle, answered, nullptr, nullptr, SYS_open_by_handle_at},
    };
}

}  // namespace assay::containment
