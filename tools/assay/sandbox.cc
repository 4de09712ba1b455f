// `assay sandbox exec`: one command under the full contract, with stdio and exit status passed through.
// `assay sandbox trace`: the same, but refused calls are made; prints rules that would allow them.
// `assay sandbox lint`: what is wrong with a policy.

#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <iostream>
#include <nlohmann/json.hpp>

#include "base/fd.h"
#include "base/units.h"
#include "images/catalog.h"
#include "sandbox/host_root.h"
#include "sandbox/launcher.h"
#include "sandbox/policy_lint.h"
#include "tools/assay/commands.h"
#include "tools/assay/environment.h"

namespace assay::tools {
namespace {

using sandbox::Exit;

constexpr int kUsage = 2;
constexpr int kFault = 70;

struct Options {
    std::string image = "host";
    std::vector<std::string> ro_binds;
    std::vector<std::string> binds;
    std::vector<std::string> env;
    std::string memory;
    std::string disk;
    std::uint32_t pids = 0;
    double cpu_time = 0;
    double wall_time = 0;
    bool fresh_net = false;
    std::string json;
    std::string rules;
    std::vector<std::string> command;
};

Result<sandbox::RootStep> parse_bind(const std::string& text, sandbox::RootStep::Kind kind) {
    std::size_t colon = text.find(':');
    if (colon == std::string::npos || colon == 0 || text.size() <= colon + 1 || text[colon + 1] != '/')
        return fail("read options", "\"" + text + "\" is not SRC:DST with an absolute DST");
    sandbox::RootStep step{};
    step.kind = kind;
    step.source = text.substr(0, colon);
    step.target = text.substr(colon + 1);
    return step;
}

Result<std::chrono::seconds> whole_seconds(double seconds) {
    if (!(seconds >= 0) || seconds > 1e9) return fail("read options", "a time is a number of seconds, 0 = no limit");
    return std::chrono::seconds(static_cast<long long>(std::ceil(seconds)));
}

// An image other than the host's own /usr, its tree in use while the program runs.
Result<std::optional<images::Recipe>> find_image(const Options& options) {
    if (options.image == "host") return std::optional<images::Recipe>();
    ASSAY_TRY(images::Store store, images::Store::open({cache_folder()}));
    ASSAY_TRY(images::Recipe image, images::find_image(options.image, store));
    ASSAY_CHECK(images::check_tools(image, false));
    return std::optional<images::Recipe>(std::move(image));
}

Result<sandbox::RootPlan> make_plan(const Options& options, const images::Recipe* image) {
    sandbox::RootPlan plan = sandbox::host_root();
    if (image != nullptr) {
        ASSAY_TRY(plan, images::root_plan(*image));
    }
    for (const std::string& text : options.ro_binds) {
        ASSAY_TRY(auto step, parse_bind(text, sandbox::RootStep::Kind::bind_ro));
        plan.steps.push_back(std::move(step));
    }
    for (const std::string& text : options.binds) {
        ASSAY_TRY(auto step, parse_bind(text, sandbox::RootStep::Kind::bind_rw));
        plan.steps.push_back(std::move(step));
    }
    return plan;
}

Result<sandbox::Spec> make_spec(const Options& options, const images::Recipe* image) {
    sandbox::Spec spec;
    spec.label = "exec";
    spec.argv = options.command;
    spec.env = {{"PATH", "/usr/local/bin:/usr/bin:/bin"},
                {"HOME", spec.home},
                {"USER", "user"},
                {"TZ", "UTC"},
                {"LANG", "C.UTF-8"},
                {"LC_ALL", "C.UTF-8"},
                {"PYTHONHASHSEED", "0"}};
    if (image != nullptr) spec.env = image->env;
    for (const std::string& text : options.env) {
        std::size_t equals = text.find('=');
        if (equals == std::string::npos || equals == 0)
            return fail("read options", "--env \"" + text + "\" is not NAME=VALUE");
        const std::string name = text.substr(0, equals);
        std::erase_if(spec.env, [&](const auto& pair) { return pair.first == name; });
        spec.env.emplace_back(name, text.substr(equals + 1));
    }
    if (!options.memory.empty()) {
        ASSAY_TRY(spec.limits.memory, parse_bytes(options.memory));
    }
    if (!options.disk.empty()) {
        ASSAY_TRY(spec.limits.disk, parse_bytes(options.disk));
    }
    ASSAY_TRY(spec.limits.cpu_time, whole_seconds(options.cpu_time));
    ASSAY_TRY(spec.limits.wall_time, whole_seconds(options.wall_time));
    spec.limits.processes = options.pids;
    if (options.fresh_net) spec.net = sandbox::Net::fresh;
    spec.sockets = 0;
    spec.outlive_main = false;  // as a shell's child: what it leaves in the background ends with it
    return spec;
}

std::string json_of(const Exit& exit) {
    static constexpr const char* kHow[] = {"exited", "signaled", "killed", "limit"};
    nlohmann::ordered_json json;
    json["how"] = kHow[static_cast<int>(exit.how)];
    json["code"] = exit.code;
    json["limit"] = exit.limit;
    json["limits_hit"] = exit.limits_hit;
    json["unenforced"] = exit.unenforced;
    json["refused_calls"] = nlohmann::ordered_json::array();
    for (const auto& refused : exit.refused_calls) {
        json["refused_calls"].push_back({{"call", refused.call}, {"error", refused.error}, {"count", refused.count}});
        if (refused.argument) json["refused_calls"].back()["argument"] = *refused.argument;
    }
    if (!exit.refusals_seen) json["refused_calls"] = nullptr;
    const auto& usage = exit.usage;
    json["usage"] = {{"wall_us", usage.wall.count()},
                     {"cpu_user_us", usage.cpu_user.count()},
                     {"cpu_system_us", usage.cpu_system.count()},
                     {"memory_peak_bytes", usage.memory_peak.count},
                     {"processes_peak", usage.processes_peak},
                     {"disk_bytes", usage.disk.count}};
    return json.dump(2) + "\n";
}

// As a shell says it.
int status_of(const Exit& exit) {
    switch (exit.how) {
        case Exit::How::exited: return exit.code;
        case Exit::How::signaled: return 128 + exit.code;
        case Exit::How::killed:
        case Exit::How::limit: return 128 + SIGKILL;
    }
    return kFault;
}

Result<Exit> run(sandbox::Launcher& launcher, const sandbox::Spec& spec, int& missing_program) {
    sigset_t interrupts;
    ::sigemptyset(&interrupts);
    for (int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&interrupts, signal);
    ::sigprocmask(SIG_BLOCK, &interrupts, nullptr);
    Fd signals(::signalfd(-1, &interrupts, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signals) return fail_errno(errno, "open signalfd");

    ASSAY_TRY(sandbox::SandboxId id, launcher.launch(spec, {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}));
    for (;;) {
        pollfd ready[2] = {{launcher.fd(), POLLIN, 0}, {signals.get(), POLLIN, 0}};
        if (::poll(ready, 2, -1) < 0 && errno != EINTR) return fail_errno(errno, "wait");
        if (ready[1].revents != 0) {
            signalfd_siginfo info;
            while (::read(signals.get(), &info, sizeof info) > 0) {
            }
            ASSAY_CHECK(launcher.kill(id));
        }
        for (;;) {
            ASSAY_TRY(auto reply, launcher.receive());
            if (!reply) break;
            if (auto* failed = std::get_if<sandbox::LaunchFailed>(&*reply)) {
                if (failed->program) missing_program = failed->error.code == ENOENT ? 127 : 126;
                return tl::unexpected(std::move(failed->error));
            }
            if (auto* ended = std::get_if<sandbox::Ended>(&*reply)) return std::move(ended->exit);
        }
    }
}

int complain(const Error& error, int code) {
    std::cerr << "assay sandbox exec: " << error.to_string() << "\n";
    return code;
}

// Runs the command of `options`; nothing: it could not run, and `code` says what to exit with.
std::optional<Exit> run_command(const Options& options, bool trace, int& code) {
    auto give_up = [&](const Error& error, int with) -> std::optional<Exit> {
        code = complain(error, with);
        return std::nullopt;
    };
    auto image = find_image(options);
    if (!image) return give_up(image.error(), kUsage);
    const images::Recipe* chosen = *image ? &**image : nullptr;
    auto plan = make_plan(options, chosen);
    if (!plan) return give_up(plan.error(), kUsage);
    auto spec = make_spec(options, chosen);
    if (!spec) return give_up(spec.error(), kUsage);
    spec->trace = trace;

    sandbox::Launcher::Options how;
    auto program = launcher_program();
    if (!program) return give_up(program.error(), kFault);
    how.program = *program;
    auto launcher = sandbox::Launcher::start(*plan, how);
    if (!launcher) return give_up(launcher.error(), kFault);
    int missing_program = 0;
    auto exit = run(*launcher, *spec, missing_program);
    if (!exit) return give_up(exit.error(), missing_program != 0 ? missing_program : kFault);
    return std::move(*exit);
}

int exec(const Options& options) {
    int code = 0;
    auto exit = run_command(options, false, code);
    if (!exit) return code;
    if (!options.json.empty()) {
        auto written = replace_file(options.json, json_of(*exit));
        if (!written) return complain(written.error(), kFault);
    }
    if (exit->how == Exit::How::limit) std::cerr << "assay sandbox exec: ended by limit " << exit->limit << "\n";
    for (const std::string& name : exit->unenforced)
        std::cerr << "assay sandbox exec: this host cannot enforce " << name << "\n";
    return status_of(*exit);
}

Result<sandbox::Policy> embedded_policy(const std::string& name) {
    for (const sandbox::PolicySource& source : sandbox::embedded_policies())
        if (source.name == name) return sandbox::parse_policy(source, sandbox::embedded_policies());
    return fail("read policy", "no policy is called " + name);
}

// The program's output goes where it always goes; the rules go to standard error, or to --rules.
int trace(const Options& options) {
    auto policy = embedded_policy("server");
    if (!policy) return complain(policy.error(), kFault);
    int code = 0;
    auto exit = run_command(options, true, code);
    if (!exit) return code;
    if (!exit->refusals_seen)
        return complain(Error{"trace", 0, "this host gives the launcher no listener",
                              "run outside the container whose supervisor holds it"},
                        kFault);
    std::string rules = sandbox::propose_rules(exit->refused_calls, *policy);
    if (rules.empty()) rules = "# every call is allowed by server.policy\n";
    if (options.rules.empty()) {
        std::cerr << rules;
    } else if (auto written = replace_file(options.rules, rules); !written) {
        return complain(written.error(), kFault);
    }
    return status_of(*exit);
}

int lint(const std::vector<std::string>& files) {
    const std::vector<sandbox::PolicySource>& sources = sandbox::embedded_policies();
    std::vector<sandbox::PolicySource> wanted;
    for (const std::string& file : files) {
        auto text = read_file(file);
        if (!text) return complain(text.error(), kUsage);
        wanted.push_back({file, std::move(*text)});
    }
    if (files.empty()) wanted = sources;
    bool clean = true;
    for (const sandbox::PolicySource& source : wanted) {
        auto policy = sandbox::parse_policy(source, sources);
        if (!policy) return complain(policy.error(), kUsage);
        for (const sandbox::PolicyFinding& finding : sandbox::lint_policy(*policy)) {
            std::cout << source.name << ":" << finding.line << ": " << finding.message << "\n";
            clean = false;
        }
    }
    return clean ? 0 : 1;
}

void add_command_options(CLI::App& command, Options& options) {
    command
        .add_option("--image", options.image,
                    "Image to run in, as assay image list has them; \"host\" is this host's /usr")
        ->capture_default_str();
    command.add_option("--ro-bind", options.ro_binds, "Show host path SRC at DST, read-only")
        ->type_name("SRC:DST")
        ->allow_extra_args(false);
    command.add_option("--bind", options.binds, "Show host path SRC at DST, writable")
        ->type_name("SRC:DST")
        ->allow_extra_args(false);
    command.add_option("--env", options.env, "Set an environment variable")->type_name("K=V")->allow_extra_args(false);
    command.add_option("--memory", options.memory, "Memory limit (cgroup)")->type_name("SIZE");
    command.add_option("--pids", options.pids, "Limit of processes and threads")->type_name("N");
    command.add_option("--disk", options.disk, "Size of the writable tmpfs (64M)")->type_name("SIZE");
    command.add_option("--cpu-time", options.cpu_time, "Limit of CPU time, all processes")->type_name("S");
    command.add_option("--wall-time", options.wall_time, "Limit of wall time")->type_name("S");
    command.add_flag("--fresh-net", options.fresh_net, "A network namespace made for this command alone");
    command.add_option("command", options.command, "Program and arguments, after --")->required()->type_name("CMD");
    command.positionals_at_end();
}

}  // namespace

void add_sandbox(CLI::App& app, int& exit_code) {
    CLI::App* group = app.add_subcommand("sandbox", "Run programs in sandboxes");
    group->require_subcommand(1);
    CLI::App* command = group->add_subcommand("exec", "Run one command in a sandbox of its own");
    auto options = std::make_shared<Options>();
    add_command_options(*command, *options);
    command->add_option("--json", options->json, "Write how it ended to this file")->type_name("FILE");
    command->callback([options, &exit_code] { exit_code = exec(*options); });

    CLI::App* tracer = group->add_subcommand(
        "trace", "Run a trusted command with refused system calls made all the same, and propose rules for them");
    auto traced = std::make_shared<Options>();
    add_command_options(*tracer, *traced);
    tracer->add_option("--rules", traced->rules, "Write the proposed rules to this file")->type_name("FILE");
    tracer->callback([traced, &exit_code] { exit_code = trace(*traced); });

    CLI::App* linter =
        group->add_subcommand("lint", "Find rules of a policy that say nothing or contradict each other");
    auto files = std::make_shared<std::vector<std::string>>();
    linter->add_option("policy", *files, "Policy files; without: those that are built in")->type_name("FILE");
    linter->callback([files, &exit_code] { exit_code = lint(*files); });
}

}  // namespace assay::tools
