#include "sandbox/launcher/identity.h"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <string>

#include "sandbox/launcher/layout.h"

namespace assay::sandbox {
namespace {

Result<void> write_proc(int at, const char* path, const char* text, std::size_t size) {
    Fd file(::openat(at, path, O_WRONLY | O_CLOEXEC));
    if (!file) return fail_errno(errno, "open id map", path);
    if (::write(file.get(), text, size) != static_cast<ssize_t>(size)) return fail_errno(errno, "write id map", path);
    return {};
}

// kOuterId where the launcher's own user namespace has it (it does on a host), else the last id that it has: inside
// a rootless container the range may end earlier. Never 0.
Result<unsigned> pick_outer_id(int proc, const char* map) {
    ASSAY_TRY(std::string text, read_file_at(proc, map));
    unsigned best = 0;
    const char* at = text.data();
    const char* end = at + text.size();
    auto number = [&]() {
        while (at != end && (*at == ' ' || *at == '\n')) ++at;
        unsigned long value = 0;
        at = std::from_chars(at, end, value).ptr;
        return value;
    };
    while (at != end) {
        unsigned long first = number();
        number();
        unsigned long count = number();
        while (at != end && (*at == '\n' || *at == ' ')) ++at;
        if (count == 0) break;
        if (first <= kOuterId && kOuterId < first + count) return kOuterId;
        best = static_cast<unsigned>(first + count - 1);
    }
    if (best == 0)
        return fail("choose outer id", std::string(map) + " maps nothing but root", "run assay as an ordinary user");
    return best;
}

}  // namespace

Result<Identity> assume_identity() {
    Identity me;
    me.proc = Fd(::open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!me.proc) return fail_errno(errno, "open /proc");
    me.uid = ::geteuid();
    me.gid = ::getegid();
    if (me.uid == 0) {
        ASSAY_TRY(me.uid, pick_outer_id(me.proc.get(), "self/uid_map"));
        ASSAY_TRY(me.gid, pick_outer_id(me.proc.get(), "self/gid_map"));
        // Group memberships are inherited by the sandboxes, where nothing can take them away.
        if (::setgroups(0, nullptr) != 0) return fail_errno(errno, "drop groups");
        if (::unshare(CLONE_NEWNS) != 0) return fail_errno(errno, "unshare mount namespace");
        return me;
    }
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return fail_errno(errno, "unshare user namespace");
    // Each id maps to itself: messages and files then name the same user on both sides.
    char map[64];
    ASSAY_CHECK(write_proc(me.proc.get(), "self/setgroups", "deny", 4));
    int size = std::snprintf(map, sizeof map, "%u %u 1", me.uid, me.uid);
    ASSAY_CHECK(write_proc(me.proc.get(), "self/uid_map", map, static_cast<std::size_t>(size)));
    size = std::snprintf(map, sizeof map, "%u %u 1", me.gid, me.gid);
    ASSAY_CHECK(write_proc(me.proc.get(), "self/gid_map", map, static_cast<std::size_t>(size)));
    return me;
}

Result<void> map_ids(const Identity& identity, pid_t pid) {
    char path[40];
    char map[40];
    std::snprintf(path, sizeof path, "%d/setgroups", pid);
    ASSAY_CHECK(write_proc(identity.proc.get(), path, "deny", 4));
    std::snprintf(path, sizeof path, "%d/gid_map", pid);
    int size = std::snprintf(map, sizeof map, "%u %u 1", kInnerId, identity.gid);
    ASSAY_CHECK(write_proc(identity.proc.get(), path, map, static_cast<std::size_t>(size)));
    std::snprintf(path, sizeof path, "%d/uid_map", pid);
    size = std::snprintf(map, sizeof map, "%u %u 1", kInnerId, identity.uid);
    return write_proc(identity.proc.get(), path, map, static_cast<std::size_t>(size));
}

}  // namespace assay::sandbox
