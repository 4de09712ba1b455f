// Theory of operation.
//
// A build has a launcher of its own: its root is the image's, with the build's directory inside, writable. One or two
// steps run in it, each in a fresh sandbox with a fresh network namespace that has a loopback interface alone:
//
//   1. trusted: pip with wheels only, npm without install scripts. No code of any package runs, so what the installer
//      reports can be believed: that a package does not exist, or that the registry did not answer.
//   2. untrusted, only when needed: pip building from source, npm with install scripts.
//
// Install scripts mostly compile (an SQLite driver takes minutes of CPU), and what they make depends on their own
// package alone. So a package with scripts is taken from a layer of that package only, which is built once for all
// manifests that name the version; nobody's other packages run beside it. Where that cannot be (optional packages,
// scripts that write elsewhere), step 2 runs in the build itself.
//
// The installer starts behind a gate (a shell that waits for a line on stdin), which opens when the proxy listens in
// its network namespace. The thread that calls build_layer() waits for the launcher, copies output into the log and
// looks every second at what is written on disk. Nothing downloaded is kept for other builds: a cache that packages'
// own code can write to would carry code from one submission's build into another's.
//
// Ends: the sandbox by its wall time, by us (stop, disk), or with the launcher, which ends with this object.

#include "images/builder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>

#include "base/fd.h"
#include "images/build_log.h"
#include "images/diagnose.h"
#include "images/image_tree.h"
#include "images/layer_contents.h"
#include "images/node_tree.h"
#include "images/proxy.h"
#include "images/tree.h"

namespace assay::images {
namespace {

namespace fs = std::filesystem;
using Reason = LayerFailure::Reason;
using Step = sandbox::RootStep;
using Words = std::vector<std::string>;

constexpr const char* kBuildMount = "/.assay/building";  // the build's directory, hidden from what runs there
constexpr std::size_t kReportLimit = 8u << 20;           // npm's JSON
constexpr std::uint64_t kPipLogLimit = 64u << 20;        // pip's log, npm's list
// pip, but headers that wheels bring (greenlet's do) go below /usr/local, where the layer is: Debian's scheme alone has
// them in /usr/include. No option of pip moves them without moving the packages, too.
constexpr const char* kRunPip =
    "import runpy, sysconfig; "
    "[scheme.update(include='/usr/local/include/python{py_version_short}') for scheme in "
    "sysconfig._INSTALL_SCHEMES.values()]; "
    "runpy.run_module('pip', run_name='__main__', alter_sys=True)";

LayerFailure fault(Reason reason, const Error& error) {
    LayerFailure failure;
    failure.reason = error.code == ENOSPC || error.code == EDQUOT ? Reason::disk_full : reason;
    failure.remedy = error.remedy;
    Error short_error = error;
    short_error.remedy.clear();
    failure.what = short_error.to_string();
    return failure;
}

class Build {
 public:
    explicit Build(const BuildOrder& order)
        : order_(order),
          log_(order.directory + "/build.log"),
          deadline_(Clock::now() + order.limits.wall_time),
          python_(is_python(order.content.kind)) {}

    tl::expected<std::vector<std::string>, LayerFailure> run() {
        if (auto ready = prepare(); !ready) return tl::unexpected(std::move(ready).error());
        auto failed = python_ ? install_python() : install_node();
        launcher_.reset();  // every process of the build is gone before its files are touched
        clean_up();
        if (failed) return tl::unexpected(std::move(*failed));
        return layer_contents(tree(), python_);
    }

 private:
    [[nodiscard]] std::string tree() const { return order_.directory + "/tree"; }
    [[nodiscard]] std::string scratch() const { return order_.directory + "/tmp"; }

    // Directories, manifests, launcher.
    tl::expected<void, LayerFailure> prepare() {
        auto plan = make_plan();
        if (!plan) return tl::unexpected(fault(Reason::internal, plan.error()));
        for (const std::string& path : {tree(), scratch()})
            if (::mkdir(path.c_str(), 0755) != 0)
                return tl::unexpected(fault(Reason::internal, Error{"make layer", errno, path, {}}));
        auto launcher = sandbox::Launcher::start(*plan, order_.launcher);
        if (!launcher) return tl::unexpected(fault(Reason::sandbox_failed, launcher.error()));
        launcher_.emplace(std::move(*launcher));
        if (!python_)
            for (const auto& [name, bytes] : order_.content.files)
                if (auto written = write_file_at(AT_FDCWD, tree() + "/" + name, bytes); !written)
                    return tl::unexpected(fault(Reason::internal, written.error()));
        return give_to_sandbox();
    }

    // As root, the sandbox's user is not ours: what is there already becomes its own.
    tl::expected<void, LayerFailure> give_to_sandbox() {
        Words paths{tree(), scratch()};
        if (!python_)
            for (const auto& [name, bytes] : order_.content.files) paths.push_back(tree() + "/" + name);
        for (const std::string& path : paths)
            if (::chown(path.c_str(), launcher_->outer_uid(), launcher_->outer_gid()) != 0)
                return tl::unexpected(fault(Reason::internal, Error{"make layer", errno, path, {}}));
        return {};
    }

    Result<sandbox::RootPlan> make_plan() {
        ASSAY_TRY(sandbox::RootPlan plan, root_plan(order_.recipe));
        // Manifests stand in /build, whatever a tree of its own has there.
        std::erase_if(plan.steps, [](const Step& step) { return step.target == "/build"; });
        plan.image = order_.recipe.name + " (build)";
        Step build{};
        build.kind = Step::Kind::bind_rw;
        build.source = order_.directory;
        build.target = kBuildMount;
        plan.steps.push_back(std::move(build));
        for (const Step& step : order_.registries.steps) plan.steps.push_back(step);
        if (python_)
            for (const auto& [name, bytes] : order_.content.files) {
                const fs::path path = fs::path("/build") / name;
                if (path.lexically_normal() != path)
                    return fail("make layer", "manifest outside of its folder: " + name);
                Step manifest{};
                manifest.kind = Step::Kind::file;
                manifest.target = path;
                manifest.content = bytes;
                plan.steps.push_back(std::move(manifest));
            }
        return plan;
    }

    // ------------------------------------------------------------------------------------------ Python

    std::optional<LayerFailure> install_python() {
        // An image of its own has a Python and a pip of its own, and its /usr/local may be where they are.
        const bool user = order_.content.kind == LayerKind::python_user;
        Words pip = user                 ? Words{"python3", "-m", "pip"}
                    : order_.recipe.tree ? Words{"python3", "-c", kRunPip}
                                         : Words{"/usr/bin/python3", "-c", kRunPip};
        for (const char* word : {"install", "--no-cache-dir", "--no-input", "--progress-bar", "off", "--log",
                                 "/tmp/pip.log", "--no-warn-script-location", "--requirement"})
            pip.emplace_back(word);
        pip.push_back("/build/" + order_.recipe.manifests.front());
        if (user) pip.emplace_back("--user");
        Words wheels = pip;
        wheels.insert(wheels.end(), {"--only-binary", ":all:"});
        auto failed = step(wheels, runs_wheels_only(order_.content));
        if (!failed || !worth_building_from_source(*failed)) return failed;
        log_.note("not to be had as wheels (" + failed->to_string() + "); once more, building from source");
        empty_tree();
        return step(pip, false);
    }

    // ------------------------------------------------------------------------------------------ Node

    std::optional<LayerFailure> install_node() {
        Words npm{order_.recipe.tree ? "npm" : "/usr/bin/npm", order_.content.locked ? "ci" : "install", "--no-audit",
                  "--no-fund", "--json"};
        Words without_scripts = npm;
        without_scripts.push_back("--ignore-scripts");
        auto failed = step(without_scripts, true);
        if (failed) return failed;
        const auto npmrc = order_.content.files.find(".npmrc");
        if (npmrc != order_.content.files.end() && npmrc->second.find("ignore-scripts=true") != std::string::npos)
            return std::nullopt;
        Words names;
        auto packages = node_packages(tree());
        std::erase_if(packages, [](const NodePackage& package) { return !package.scripts; });
        if (packages.empty()) return std::nullopt;
        for (const NodePackage& package : packages) names.push_back(package.name + " " + package.version);
        log_.note(fmt::format("with install scripts: {}", fmt::join(names, ", ")));
        if (order_.package && !is_single_package(order_.content)) {
            bool adopted = true;
            if (auto unavailable = adopt(packages, adopted)) return unavailable;
            if (adopted) return std::nullopt;
        }
        log_.note("once more, running them");
        (void)remove_tree(tree() + "/node_modules");
        return step(npm, false);
    }

    // Takes each package from a layer of its own; `all` is false when one cannot be taken from there.
    std::optional<LayerFailure> adopt(const std::vector<NodePackage>& packages, bool& all) {
        for (const NodePackage& package : packages) {
            if (package.optional || package.integrity.empty()) {
                all = false;
                return std::nullopt;
            }
            const Instant begin = Clock::now();
            auto layer = order_.package(package.name, package.version);
            deadline_ += Clock::now() - begin;  // another build's time
            if (!layer) {
                log_.note(fmt::format("{} {}: {}", package.name, package.version, layer.error().to_string()));
                for (const std::string& line : layer.error().last_lines) log_.add(line + "\n");
                layer.error().what = fmt::format("{} {}: {}", package.name, package.version, layer.error().what);
                return std::move(layer).error();
            }
            const auto same = adopt_package(package, *layer, tree());
            if (!same) return fault(Reason::internal, same.error());
            all = *same;
            log_.note(fmt::format("{} {}: {}", package.name, package.version,
                                  all ? "taken from layer " + layer->info().key : "its scripts write elsewhere, too"));
            if (!all) return std::nullopt;
        }
        return std::nullopt;
    }

    // ------------------------------------------------------------------------------------------ one step

    // Runs the installer to its end. Nothing = it succeeded.
    std::optional<LayerFailure> step(const Words& command, bool trusted) {
        log_.note(fmt::format("running {}", fmt::join(command, " ")));
        log_.begin_step();
        StepOutcome outcome;
        outcome.kind = order_.content.kind;
        outcome.trusted = trusted;
        if (auto ran = run_sandbox(command, outcome); !ran) {
            log_.note(ran.error().to_string());
            return fault(order_.stop.stop_requested() ? Reason::stopped : Reason::sandbox_failed, ran.error());
        }
        outcome.output = log_.tail();
        if (python_ && trusted && outcome.exit.code != 0)
            outcome.log = read_beneath(scratch(), "pip.log", kPipLogLimit).value_or("");
        for (const auto& event : outcome.proxy.refused)
            log_.note(fmt::format("refused {} x {}: {}", event.count, event.host, event.what));
        for (const auto* events : {&outcome.proxy.failures, &outcome.proxy.broken})
            for (const auto& event : *events)
                log_.note(fmt::format("failed {} x {}: {}", event.count, event.host, event.what));
        log_.note(fmt::format("took {}, {} over {} connections, peak memory {}",
                              format_duration(outcome.exit.usage.wall), format_bytes(outcome.proxy.bytes),
                              outcome.proxy.connections, format_bytes(outcome.exit.usage.memory_peak)));
        auto failed = diagnose(outcome);
        if (failed) log_.note(failed->to_string());
        return failed;
    }

    sandbox::Spec make_spec(const Words& command) const {
        sandbox::Spec spec;
        spec.label = "build";
        // Waits for the proxy; then the installer takes the shell's place, its stdin at its end.
        spec.argv = {"/bin/sh", "-c", "umask 022; read -r go && exec \"$@\" </dev/null", "sh"};
        spec.argv.insert(spec.argv.end(), command.begin(), command.end());
        for (const auto& [name, value] : order_.recipe.env)
            if (name != "npm_config_offline" && name != "PYTHONDONTWRITEBYTECODE") spec.env.emplace_back(name, value);
        const std::string proxy = fmt::format("http://127.0.0.1:{}", kProxyPort);
        for (const char* name : {"http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"})
            spec.env.emplace_back(name, proxy);
        spec.env.emplace_back("npm_config_cache", "/tmp/npm");
        spec.env.emplace_back("PIP_ROOT_USER_ACTION", "ignore");
        for (const auto& [name, value] : order_.registries.env)
            if (name != "npm_config_nodedir" || !order_.recipe.tree) spec.env.emplace_back(name, value);
        if (order_.recipe.tree)  // Node's headers are the image's own, or are not there
            for (const char* prefix : {"/usr", "/usr/local"})
                if (tree_has(order_.recipe.tree.path() + "/tree", std::string(prefix) + "/include/node/node_api.h"))
                    spec.env.emplace_back("npm_config_nodedir", prefix);

        const std::string build = kBuildMount;
        spec.binds.push_back({build + "/tmp", "/tmp", true});
        const char* place = order_.content.kind == LayerKind::python_user ? kUserBase : python_ ? "/usr/local" : "/app";
        spec.binds.push_back({build + "/tree", place, true});
        spec.limits.memory = order_.limits.memory;
        spec.limits.processes = order_.limits.processes;
        spec.limits.disk = Bytes{256u << 20};  // home and what is not on the disk
        spec.limits.files = 4096;
        const auto left = std::chrono::ceil<std::chrono::seconds>(deadline_ - Clock::now());
        spec.limits.cpu_time = order_.limits.cpu_time;
        spec.limits.wall_time = std::max(left, std::chrono::seconds(1));
        spec.net = sandbox::Net::fresh;
        spec.sockets = 1;
        spec.policy = "builder";
        spec.outlive_main = false;  // what an install script leaves in the background ends with it
        return spec;
    }

    Result<void> run_sandbox(const Words& command, StepOutcome& outcome) {
        ASSAY_TRY(Pipe gate, make_pipe());
        ASSAY_TRY(Pipe output, make_pipe());
        ASSAY_TRY(Pipe report, make_pipe());
        for (const Fd* fd : {&output.read, &report.read}) ::fcntl(fd->get(), F_SETFL, O_NONBLOCK);
        const int out = python_ ? output.write.get() : report.write.get();
        ASSAY_TRY(const sandbox::SandboxId id,
                  launcher_->launch(make_spec(command), {gate.read.get(), out, output.write.get()}));
        gate.read.reset();
        output.write.reset();
        report.write.reset();

        std::optional<Proxy> proxy;
        Instant next_look = Clock::now() + std::chrono::seconds(1);
        bool killed = false;
        for (std::optional<sandbox::Ended> ended; !ended;) {
            pollfd ready[] = {
                {launcher_->fd(), POLLIN, 0}, {output.read.get(), POLLIN, 0}, {report.read.get(), POLLIN, 0}};
            if (::poll(ready, std::size(ready), 200) < 0 && errno != EINTR)
                return fail_errno(errno, "wait for a build");
            drain(output.read, [&](std::string_view text) { log_.add(text); });
            drain(report.read, [&](std::string_view text) {
                if (outcome.report.size() < kReportLimit) outcome.report += text;
            });
            for (;;) {
                ASSAY_TRY(auto reply, launcher_->receive());
                if (!reply) break;
                if (auto* failed = std::get_if<sandbox::LaunchFailed>(&*reply)) return tl::unexpected(failed->error);
                if (auto* launched = std::get_if<sandbox::Launched>(&*reply)) {
                    ASSAY_TRY(proxy, open_proxy(std::move(launched->sockets)));
                    ASSAY_CHECK(write_all(gate.write.get(), "go\n"));
                    gate.write.reset();
                }
                if (auto* over = std::get_if<sandbox::Ended>(&*reply)) ended = std::move(*over);
            }
            if (!ended && !killed && Clock::now() >= next_look) {
                const auto size = measure_tree(order_.directory, order_.limits.disk, order_.limits.entries);
                outcome.disk_exceeded = size.allocated > order_.limits.disk || size.entries > order_.limits.entries;
                next_look = Clock::now() + std::chrono::seconds(1);
            }
            if (!ended && !killed && (outcome.disk_exceeded || order_.stop.stop_requested())) {
                ASSAY_CHECK(launcher_->kill(id));
                killed = true;
            }
            if (ended) outcome.exit = std::move(ended->exit);
        }
        drain(output.read, [&](std::string_view text) { log_.add(text); });
        drain(report.read, [&](std::string_view text) { outcome.report += text; });
        if (proxy) outcome.proxy = proxy->stop();
        return {};
    }

    Result<Proxy> open_proxy(std::vector<Fd> sockets) const {
        if (sockets.empty()) return fail("start the build's proxy", "the launcher gave no socket");
        Proxy::Options options;
        options.allow = order_.registries.allow;
        options.upstream = order_.registries.upstream;
        return Proxy::start(std::move(sockets.front()), kProxyPort, std::move(options));
    }

    template <typename Take>
    static void drain(Fd& pipe, const Take& take) {
        char chunk[64 * 1024];
        while (pipe) {
            const ssize_t got = ::read(pipe.get(), chunk, sizeof chunk);
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return;
            if (got == 0) return pipe.reset();
            take(std::string_view(chunk, static_cast<std::size_t>(got)));
        }
    }

    // ------------------------------------------------------------------------------------------ afterwards

    void empty_tree() {
        for (const std::string& entry : list_beneath(tree(), ".")) (void)remove_tree(tree() + "/" + entry);
    }

    // What only the build needed.
    void clean_up() {
        (void)remove_tree(scratch());
        if (!python_)
            for (const char* name : {"package.json", "package-lock.json", ".npmrc"})
                (void)remove_tree(tree() + "/" + name);
        // Servers of another user read it.
        ::chmod(tree().c_str(), 0755);
    }

    const BuildOrder& order_;
    BuildLog log_;
    Instant deadline_;
    bool python_;
    std::optional<sandbox::Launcher> launcher_;
};

}  // namespace

tl::expected<std::vector<std::string>, LayerFailure> build_layer(const BuildOrder& order) {
    auto built = Build(order).run();
    if (!built) built.error().log = order.directory + "/build.log";
    return built;
}

}  // namespace assay::images
