#include "sandbox/host_root.h"

#include <sys/stat.h>
#include <unistd.h>
#include <climits>

#include <string>

#include "base/fd.h"

namespace assay::sandbox {
namespace {

using Kind = RootStep::Kind;

constexpr std::uint64_t kLargestCopy = 1 << 20;

RootStep bind(std::string path) {
    RootStep step{};
    step.kind = Kind::bind_ro;
    step.source = path;
    step.target = std::move(path);
    step.optional = true;
    return step;
}

RootStep file(std::string target, std::string content) {
    RootStep step{};
    step.kind = Kind::file;
    step.target = std::move(target);
    step.content = std::move(content);
    return step;
}

RootStep plain(Kind kind, std::string target, std::string content = {}) {
    RootStep step{};
    step.kind = kind;
    step.target = std::move(target);
    step.content = std::move(content);
    return step;
}

void add_top_folder(RootPlan& plan, const std::string& path) {
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0) return;
    if (!S_ISLNK(info.st_mode)) {
        plan.steps.push_back(bind(path));
        return;
    }
    char target[PATH_MAX];
    ssize_t size = ::readlink(path.c_str(), target, sizeof target);
    if (size > 0) plan.steps.push_back(plain(Kind::symlink, path, std::string(target, static_cast<std::size_t>(size))));
}

}  // namespace

RootPlan host_root() {
    RootPlan plan;
    plan.image = "host";
    for (const char* path : {"/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32", "/libx32"})
        add_top_folder(plan, path);
    // What the host's administrator installed is not part of the image; dependency layers are mounted here.
    plan.steps.push_back(plain(Kind::tmpfs, "/usr/local"));

    plan.steps.push_back(file("/etc/passwd",
                              "root:x:0:0:root:/:/usr/sbin/nologin\n"
                              "user:x:1000:1000:user:/home/user:/bin/sh\n"
                              "nobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n"));
    plan.steps.push_back(file("/etc/group", "root:x:0:\nuser:x:1000:\nnogroup:x:65534:\n"));
    plan.steps.push_back(file(
        "/etc/hosts", std::string("127.0.0.1 localhost\n::1 localhost\n") + kServiceAddress + " conduit postgres\n"));
    plan.steps.push_back(file("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\nservices: files\n"));
    plan.steps.push_back(file("/etc/resolv.conf", "# no name server: the sandbox has lo only\n"));
    plan.steps.push_back(file("/etc/hostname", "sandbox\n"));
    plan.steps.push_back(plain(Kind::symlink, "/etc/localtime", "/usr/share/zoneinfo/UTC"));
    plan.steps.push_back(file("/etc/timezone", "UTC\n"));
    // Folders are binds, and a bind costs every launch a little; files are copied into the root's own tmpfs.
    for (const char* path : {"/etc/ssl/certs", "/etc/alternatives"}) plan.steps.push_back(bind(path));
    for (const char* path : {"/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/mime.types", "/etc/services",
                             "/etc/protocols", "/etc/debian_version", "/etc/os-release", "/etc/ssl/openssl.cnf"})
        if (auto content = read_file(path, kLargestCopy)) plan.steps.push_back(file(path, std::move(*content)));
    for (const char* path : {"/app", "/home/user", "/tmp", "/proc", "/run", "/var/tmp"})
        plan.steps.push_back(plain(Kind::directory, path));
    return plan;
}

}  // namespace assay::sandbox
