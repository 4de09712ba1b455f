#include "images/probe.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "base/fd.h"
#include "images/command.h"

namespace assay::images {
namespace {

using Json = nlohmann::json;

// What changes when the package manager replaces the file.
Result<std::string> identity(const std::string& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return fail_errno(errno, "probe version", path);
    return fmt::format("{}:{}:{}:{}.{}", info.st_dev, info.st_ino, info.st_size, info.st_mtim.tv_sec,
                       info.st_mtim.tv_nsec);
}

}  // namespace

Result<std::map<std::string, std::string>> probe_versions(const Recipe& recipe, const std::string& cache_file,
                                                          const std::map<std::string, std::string>& env) {
    Json cache = Json::object();
    if (auto text = read_file(cache_file, 1u << 20)) {
        cache = Json::parse(*text, nullptr, false);
        if (!cache.is_object()) cache = Json::object();  // only a cache
    }
    bool changed = false;
    std::map<std::string, std::string> versions;
    for (const Probe& probe : recipe.probes) {
        const std::string stamp = probe.stamp.empty() ? probe.command.front() : probe.stamp;
        ASSAY_TRY(const std::string now, identity(stamp));
        const std::string name = fmt::format("{}/{} {}", recipe.name, probe.name, stamp);
        const Json known = cache.value(name, Json::object());
        if (known.is_object() && known.value("identity", "") == now && known.contains("version")) {
            versions[probe.name] = known.value("version", "");
            continue;
        }
        ASSAY_TRY(std::string version, ask_host(probe.command, env, Millis(30'000)));
        while (!version.empty() && version.back() == '\n') version.pop_back();
        cache[name] = {{"identity", now}, {"version", version}};
        versions[probe.name] = std::move(version);
        changed = true;
    }
    if (changed) (void)replace_file(cache_file, cache.dump(2) + "\n");  // a cache that cannot be written is none
    return versions;
}

std::string host_machine() {
    utsname machine{};
    ::uname(&machine);
    return machine.machine;
}

}  // namespace assay::images
