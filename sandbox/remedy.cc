#include "sandbox/remedy.h"

#include <cerrno>

#include "base/fd.h"

namespace assay::sandbox {
namespace {

// First character of a sysctl file, or nothing.
char sysctl(const char* name) {
    auto text = read_file(std::string("/proc/sys/") + name, 4096);
    return text && !text->empty() ? (*text)[0] : '\0';
}

std::string no_user_namespaces() {
    if (sysctl("kernel/unprivileged_userns_clone") == '0')
        return "this kernel refuses user namespaces to ordinary users: sysctl -w kernel.unprivileged_userns_clone=1";
    if (sysctl("kernel/apparmor_restrict_unprivileged_userns") == '1')
        return "AppArmor restricts user namespaces: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or give "
               "assay-launcher a profile with \"userns,\"";
    if (sysctl("user/max_user_namespaces") == '0')
        return "user namespaces are switched off: sysctl -w user.max_user_namespaces=10000";
    return "user namespaces are refused here; in a container, start it with a seccomp profile that allows unshare and "
           "mount (docker run --security-opt seccomp=unconfined --security-opt apparmor=unconfined)";
}

}  // namespace

std::string remedy_for(const Error& error) {
    const std::string& step = error.step;
    const bool refused = error.code == EPERM || error.code == EACCES;
    if (step == "unshare user namespace" || step == "write id map" || (step == "clone seat" && refused)) {
        if (error.code == ENOSPC || error.code == EUSERS)
            return "no user namespace is left: raise user.max_user_namespaces (each sandbox takes one)";
        return no_user_namespaces();
    }
    if ((step == "clone init" || step == "clone seat") && (error.code == ENOSPC || error.code == EUSERS))
        return "no namespace is left: raise user.max_*_namespaces (each sandbox takes one of each kind)";
    if ((step == "clone init" || step == "clone seat") && error.code == EAGAIN)
        return "no process is left: raise ulimit -u or kernel.pid_max";
    if (step == "unshare mount namespace" && refused)
        return "root without CAP_SYS_ADMIN: run assay as an ordinary user, or give the container that capability";
    if (step == "mount work tree" && (refused || error.code == EINVAL || error.code == ENODEV))
        return "overlayfs in a user namespace needs Linux 5.11 or newer and the overlay module (modprobe overlay)";
    if (step == "mount /proc" && refused)
        return "the kernel mounts a new /proc only where a complete one is visible; in a container, unmask /proc "
               "(docker run --security-opt systempaths=unconfined)";
    if (step == "make bind read-only" && error.code == ENOSYS) return "mount_setattr needs Linux 5.12 or newer";
    if (step == "exec" && error.code == EACCES) return "the file is not executable, or a folder above it is closed";
    if (step == "find launcher") return "build the target assay-launcher; it stands beside the program that starts it";
    return {};
}

}  // namespace assay::sandbox
