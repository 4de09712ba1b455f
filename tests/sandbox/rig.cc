#include "tests/sandbox/rig.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "sandbox/host_root.h"

namespace assay::sandbox {

namespace fs = std::filesystem;

RootPlan test_root() {
    RootPlan plan = host_root();
    RootStep probe{};
    probe.kind = RootStep::Kind::bind_ro;
    probe.source = std::string(ASSAY_BINARY_DIR) + "/bin/sandbox-probe";
    probe.target = "/probe";
    plan.steps.push_back(probe);
    return plan;
}

Launcher::Options test_options() {
    Launcher::Options options;
    options.program = std::string(ASSAY_BINARY_DIR) + "/bin/assay-launcher";
    return options;
}

Spec program(std::vector<std::string> argv) {
    Spec spec;
    spec.label = "test";
    spec.argv = std::move(argv);
    spec.env = {{"PATH", "/usr/bin:/bin"}, {"HOME", spec.home}};
    spec.sockets = 0;
    return spec;
}

Spec shell(const std::string& script) { return program({"/bin/sh", "-c", script}); }

Rig::Rig(const RootPlan& plan, const Launcher::Options& options) {
    auto started = Launcher::start(plan, options);
    if (!started) throw std::runtime_error(started.error().to_string());
    launcher_ = std::move(*started);
}

Reply Rig::next() {
    const Instant deadline = Clock::now() + kPatience;
    while (Clock::now() < deadline) {
        auto reply = launcher_->receive();
        if (!reply) throw std::runtime_error(reply.error().to_string());
        if (*reply) {
            if (auto* refused = std::get_if<CallRefused>(&**reply)) {
                refused_.push_back(std::move(refused->call));
                continue;
            }
            return std::move(**reply);
        }
        pollfd ready{launcher_->fd(), POLLIN, 0};
        ::poll(&ready, 1, 100);
    }
    throw std::runtime_error("no reply in time");
}

Launched Rig::start(const Spec& spec) {
    auto id = launcher_->launch(spec, {});
    if (!id) throw std::runtime_error(id.error().to_string());
    return expect<Launched>();
}

Exit Rig::stop(SandboxId id) {
    EXPECT_TRUE(launcher_->kill(id));
    while (true) {
        Reply reply = next();
        if (auto* ended = std::get_if<Ended>(&reply)) return ended->exit;
    }
}

Outcome Rig::run(const Spec& spec, const std::string& input) {
    auto in = make_pipe();
    auto out = make_pipe();
    auto err = make_pipe();
    std::string captured[2];
    auto id = launcher_->launch(spec, {in->read.get(), out->write.get(), err->write.get()});
    if (!id) throw std::runtime_error(id.error().to_string());
    in->read.reset();
    out->write.reset();
    err->write.reset();
    std::thread writer([&] {
        static_cast<void>(write_all(in->write.get(), input));
        in->write.reset();
    });
    std::thread readers[2] = {std::thread([&] { captured[0] = read_all(out->read.get()).value_or(""); }),
                              std::thread([&] { captured[1] = read_all(err->read.get()).value_or(""); })};
    auto join = [&] {
        writer.join();
        for (auto& reader : readers) reader.join();
    };
    Outcome outcome;
    try {
        while (true) {
            Reply reply = next();
            if (auto* failed = std::get_if<LaunchFailed>(&reply)) {
                outcome.failed = std::move(*failed);
                break;
            }
            if (auto* ended = std::get_if<Ended>(&reply)) {
                outcome.exit = std::move(ended->exit);
                break;
            }
        }
    } catch (...) {
        launcher_.reset();  // ends the sandbox, and with it the pipes
        join();
        throw;
    }
    join();
    outcome.out = captured[0];
    outcome.err = captured[1];
    return outcome;
}

std::map<std::string, std::string> probe_results(const std::string& text) {
    std::map<std::string, std::string> results;
    std::istringstream lines(text);
    std::string name;
    std::string result;
    while (lines >> name && std::getline(lines >> std::ws, result)) results[name] = result;
    return results;
}

std::string probe_outside(const std::vector<std::string>& names) {
    std::string command = std::string(ASSAY_BINARY_DIR) + "/bin/sandbox-probe";
    for (const std::string& name : names) command += " " + name;
    std::string text;
    std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "re"), ::pclose);
    char chunk[4096];
    while (pipe && std::fgets(chunk, sizeof chunk, pipe.get()) != nullptr) text += chunk;
    return text;
}

bool as_root() { return ::geteuid() == 0; }

std::vector<int> children_of(int pid) {
    std::vector<int> children;
    std::ifstream file("/proc/" + std::to_string(pid) + "/task/" + std::to_string(pid) + "/children");
    for (int child; file >> child;) children.push_back(child);
    return children;
}

std::vector<int> inits_of(int launcher) {
    std::vector<int> inits;
    for (int child : children_of(launcher)) {
        auto status = read_file("/proc/" + std::to_string(child) + "/status");
        const std::string mark = "NSpid:\t" + std::to_string(child) + "\t1\n";
        if (status && status->find(mark) != std::string::npos) inits.push_back(child);
    }
    return inits;
}

int open_descriptors(int pid) {
    std::error_code error;
    int count = 0;
    for (const auto& entry : fs::directory_iterator("/proc/" + std::to_string(pid) + "/fd", error)) {
        static_cast<void>(entry);
        ++count;
    }
    return count;
}

std::size_t cgroups_of_launcher(int launcher) {
    const std::string mark = "assay." + std::to_string(launcher) + ".";
    std::size_t count = 0;
    std::error_code error;
    for (auto at =
             fs::recursive_directory_iterator("/sys/fs/cgroup", fs::directory_options::skip_permission_denied, error);
         at != fs::recursive_directory_iterator(); at.increment(error)) {
        if (error) break;
        if (at->is_directory(error) && at->path().string().find(mark) != std::string::npos) ++count;
    }
    return count;
}

bool eventually(const std::function<bool()>& holds) {
    const Instant deadline = Clock::now() + kPatience;
    while (Clock::now() < deadline) {
        if (holds()) return true;
        std::this_thread::sleep_for(Millis(5));
    }
    return holds();
}

}  // namespace assay::sandbox
