#include "bench/peers.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/fd.h"
#include "bench/measure.h"

namespace assay::bench {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

Peer bubblewrap(const std::string& program, const std::string& noop) {
    return {kBubblewrap,
            {program,         "--unshare-user", "--unshare-pid", "--unshare-ipc",
             "--unshare-uts", "--unshare-net",  "--uid",         "1000",
             "--gid",         "1000",           "--ro-bind",     "/usr",
             "/usr",          "--symlink",      "usr/bin",       "/bin",
             "--symlink",     "usr/lib",        "/lib",          "--symlink",
             "usr/lib64",     "/lib64",         "--proc",        "/proc",
             "--dev",         "/dev",           "--tmpfs",       "/tmp",
             "--tmpfs",       "/app",           "--ro-bind",     noop,
             "/noop",         "--chdir",        "/app",          "/noop"},
            {}};
}

Peer nsjail(const std::string& program, const std::string& noop) {
    return {"nsjail, the same namespaces",
            {program, "-Mo", "-Q", "--user", "1000", "--group", "1000", "-R", "/usr", "-R", noop + ":/noop", "-T",
             "/tmp", "-T", "/app", "--cwd", "/app", "--", "/noop"},
            {}};
}

// An OCI bundle: its folder holds config.json and the root. See the OCI runtime specification, config-linux.md.
json bundle_config(const std::string& noop) {
    json config = {{"ociVersion", "1.0.2"},
                   {"process",
                    {{"user", {{"uid", 1000}, {"gid", 1000}}},
                     {"args", {"/noop"}},
                     {"env", {"PATH=/usr/bin"}},
                     {"cwd", "/app"},
                     {"noNewPrivileges", true}}},
                   {"root", {{"path", "rootfs"}, {"readonly", true}}},
                   {"hostname", "sandbox"}};
    auto mount = [](const char* target, const char* type, const std::string& source, json options) {
        return json{{"destination", target}, {"type", type}, {"source", source}, {"options", std::move(options)}};
    };
    config["mounts"] = {mount("/proc", "proc", "proc", {"nosuid", "noexec", "nodev"}),
                        mount("/dev", "tmpfs", "tmpfs", {"nosuid", "mode=755"}),
                        mount("/usr", "bind", "/usr", {"rbind", "ro"}),
                        mount("/noop", "bind", noop, {"bind", "ro"}),
                        mount("/tmp", "tmpfs", "tmpfs", {"nosuid", "nodev"}),
                        mount("/app", "tmpfs", "tmpfs", {"nosuid", "nodev"})};
    json& os = config["linux"] = {{"namespaces",
                                   {{{"type", "user"}},
                                    {{"type", "pid"}},
                                    {{"type", "mount"}},
                                    {{"type", "ipc"}},
                                    {{"type", "uts"}},
                                    {{"type", "network"}}}}};
    // As root 1000 inside is an ordinary id outside; an ordinary user has one id to give.
    const bool root = ::geteuid() == 0;
    const unsigned inside = root ? 0 : 1000;
    os["uidMappings"] = {
        {{"containerID", inside}, {"hostID", root ? 100000 : ::geteuid()}, {"size", root ? 65536 : 1}}};
    os["gidMappings"] = {
        {{"containerID", inside}, {"hostID", root ? 100000 : ::getegid()}, {"size", root ? 65536 : 1}}};
    return config;
}

Result<Peer> bundle(const std::string& name, const std::string& program, const std::string& noop) {
    char path[] = "/tmp/assay-bundle-XXXXXX";
    if (::mkdtemp(path) == nullptr) return fail_errno(errno, "make bundle", path);
    std::shared_ptr<void> folder(new std::string(path), [](std::string* made) {
        std::error_code ignored;  // what is left of a temporary folder is the system's to clean up
        fs::remove_all(*made, ignored);
        delete made;
    });
    ::chmod(path, 0755);
    const std::string root = path;
    for (const char* inside :
         {"/rootfs", "/rootfs/proc", "/rootfs/usr", "/rootfs/tmp", "/rootfs/app", "/rootfs/dev", "/state"})
        if (::mkdir((root + inside).c_str(), 0755) != 0) return fail_errno(errno, "make bundle", inside);
    ASSAY_CHECK(replace_file(root + "/rootfs/noop", ""));
    ASSAY_CHECK(replace_file(root + "/config.json", bundle_config(noop).dump()));
    return Peer{
        name + ", the same namespaces",
        {program, "--root", root + "/state", "run", "--bundle", root, "assay-bench-" + std::to_string(::getpid())},
        std::move(folder)};
}

}  // namespace

Result<std::vector<Peer>> installed_peers(const std::string& program_to_run) {
    const std::string noop = fs::absolute(program_to_run).string();
    std::vector<Peer> peers;
    if (std::string program = installed_program("bwrap"); !program.empty()) peers.push_back(bubblewrap(program, noop));
    if (std::string program = installed_program("nsjail"); !program.empty()) peers.push_back(nsjail(program, noop));
    for (const char* name : {"crun", "runc"}) {
        const std::string program = installed_program(name);
        if (program.empty()) continue;
        ASSAY_TRY(Peer peer, bundle(name, program, noop));
        peers.push_back(std::move(peer));
    }
    return peers;
}

}  // namespace assay::bench
