#include "images/repositories.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "base/fd.h"
#include "base/tree.h"
#include "images/command.h"

namespace assay::images {
namespace {

namespace fs = std::filesystem;

constexpr const char* kStep = "check out repository";

bool is_address(const std::string& url) {
    // "scheme://host/path", or git's short form "user@host:path".
    if (url.find("://") != std::string::npos) return !url.starts_with("file://");
    const auto colon = url.find(':');
    return colon != std::string::npos && url.find('/') > colon;
}

Result<Fd> lock(const std::string& path) {
    std::error_code failed;
    fs::create_directories(path, failed);
    if (failed) return fail_errno(failed.value(), kStep, path);
    Fd file(::open((path + "/.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
    if (!file) return fail_errno(errno, kStep, path + "/.lock");
    while (::flock(file.get(), LOCK_EX) != 0)
        if (errno != EINTR) return fail_errno(errno, kStep, path + "/.lock");
    return file;
}

bool is_hash(std::string_view text) {
    return text.size() >= 40 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

std::vector<std::string> mirror_names(const std::string& url) {
    if (!is_address(url)) return {};
    std::string rest = url;
    if (const auto scheme = rest.find("://"); scheme != std::string::npos) rest.erase(0, scheme + 3);
    if (const auto user = rest.find('@'); user < rest.find('/')) rest.erase(0, user + 1);
    if (const auto colon = rest.find(':'); colon < rest.find('/')) {
        // A port goes, the short form's colon stands for a slash.
        const auto end = std::min(rest.find('/', colon), rest.size());
        const auto word = std::string_view(rest).substr(colon + 1, end - colon - 1);
        if (!word.empty() && word.find_first_not_of("0123456789") == std::string_view::npos)
            rest.erase(colon, end - colon);
        else
            rest[colon] = '/';
    }
    while (rest.ends_with('/')) rest.pop_back();
    if (rest.ends_with(".git")) rest.resize(rest.size() - 4);
    if (rest.empty() || rest.find("..") != std::string::npos) return {};
    std::vector<std::string> names;
    for (std::string_view part = rest;;) {
        names.emplace_back(std::string(part) + ".git");
        names.emplace_back(part);
        const auto slash = part.find('/');
        if (slash == std::string_view::npos) break;
        part.remove_prefix(slash + 1);
    }
    return names;
}

Result<std::string> Repositories::git(std::vector<std::string> arguments, const std::string& index) const {
    if (::access(options_.git.c_str(), X_OK) != 0)
        return fail_errno(errno, kStep, options_.git, "install Debian's package git");
    // The operator's own settings stay out: the same commit gives the same files for everybody. The folder may belong
    // to somebody else, which git would refuse.
    std::vector<std::string> argv{options_.git, "-c", "safe.directory=*", "-c", "core.hooksPath=/dev/null"};
    argv.insert(argv.end(), std::make_move_iterator(arguments.begin()), std::make_move_iterator(arguments.end()));
    std::map<std::string, std::string> env{{"PATH", "/usr/bin:/bin"},    {"HOME", "/nonexistent"},
                                           {"GIT_CONFIG_NOSYSTEM", "1"}, {"GIT_CONFIG_GLOBAL", "/dev/null"},
                                           {"GIT_TERMINAL_PROMPT", "0"}, {"GIT_NO_LAZY_FETCH", "1"},
                                           {"LC_ALL", "C.UTF-8"}};
    if (!index.empty()) env["GIT_INDEX_FILE"] = index;
    return ask_host(argv, env, options_.timeout);
}

Result<std::string> Repositories::find(const std::string& url, const std::string& beside) const {
    std::error_code ignored;
    const auto names = mirror_names(url);
    if (names.empty()) {
        const std::string folder = url.starts_with("file://") ? url.substr(7) : url;
        const auto path = (fs::path(beside) / folder).lexically_normal();
        if (fs::is_directory(path, ignored)) return path.string();
        return fail(kStep, path.string() + ": no such folder",
                    "\"repoUrl\" is an address, or a folder relative to the task file");
    }
    for (const auto& name : names)
        if (!options_.mirrors.empty() && fs::is_directory(fs::path(options_.mirrors) / name, ignored))
            return (fs::path(options_.mirrors) / name).string();
    const std::string where = options_.mirrors.empty() ? "DIR" : options_.mirrors;
    return fail(kStep, fmt::format("there is no mirror of {}", url),
                fmt::format("nothing is fetched during an evaluation: git clone --mirror {} {}/{}{}", url, where,
                            names.front(), options_.mirrors.empty() ? ", and give --repositories DIR" : ""));
}

Result<std::string> Repositories::tree_of(const std::string& url, const std::string& commit,
                                          const std::string& beside) const {
    ASSAY_TRY(const std::string repository, find(url, beside));
    auto answered = git({"-C", repository, "rev-parse", "--verify", "--end-of-options", commit + "^{commit}"});
    if (!answered) {
        if (answered.error().step == kStep) return answered;
        return fail(kStep, fmt::format("{} has no commit {}: {}", repository, commit, answered.error().detail),
                    "update the mirror: git -C " + repository + " remote update");
    }
    std::string hash = answered->substr(0, answered->find('\n'));
    if (!is_hash(hash)) return fail(kStep, fmt::format("{}: git names {} \"{}\"", repository, commit, hash));
    std::error_code ignored;
    std::string tree = options_.path + "/" + hash;
    if (fs::is_directory(tree, ignored)) return tree;
    ASSAY_CHECK(make(repository, hash));
    return tree;
}

Result<void> Repositories::make(const std::string& repository, const std::string& hash) const {
    ASSAY_TRY(const Fd held, lock(options_.path));
    std::error_code ignored;
    if (fs::is_directory(options_.path + "/" + hash, ignored)) return {};  // made while we waited
    const std::string making = options_.path + "/.making";
    ASSAY_CHECK(remove_tree_at(AT_FDCWD, making));  // of a process that ended in the middle
    if (::mkdir(making.c_str(), 0755) != 0) return fail_errno(errno, kStep, making);
    const std::string tree = making + "/tree";
    if (::mkdir(tree.c_str(), 0755) != 0) return fail_errno(errno, kStep, tree);
    const auto in_git = [&](std::vector<std::string> arguments) -> Result<void> {
        arguments.insert(arguments.begin(), {"-C", repository, "--work-tree=" + tree});
        auto done = git(std::move(arguments), making + "/index");
        if (done) return {};
        Error error = std::move(done.error());
        return fail(kStep, fmt::format("{} of {}: {}", hash, repository, error.detail),
                    "look whether the disk is full and the mirror complete: git -C " + repository + " fsck");
    };
    ASSAY_CHECK(in_git({"read-tree", hash}));
    ASSAY_CHECK(in_git({"checkout-index", "--all"}));
    {
        const Fd folder(::open(tree.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!folder || ::syncfs(folder.get()) != 0) return fail_errno(errno, kStep, tree);
    }
    if (::rename(tree.c_str(), (options_.path + "/" + hash).c_str()) != 0)
        return fail_errno(errno, kStep, options_.path + "/" + hash);
    return remove_tree_at(AT_FDCWD, making);
}

}  // namespace assay::images
