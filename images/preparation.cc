// Theory of operation.
//
// A preparation has a launcher of its own, whose root is the given one with the preparation's directory inside,
// writable. One sandbox runs in it; who calls waits for its end and keeps what it prints.
// Ends: the sandbox by its wall time, by a stop, or with the launcher, which ends with this call.

#include "images/preparation.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "base/fd.h"
#include "sandbox/exit_text.h"

namespace assay::images {
namespace {

constexpr std::size_t kLogLimit = 1u << 20;

}  // namespace

Result<sandbox::Exit> run_in(sandbox::Launcher& launcher, const sandbox::Spec& spec, const std::stop_token& stop,
                             std::string& log, bool* no_program) {
    ASSAY_TRY(Pipe output, make_pipe());
    ::fcntl(output.read.get(), F_SETFL, O_NONBLOCK);
    ASSAY_TRY(const sandbox::SandboxId id, launcher.launch(spec, {-1, output.write.get(), output.write.get()}));
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
            if (auto* failed = std::get_if<sandbox::LaunchFailed>(&*reply)) {
                if (no_program != nullptr) *no_program = failed->program;
                return tl::unexpected(std::move(failed->error));
            }
            if (auto* ended = std::get_if<sandbox::Ended>(&*reply)) exit = std::move(ended->exit);
        }
        if (!exit && !killed && stop.stop_requested()) {
            ASSAY_CHECK(launcher.kill(id));
            killed = true;
        }
    }
    return std::move(*exit);
}

Result<sandbox::Exit> run_preparation(Preparation preparation, std::string& log) {
    sandbox::RootStep step{};
    step.kind = sandbox::RootStep::Kind::bind_rw;
    step.source = preparation.directory;
    step.target = kPreparationMount;
    preparation.root.steps.push_back(std::move(step));
    const std::string tree = preparation.directory + "/tree";
    if (::mkdir(tree.c_str(), 0755) != 0) return fail_errno(errno, "prepare " + preparation.root.image, tree);
    const std::string inside = tree + "/";
    for (const auto& [name, bytes] : preparation.files) ASSAY_CHECK(write_file_at(AT_FDCWD, inside + name, bytes));
    ASSAY_TRY(sandbox::Launcher launcher, sandbox::Launcher::start(preparation.root, preparation.launcher));
    // As root, the sandbox's user is not ours.
    if (::chown(tree.c_str(), launcher.outer_uid(), launcher.outer_gid()) != 0)
        return fail_errno(errno, "prepare " + preparation.root.image, tree);
    return run_in(launcher, preparation.spec, preparation.stop, log);
}

std::vector<std::string> last_lines_of(const std::string& log) {
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < log.size();) {
        const auto end = std::min(log.find('\n', at), log.size());
        if (end > at) lines.push_back(log.substr(at, end - at));
        at = end + 1;
    }
    if (lines.size() > 20) lines.erase(lines.begin(), lines.end() - 20);
    return lines;
}

LayerFailure preparation_failure(PreparationFailed failed, const Result<sandbox::Exit>& exit,
                                 const std::string& printed) {
    using Reason = LayerFailure::Reason;
    LayerFailure failure;
    failure.subject = std::move(failed.subject);
    failure.log = std::move(failed.log);
    failure.last_lines = last_lines_of(printed);
    if (exit) {
        failure.reason = failed.stopped                                       ? Reason::stopped
                         : printed.find("No space left") != std::string::npos ? Reason::disk_full
                                                                              : Reason::internal;
        failure.what = fmt::format("{} {}: {}", failed.doing, sandbox::describe(*exit),
                                   failure.last_lines.empty() ? "it printed nothing" : failure.last_lines.back());
    } else {
        failure.reason = exit.error().code == ENOSPC ? Reason::disk_full : Reason::sandbox_failed;
        failure.what = failed.doing + ": " + exit.error().to_string();
    }
    return failure;
}

}  // namespace assay::images
