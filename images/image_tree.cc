#include "images/image_tree.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/fd.h"
#include "base/tree.h"
#include "images/tree.h"

namespace assay::images {
namespace {

using Json = nlohmann::json;
using Step = sandbox::RootStep;

constexpr const char* kStep = "fit image";
constexpr std::size_t kTopLimit = 64;  // entries of an image's /: each may cost every launch a mount

// Directories of / that sandboxes have of their own, whatever the image brings there.
bool is_ours(std::string_view top) {
    static constexpr std::string_view kOurs[] = {"app", "dev", "home", "proc", "run", "sys", "tmp", ".assay"};
    return std::find(std::begin(kOurs), std::end(kOurs), top) != std::end(kOurs);
}

std::string top_of(const std::string& path) {  // of an absolute one
    return path.substr(1, path.find('/', 1) - 1);
}

// Opens the folder of `path` (absolute) in the tree, making real directories of whatever is on the way.
Result<Fd> open_way(const std::string& tree, const std::string& path) {
    Fd here(::open(tree.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    for (std::size_t begin = 1, end = path.find('/', 1); here && end != std::string::npos;
         begin = end + 1, end = path.find('/', begin)) {
        const std::string name = path.substr(begin, end - begin);
        struct stat info {};
        if (::fstatat(here.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(info.st_mode) &&
            ::unlinkat(here.get(), name.c_str(), 0) != 0)
            return fail_errno(errno, kStep, path);
        if (::mkdirat(here.get(), name.c_str(), 0755) != 0 && errno != EEXIST) return fail_errno(errno, kStep, path);
        here = Fd(::openat(here.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    }
    if (!here) return fail_errno(errno, kStep, path);
    return here;
}

bool belongs(const RootEntry& entry) {
    using Kind = RootEntry::Kind;
    return !is_ours(top_of(entry.path)) &&
           (entry.kind == Kind::directory || entry.kind == Kind::file || entry.kind == Kind::symlink);
}

// What every tree gets: the house's entries, and where dependency layers are mounted.
std::vector<RootEntry> entries_for(const Recipe& house) {
    std::vector<RootEntry> entries;
    std::copy_if(house.root.begin(), house.root.end(), std::back_inserter(entries), belongs);
    for (const char* path : {kUserBase, "/usr/local"}) entries.push_back({RootEntry::Kind::directory, path, {}, false});
    return entries;
}

Result<void> put(const std::string& tree, const RootEntry& entry) {
    ASSAY_TRY(const Fd folder, open_way(tree, entry.path));
    const std::string name = entry.path.substr(entry.path.rfind('/') + 1);
    struct stat info {};
    const bool there = ::fstatat(folder.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0;
    if (there && entry.kind == RootEntry::Kind::directory && S_ISDIR(info.st_mode)) return {};
    if (there) ASSAY_CHECK(remove_tree_at(folder.get(), name));
    switch (entry.kind) {
        case RootEntry::Kind::directory:
            if (::mkdirat(folder.get(), name.c_str(), 0755) != 0) return fail_errno(errno, kStep, entry.path);
            return {};
        case RootEntry::Kind::symlink:
            if (::symlinkat(entry.content.c_str(), folder.get(), name.c_str()) != 0)
                return fail_errno(errno, kStep, entry.path);
            return {};
        default: return write_file_at(folder.get(), name, entry.content);
    }
}

Step plain(Step::Kind kind, std::string target, std::string content = {}) {
    Step step{};
    step.kind = kind;
    step.target = std::move(target);
    step.content = std::move(content);
    return step;
}

}  // namespace

Result<void> fit_tree(const std::string& tree, const Recipe& house) {
    for (const RootEntry& entry : entries_for(house)) ASSAY_CHECK(put(tree, entry));
    return {};
}

std::string fitting(const Recipe& house) {
    std::string all;
    for (const RootEntry& entry : entries_for(house))
        all += fmt::format("{} {} {}\n", static_cast<int>(entry.kind), entry.path, entry.content);
    return sha256(all);
}

Result<sandbox::RootPlan> tree_root_plan(const std::string& image, const std::string& tree) {
    sandbox::RootPlan plan;
    plan.image = image;
    const std::string assemble = "assemble image '" + image + "'";
    const Fd root(::open(tree.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!root) return fail_errno(errno, assemble, tree);
    for (const std::string& name : list_beneath(tree, ".")) {
        if (is_ours(name)) continue;
        struct stat info {};
        if (::fstatat(root.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0)
            return fail_errno(errno, assemble, name);
        if (plan.steps.size() >= kTopLimit)
            return fail(assemble, fmt::format("its / has more than {} entries", kTopLimit));
        std::string target = "/" + name;
        if (S_ISLNK(info.st_mode)) {
            char leads[PATH_MAX];
            const ssize_t length = ::readlinkat(root.get(), name.c_str(), leads, sizeof leads);
            if (length < 0) return fail_errno(errno, assemble, name);
            plan.steps.push_back(
                plain(Step::Kind::symlink, std::move(target), std::string(leads, static_cast<std::size_t>(length))));
        } else if (S_ISDIR(info.st_mode) && list_beneath(tree, name).empty()) {
            plan.steps.push_back(plain(Step::Kind::directory, std::move(target)));
        } else {
            Step bind = plain(Step::Kind::bind_ro, std::move(target));
            bind.source = tree + bind.target;
            plan.steps.push_back(std::move(bind));
        }
    }
    for (const char* path : {"/app", "/home/user", "/run"}) plan.steps.push_back(plain(Step::Kind::directory, path));
    return plan;
}

bool tree_has(const std::string& tree, const std::string& path) {
    const Fd root(::open(tree.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    open_how how{};
    how.flags = O_PATH | O_CLOEXEC;
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
    const Fd file(static_cast<int>(::syscall(SYS_openat2, root.get(), path.c_str(), &how, sizeof how)));
    return static_cast<bool>(file);
}

std::string tree_program(const std::string& tree, const std::string& path_variable, const std::string& name) {
    for (std::size_t at = 0; at <= path_variable.size();) {
        const std::size_t end = std::min(path_variable.find(':', at), path_variable.size());
        std::string program = path_variable.substr(at, end - at) + "/" + name;
        if (program.front() == '/' && tree_has(tree, program)) return program;
        at = end + 1;
    }
    return {};
}

Result<void> write_about(const std::string& layer, const ImageAbout& about) {
    const Json json{{"origin", about.origin},           {"digest", about.digest}, {"fitting", about.fitting},
                    {"working_dir", about.working_dir}, {"user", about.user},     {"env", about.env}};
    return write_file_at(AT_FDCWD, layer + "/image.json",
                         json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

Result<ImageAbout> read_about(const std::string& layer) {
    ASSAY_TRY(const std::string text, read_file(layer + "/image.json", 16u << 20));
    try {
        const Json json = Json::parse(text);
        ImageAbout about;
        about.origin = json.at("origin");
        about.digest = json.at("digest");
        about.fitting = json.at("fitting");
        about.working_dir = json.at("working_dir");
        about.user = json.at("user");
        about.env = json.at("env").get<std::vector<std::pair<std::string, std::string>>>();
        return about;
    } catch (const Json::exception& error) {
        return fail("read image", layer + ": " + error.what(), "import it again");
    }
}

}  // namespace assay::images
