#include "tools/assay/environment.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace assay::tools {

namespace fs = std::filesystem;

namespace {

std::string variable(const char* name) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): read before threads exist
    return value == nullptr ? "" : value;
}

std::string xdg(const char* name, const char* below_home) {
    std::string folder = variable(name);
    if (folder.empty() || folder.front() != '/') {
        const std::string home = variable("HOME");
        folder = (home.empty() ? std::string("/tmp") : home) + "/" + below_home;
    }
    return folder + "/assay";
}

}  // namespace

std::string find_config() {
    std::error_code error;
    for (fs::path folder = fs::current_path(error); !error; folder = folder.parent_path()) {
        if (fs::is_regular_file(folder / "assay.toml", error)) return (folder / "assay.toml").string();
        if (folder == folder.root_path()) break;
    }
    const std::string own = xdg("XDG_CONFIG_HOME", ".config") + "/assay.toml";
    return fs::is_regular_file(own, error) ? own : "";
}

std::string cache_folder() { return xdg("XDG_CACHE_HOME", ".cache"); }
std::string state_folder() { return xdg("XDG_STATE_HOME", ".local/state"); }

std::string default_socket() {
    const std::string folder = variable("XDG_RUNTIME_DIR");
    return (folder.empty() || folder.front() != '/' ? state_folder() : folder + "/assay") + "/serve.sock";
}

std::string given_token() { return variable("ASSAY_TOKEN"); }

Result<std::string> launcher_program() {
    if (std::string named = variable("ASSAY_LAUNCHER"); !named.empty()) return named;
    std::error_code error;
    const fs::path self = fs::read_symlink("/proc/self/exe", error);
    if (error) return fail_errno(error.value(), "find assay-launcher", "/proc/self/exe");
    const fs::path beside = self.parent_path() / "assay-launcher";
    if (::access(beside.c_str(), X_OK) != 0)
        return fail_errno(errno, "find assay-launcher", beside.string(), "build it, or name it in ASSAY_LAUNCHER");
    return beside.string();
}

std::map<std::string, std::string> environment() {
    std::map<std::string, std::string> all;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string text = *entry;
        if (auto at = text.find('='); at != std::string::npos) all.emplace(text.substr(0, at), text.substr(at + 1));
    }
    all.erase("ASSAY_TOKEN");  // nobody's affair but the server's
    return all;
}

}  // namespace assay::tools
