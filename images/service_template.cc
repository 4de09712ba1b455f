// Theory of operation.
//
// The preparation has a launcher of its own, whose root is the recipe's with the template's directory inside, writable.
// One sandbox runs the recipe's script in it; who calls waits for its end and copies what it prints into build.log.
// Ends: the sandbox by its wall time, by a stop, or with the launcher, which ends with this call.

#include "images/service_template.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <optional>

#include "base/fd.h"
#include "images/store.h"

namespace assay::images {
namespace {

using Reason = LayerFailure::Reason;

constexpr const char* kBuildMount = "/.assay/building";  // the template's directory, hidden from what runs there
constexpr std::chrono::seconds kWallTime{120};
constexpr std::size_t kLogLimit = 1u << 20;

Result<sandbox::RootPlan> make_plan(const TemplateOrder& order) {
    ASSAY_TRY(sandbox::RootPlan plan, root_plan(order.recipe));
    plan.image = order.recipe.name + " (preparation)";
    sandbox::RootStep step{};
    step.kind = sandbox::RootStep::Kind::bind_rw;
    step.source = order.directory;
    step.target = kBuildMount;
    plan.steps.push_back(std::move(step));
    return plan;
}

sandbox::Spec make_spec(const TemplateOrder& order) {
    const Service& service = *order.recipe.service;
    sandbox::Spec spec;
    spec.label = order.recipe.name;
    spec.argv = {"/bin/sh", "-c", service.prepare};
    spec.env = order.recipe.env;
    spec.binds.push_back({std::string(kBuildMount) + "/tree", spec.work_dir, true});
    spec.limits.memory = service.memory;
    spec.limits.processes = service.processes;
    spec.limits.wall_time = kWallTime;
    spec.net = sandbox::Net::fresh;
    spec.sockets = 0;
    spec.outlive_main = false;
    return spec;
}

// Runs it to its end; everything printed goes to `log`.
Result<sandbox::Exit> run(sandbox::Launcher& launcher, const TemplateOrder& order, std::string& log) {
    ASSAY_TRY(Pipe output, make_pipe());
    ::fcntl(output.read.get(), F_SETFL, O_NONBLOCK);
    ASSAY_TRY(const sandbox::SandboxId id,
              launcher.launch(make_spec(order), {-1, output.write.get(), output.write.get()}));
    output.write.reset();
    std::optional<sandbox::Exit> exit;
    for (bool killed = false; !exit || output.read;) {
        pollfd ready[] = {{exit ? -1 : launcher.fd(), POLLIN, 0}, {output.read.get(), POLLIN, 0}};
        if (::poll(ready, std::size(ready), 200) < 0 && errno != EINTR)
            return fail_errno(errno, "wait for a preparation");
        char chunk[16 * 1024];
        for (ssize_t got = 0; output.read;) {
            got = ::read(output.read.get(), chunk, sizeof chunk);
            if (got < 0 && errno == EINTR) continue;
            if (got < 0 && !exit) break;
            if (got <= 0) output.read.reset();  // its end, or the sandbox's
            if (got > 0 && log.size() < kLogLimit) log.append(chunk, static_cast<std::size_t>(got));
        }
        while (!exit) {
            ASSAY_TRY(auto reply, launcher.receive());
            if (!reply) break;
            if (auto* failed = std::get_if<sandbox::LaunchFailed>(&*reply)) return tl::unexpected(failed->error);
            if (auto* ended = std::get_if<sandbox::Ended>(&*reply)) exit = std::move(ended->exit);
        }
        if (!exit && !killed && order.stop.stop_requested()) {
            ASSAY_CHECK(launcher.kill(id));
            killed = true;
        }
    }
    return std::move(*exit);
}

Result<sandbox::Exit> prepare(const TemplateOrder& order, std::string& log) {
    ASSAY_TRY(const sandbox::RootPlan plan, make_plan(order));
    const std::string tree = order.directory + "/tree";
    if (::mkdir(tree.c_str(), 0755) != 0) return fail_errno(errno, "prepare service", tree);
    ASSAY_TRY(sandbox::Launcher launcher, sandbox::Launcher::start(plan, order.launcher));
    // As root, the sandbox's user is not ours.
    if (::chown(tree.c_str(), launcher.outer_uid(), launcher.outer_gid()) != 0)
        return fail_errno(errno, "prepare service", tree);
    return run(launcher, order, log);
}

std::string describe(const sandbox::Exit& exit) {
    using How = sandbox::Exit::How;
    switch (exit.how) {
        case How::exited: return fmt::format("exited with status {}", exit.code);
        case How::signaled: return fmt::format("was ended by signal {}", exit.code);
        case How::limit: return "met its limit of " + exit.limit;
        case How::killed: return "was stopped";
    }
    return {};
}

std::vector<std::string> last_lines(const std::string& log) {
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < log.size();) {
        const auto end = std::min(log.find('\n', at), log.size());
        if (end > at) lines.push_back(log.substr(at, end - at));
        at = end + 1;
    }
    if (lines.size() > 20) lines.erase(lines.begin(), lines.end() - 20);
    return lines;
}

}  // namespace

tl::expected<void, LayerFailure> prepare_service(const TemplateOrder& order) {
    std::string log;
    auto exit = prepare(order, log);
    LayerFailure failure;
    failure.subject = order.recipe.name;
    failure.log = order.directory + "/build.log";
    (void)write_file_at(AT_FDCWD, failure.log, log);  // a full disk shows elsewhere
    failure.last_lines = last_lines(log);
    if (exit && exit->how == sandbox::Exit::How::exited && exit->code == 0) return {};
    if (exit) {
        failure.reason = order.stop.stop_requested()                      ? Reason::stopped
                         : log.find("No space left") != std::string::npos ? Reason::disk_full
                                                                          : Reason::internal;
        failure.what = fmt::format("the preparation of service '{}' {}: {}", order.recipe.name, describe(*exit),
                                   failure.last_lines.empty() ? "it printed nothing" : failure.last_lines.back());
    } else {
        failure.reason = exit.error().code == ENOSPC ? Reason::disk_full : Reason::sandbox_failed;
        failure.what = fmt::format("the preparation of service '{}': {}", order.recipe.name, exit.error().to_string());
    }
    return tl::unexpected(std::move(failure));
}

std::string service_key(const Recipe& recipe, const std::map<std::string, std::string>& versions,
                        const std::string& machine) {
    std::string all = fmt::format("assay service 1\n{}\n{}\n{}\n{}\n", recipe.name, recipe.revision, machine,
                                  recipe.service->prepare);
    for (const auto& [name, version] : versions) all += fmt::format("{}={}\n", name, version);
    return sha256(all);
}

}  // namespace assay::images
