#include "images/warm_template.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "base/fd.h"
#include "images/mounts.h"
#include "images/preparation.h"
#include "images/tree.h"
#include "images/warm/snapshot.h"
#include "images/warm_programs.h"
#include "sandbox/exit_text.h"

namespace assay::images {
namespace {

constexpr std::chrono::seconds kCpuTime{60};
constexpr std::chrono::seconds kWallTime{300};
constexpr int kRefused = 3;  // exit status of template.cc
constexpr const char* kRefusedMark = "none: ";
constexpr const char* kLibrary = "template.so";
constexpr const char* kSnapshot = "python.snapshot";

// Every path by which the image's programs execute the interpreter without a virtual environment.
std::vector<std::string> interpreter_names(const Recipe& recipe) {
    const std::string& path = recipe.warm->interpreter;
    std::vector<std::string> names{path, interpreter_file(recipe)};
    for (const RootEntry& entry : recipe.root)
        if (entry.kind == RootEntry::Kind::symlink && entry.content == path) names.push_back(entry.path);
    return names;
}

sandbox::Spec make_spec(const WarmOrder& order) {
    sandbox::Spec spec;
    spec.label = order.recipe.name;
    spec.argv = {order.recipe.warm->interpreter};
    spec.env = order.recipe.env;
    const std::string mount = kPreparationMount;
    spec.env.emplace_back("LD_PRELOAD", fmt::format("{}/{}", warm::kWarmDir, kLibrary));
    spec.env.emplace_back("ASSAY_WARM_OUT", fmt::format("{}/{}", warm::kWarmDir, kSnapshot));
    spec.env.emplace_back("ASSAY_WARM_MODULES", fmt::format("{}", fmt::join(order.recipe.warm->modules, " ")));
    spec.env.emplace_back("ASSAY_WARM_NAMES", fmt::format("{}", fmt::join(interpreter_names(order.recipe), " ")));
    spec.binds.push_back({mount + "/tree", warm::kWarmDir, true});
    spec.limits.memory = Bytes{2ull << 30};
    spec.limits.processes = 64;
    spec.limits.disk = Bytes{64u << 20};
    spec.limits.file_size = Bytes{1ull << 30};
    spec.limits.cpu_time = kCpuTime;
    spec.limits.wall_time = kWallTime;
    spec.net = sandbox::Net::fresh;
    spec.sockets = 0;
    spec.outlive_main = false;
    apply_layer(order.layer, spec);
    return spec;
}

Result<sandbox::Exit> run(const WarmOrder& order, std::string& log) {
    ASSAY_TRY(sandbox::RootPlan root, server_root_plan(order.recipe, order.layers_dir));
    root.image = order.recipe.name + " (warm template)";
    Preparation preparation{std::move(root), make_spec(order), order.directory, order.launcher, order.stop, {}};
    preparation.files.emplace_back(kLibrary, std::string(warm_library()));
    return run_preparation(std::move(preparation), log);
}

LayerFailure failure_of(const WarmOrder& order, const Result<sandbox::Exit>& exit, const std::string& log) {
    return preparation_failure(
        {"making the warm template", order.recipe.name, order.directory + "/build.log", order.stop.stop_requested()},
        exit, log);
}

// The kernel maps a file at less cost where it holds it in large pieces, as those are that it has read ahead; what was
// written it holds page by page. So the file is forgotten, and read from its beginning: 4 % of a warm start (ext4,
// Linux 6.18; file systems without large pieces are none the worse). Only a matter of time: what fails is passed over.
void hold_in_large_pieces(const std::string& path) {
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file || ::fdatasync(file.get()) != 0) return;
    ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED);
    ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
    std::string piece(1u << 20, '\0');
    while (::read(file.get(), piece.data(), piece.size()) > 0) continue;
}

// Packages' own code could write into tree/: what it left there is taken by rename, which follows no link, into a
// folder that is ours alone, and only as a plain file. With a `refused` one nothing is taken.
Result<void> publish(const WarmOrder& order, bool refused) {
    const std::string tree = order.directory + "/tree";
    const std::string clean = order.directory + "/clean";
    if (::mkdir(clean.c_str(), 0755) != 0) return fail_errno(errno, "make warm template", clean);
    if (!refused) {
        const std::string snapshot = clean + "/" + kSnapshot;
        struct stat info {};
        if (::rename((tree + "/" + kSnapshot).c_str(), snapshot.c_str()) != 0 || ::lstat(snapshot.c_str(), &info) != 0)
            return fail_errno(errno, "make warm template", snapshot);
        if (!S_ISREG(info.st_mode) || info.st_nlink != 1) return fail("make warm template", "the snapshot is no file");
        if (::lchown(snapshot.c_str(), ::geteuid(), ::getegid()) != 0 || ::chmod(snapshot.c_str(), 0444) != 0)
            return fail_errno(errno, "make warm template", snapshot);
        hold_in_large_pieces(snapshot);
        ASSAY_CHECK(write_file_at(AT_FDCWD, clean + "/" + warm::kRestorerName, warm_restorer(), 0555));
    }
    ASSAY_CHECK(remove_tree(tree));
    if (::rename(clean.c_str(), tree.c_str()) != 0) return fail_errno(errno, "make warm template", tree);
    return {};
}

std::string processor() {
    const std::string all = read_file("/proc/cpuinfo", 1u << 20).value_or("");
    return all.substr(0, all.find("\n\n"));
}

// Without what changes from moment to moment.
std::string processor_kind() {
    std::string kind;
    const std::string all = processor();
    for (std::size_t at = 0; at < all.size();) {
        const auto end = std::min(all.find('\n', at), all.size());
        const std::string_view line(all.data() + at, end - at);
        for (const char* key : {"vendor_id", "cpu family", "model", "stepping", "flags"})
            if (line.starts_with(key)) kind.append(line).append("\n");
        at = end + 1;
    }
    return kind;
}

}  // namespace

std::string no_warm_templates(const Recipe& recipe) {
    if (!recipe.warm) return "image '" + recipe.name + "' has none";
    if (warm_library().empty()) return "there are none for this machine's architecture";
    return {};
}

tl::expected<std::string, LayerFailure> make_warm_template(const WarmOrder& order) {
    std::string log;
    const auto exit = run(order, log);
    (void)write_file_at(AT_FDCWD, order.directory + "/build.log", log);  // a full disk shows elsewhere
    const bool ended = exit && !order.stop.stop_requested();
    const bool made = ended && exit->how == sandbox::Exit::How::exited && exit->code == 0;
    if (!ended || log.find("No space left") != std::string::npos) return tl::unexpected(failure_of(order, exit, log));
    std::string refused;
    // What is printed while modules are imported would be printed once, and not by each server.
    if (!made || !log.empty()) {
        const auto lines = last_lines_of(log);
        refused = lines.empty() ? "its preparation " + sandbox::describe(*exit) : lines.back();
        if (exit->how != sandbox::Exit::How::exited || (exit->code != kRefused && exit->code != 0))
            refused = "its preparation " + sandbox::describe(*exit) + (lines.empty() ? "" : ": " + lines.back());
    }
    if (auto published = publish(order, !refused.empty()); !published)
        return tl::unexpected(failure_of(order, tl::unexpected(published.error()), log));
    return refused;
}

std::string warm_key(const Recipe& recipe, const Layer& layer) {
    utsname machine{};
    ::uname(&machine);
    std::string all =
        fmt::format("assay warm template\n{}\n{}\n{}\n{}\n{}\n{}\n", layer.info().key, sha256(warm_library()),
                    sha256(warm_restorer()), machine.release, machine.version, sha256(processor_kind()));
    for (const auto& [name, value] : recipe.env) all += fmt::format("{}={}\n", name, value);
    for (const std::string& name : interpreter_names(recipe)) all += name + "\n";
    all += fmt::format("{}\n", fmt::join(recipe.warm->modules, " "));
    return sha256(all);
}

std::string warm_refusal(const LayerInfo& info) {
    for (const std::string& line : info.contents)
        if (line.starts_with(kRefusedMark)) return line.substr(std::string_view(kRefusedMark).size());
    return {};
}

LayerInfo warm_info(const Recipe& recipe, const Layer& layer, const std::string& refusal) {
    LayerInfo info;
    info.image = recipe.name;
    info.kind = kWarmKind;
    info.contents = {"warm template of " + layer.info().key.substr(0, 12)};
    if (!refusal.empty()) info.contents.push_back(kRefusedMark + refusal);
    return info;
}

}  // namespace assay::images
