// One sandbox, from start to end, to see what this host really lets us do.
#include <poll.h>

#include <algorithm>

#include "base/tree.h"
#include "base/units.h"
#include "sandbox/host_check.h"
#include "sandbox/host_root.h"
#include "sandbox/launcher.h"

namespace assay::sandbox {
namespace {

using State = Finding::State;

constexpr auto kPatience = std::chrono::seconds(20);

// A program that every host has, over an overlay, with every limit asked for.
Spec trial_spec() {
    Spec spec;
    spec.label = "doctor";
    spec.argv = {"/bin/sh", "-c", "test -e made && echo x >written"};
    spec.env = {{"PATH", "/usr/bin:/bin"}};
    spec.work_tree.lower = {std::string(kHiddenRoot) + "/stage/doctor"};
    spec.limits.memory = 256_MiB;
    spec.limits.processes = 16;
    spec.limits.cpu_time = std::chrono::seconds(10);
    spec.limits.wall_time = std::chrono::seconds(10);
    spec.limits.cpus = 1;
    spec.outlive_main = false;
    return spec;
}

Result<Exit> run(Launcher& launcher) {
    ASSAY_CHECK(make_directory_at(launcher.stage(), "doctor"));
    ASSAY_CHECK(write_file_at(launcher.stage(), "doctor/made", ""));
    ASSAY_CHECK(launcher.launch(trial_spec(), {}));
    const Instant deadline = Clock::now() + kPatience;
    while (Clock::now() < deadline) {
        ASSAY_TRY(auto reply, launcher.receive());
        if (!reply) {
            pollfd ready{launcher.fd(), POLLIN, 0};
            ::poll(&ready, 1, 100);
            continue;
        }
        if (auto* failed = std::get_if<LaunchFailed>(&*reply)) return tl::unexpected(std::move(failed->error));
        if (auto* ended = std::get_if<Ended>(&*reply)) return std::move(ended->exit);
    }
    return fail("try a sandbox", "no answer of the launcher");
}

Finding enforcement(const Exit& exit, const char* limit, const char* what, const char* without) {
    const bool enforced = std::find(exit.unenforced.begin(), exit.unenforced.end(), limit) == exit.unenforced.end();
    if (enforced) return {std::string("limit of ") + what, State::good, "enforced", {}, {}};
    return {std::string("limit of ") + what, State::limited, "no cgroup with this controller may be made here",
            "start assay in a delegated scope: systemd-run --user --scope -p Delegate=yes assay ...", without};
}

}  // namespace

std::vector<Finding> try_sandbox(const std::string& program) {
    Launcher::Options options;
    options.program = program;
    const Instant began = Clock::now();
    auto launcher = Launcher::start(host_root(), options);
    auto exit = launcher ? run(*launcher) : tl::unexpected(launcher.error());
    if (!exit || exit->how != Exit::How::exited || exit->code != 0) {
        const Error error = exit ? Error{"try a sandbox", 0, "the program in it failed", {}} : exit.error();
        const std::string remedy = error.remedy.empty() ? "see docs/sandbox.md for what this step needs" : error.remedy;
        return {{"a sandbox", State::missing, error.to_string(), remedy, "nothing"}};
    }
    const auto took = std::chrono::duration_cast<Millis>(Clock::now() - began).count();
    return {{"a sandbox",
             State::good,
             "namespaces, overlay work tree, filters: started and ended in " + std::to_string(took) + " ms",
             {},
             {}},
            enforcement(*exit, "memory", "memory", "everything; a server may use all memory, and the record says so"),
            enforcement(*exit, "cpus", "CPU shares", "everything; busy servers slow others, and the record says so"),
            enforcement(*exit, "cpu_time", "CPU time", "a limit for each process instead of the whole server")};
}

}  // namespace assay::sandbox
