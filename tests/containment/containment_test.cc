// The suite: every check inside a sandbox, where it must be refused, and outside, where it must be granted; as this
// user and as an ordinary one, with cgroups and without. Prints a line for each.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <grp.h>
#include <algorithm>
#include <cstdio>
#include <map>
#include <sstream>

#include "sandbox/host_root.h"
#include "tests/containment/check.h"
#include "tests/containment/host.h"
#include "tests/sandbox/rig.h"

using namespace assay;
using namespace assay::containment;

namespace {

constexpr uid_t kOrdinary = 4242;  // nobody's on any host
constexpr const char* kStdinFolder = "files.folder-as-stdin";

struct Said {
    std::string state;  // granted, refused, killed; "" when nothing was said
    std::string detail;
};
using Sayings = std::map<std::string, Said>;

// Of two lines on one check the later counts: outside, it is asked again in other surroundings.
Sayings read_answers(const std::string& text) {
    Sayings answers;
    std::istringstream lines(text);
    for (std::string name, state, detail;
         std::getline(lines, name, '\t') && std::getline(lines, state, '\t') && std::getline(lines, detail);)
        answers[name] = {state, detail};
    return answers;
}

std::vector<std::string> names_of(const Table& table) {
    std::vector<std::string> names;
    for (const Check& check : table)
        if (check.name != std::string(kStdinFolder)) names.emplace_back(check.name);
    return names;
}

std::vector<std::string> arguments(const char* how, const Facts& facts, const std::vector<std::string>& names) {
    std::vector<std::string> all{how};
    for (const auto& [key, value] : facts) all.push_back(key + "=" + value.substr(0, value.find('\n')));
    all.emplace_back("--");
    all.insert(all.end(), names.begin(), names.end());
    return all;
}

struct Seen {
    std::string out;
    std::optional<sandbox::Exit> exit;
    std::string failed;  // why it was not launched
};

class Inside {
 public:
    Inside(const Host& host, bool cgroups) : host_(host), rig_(root(), options(cgroups)) {
        EXPECT_TRUE(write_file_at(rig_.launcher().stage(), "secret", "of another submission"));
    }

    Sayings ask(const Table& table) { return read_answers(run(spec(names_of(table))).out); }
    Sayings ask_with_folder_as_stdin() {
        const Seen seen = run(spec({kStdinFolder}), host_.folder());
        Sayings answers = read_answers(seen.out);
        if (!seen.failed.empty()) answers[kStdinFolder] = {"refused", "not launched: " + seen.failed};
        return answers;
    }
    Sayings ask_for_too_much(const Check& check);
    Sayings ask_beside_another();
    Sayings ask_after_another();

 private:
    static sandbox::RootPlan root() {
        sandbox::RootPlan plan = sandbox::host_root();
        sandbox::RootStep probe{};
        probe.kind = sandbox::RootStep::Kind::bind_ro;
        probe.source = probe_path();
        probe.target = "/probe";
        plan.steps.push_back(probe);
        return plan;
    }
    static sandbox::Launcher::Options options(bool cgroups) {
        auto options = sandbox::test_options();
        options.cgroups = cgroups;
        return options;
    }
    sandbox::Spec spec(const std::vector<std::string>& names) const {
        auto argv = arguments("inside", host_.inside(), names);
        argv.insert(argv.begin(), "/probe");
        return sandbox::program(std::move(argv));
    }
    Seen run(const sandbox::Spec& spec, int in = -1);

    const Host& host_;
    sandbox::Rig rig_;
};

// What it says fits into a pipe, so that it can be read afterwards.
Seen Inside::run(const sandbox::Spec& spec, int in) {
    auto pipe = make_pipe();
    Seen seen;
    auto id = rig_.launcher().launch(spec, {in, pipe->write.get(), -1});
    pipe->write.reset();
    if (!id) {
        seen.failed = id.error().to_string();
        return seen;
    }
    while (seen.failed.empty() && !seen.exit) {
        auto reply = rig_.next();
        if (auto* failed = std::get_if<sandbox::LaunchFailed>(&reply)) seen.failed = failed->error.to_string();
        if (auto* ended = std::get_if<sandbox::Ended>(&reply)) seen.exit = std::move(ended->exit);
    }
    seen.out = read_all(pipe->read.get()).value_or("");
    return seen;
}

Sayings Inside::ask_for_too_much(const Check& check) {
    const std::string name = check.name;
    auto wanted = spec({name});
    auto& limits = wanted.limits;
    limits.memory = Bytes{kMemory.limit};
    limits.processes = static_cast<std::uint32_t>(kProcesses.limit);
    limits.files = static_cast<std::uint32_t>(kFiles.limit);
    limits.inodes = static_cast<std::uint32_t>(kInodes.limit);
    limits.cpu_time = std::chrono::seconds(kCpuTime.limit);
    limits.wall_time = std::chrono::seconds(name == "resources.wall-time" ? kWallTime.limit : 15);
    // Each limit alone: a smaller one in front of it would prove nothing about it.
    if (name == "resources.file-size") limits.file_size = Bytes{kFileSize.limit};
    limits.disk = Bytes{name == "resources.file-size" ? kDisk.limit * 4 : kDisk.limit};

    const Seen seen = run(wanted);
    Sayings answers = read_answers(seen.out);
    Said& said = answers[name];
    if (!seen.exit) return answers;
    if (said.state.empty() && seen.exit->how != sandbox::Exit::How::exited)
        said = {"refused", "ended by limit " + seen.exit->limit};
    if (said.state == "killed") said = {"refused", said.detail};
    const auto& unenforced = seen.exit->unenforced;
    const bool told = std::find(unenforced.begin(), unenforced.end(), "memory") != unenforced.end();
    if (said.state == "granted" && name.starts_with("resources.memory") && told)
        said = {"refused", "by nobody: this host cannot, and the record says so"};
    return answers;
}

Sayings Inside::ask_beside_another() {
    auto other = rig_.start(sandbox::program({"/probe", "linger"}));
    // It is up when its port answers, from within its namespaces: a sandbox that shares the network asks.
    auto watcher = spec({"neighbours.port"});
    watcher.net = sandbox::Net::shared;
    watcher.net_of = other.id;
    const bool up =
        sandbox::eventually([&] { return read_answers(run(watcher).out)["neighbours.port"].state == "granted"; });
    EXPECT_TRUE(up) << "the neighbour did not start";
    Sayings answers = ask(neighbour_checks());
    rig_.stop(other.id);
    return answers;
}

Sayings Inside::ask_after_another() {
    auto before = sandbox::program({"/probe", "leave"});
    before.outlive_main = false;
    EXPECT_TRUE(run(before).exit);
    return ask(neighbour_checks());
}

// --- the two sides, and the lines ------------------------------------------------------------------------------------

Sayings ask_outside(const Host& host) {
    Table first;
    for (const auto& table :
         {file_checks(), process_checks(), kernel_checks(), network_checks(), information_checks(), resource_checks()})
        first.insert(first.end(), table.begin(), table.end());
    Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    Sayings answers = read_answers(run_probe(arguments("outside", host.outside(), names_of(first)), null.get()).out);
    answers.merge(read_answers(run_probe(arguments("outside", host.outside(), {kStdinFolder}), host.folder()).out));
    const Traces traces;
    EXPECT_TRUE(traces.ready()) << "the neighbour on the bare host did not start";
    answers.merge(
        read_answers(run_probe(arguments("outside", host.outside(), names_of(neighbour_checks())), null.get()).out));
    return answers;
}

void judge(const std::string& name, const Said& inside, const Said& outside) {
    auto show = [](const Said& said) {
        const std::string state = said.state.empty() ? "NO ANSWER" : said.state;
        return said.detail.empty() ? state : state + " (" + said.detail + ")";
    };
    std::printf("%-44s inside: %-34s outside: %s\n", name.c_str(), show(inside).c_str(), show(outside).c_str());
    EXPECT_EQ(inside.state, "refused") << name << " inside a sandbox: " << show(inside);
    EXPECT_EQ(outside.state, "granted") << name << " cannot fail: outside it is " << show(outside);
}

void hold(const Host& host, const Sayings& outside, bool cgroups) {
    std::printf("--- uid %u, %s ---\n", ::geteuid(), cgroups ? "with the cgroups that it can have" : "without cgroups");
    Inside inside(host, cgroups);
    std::size_t count = 0;
    auto compare = [&](const Table& table, Sayings said, const char* note = "") {
        for (const Check& check : table) {
            ++count;
            judge(check.name + std::string(note), said[check.name],
                  outside.count(check.name) ? outside.at(check.name) : Said{});
        }
    };
    Table general;
    for (const auto& table : {file_checks(), process_checks(), kernel_checks(), network_checks(), information_checks()})
        general.insert(general.end(), table.begin(), table.end());
    Sayings said = inside.ask(general);
    said.merge(inside.ask_with_folder_as_stdin());
    compare(general, std::move(said));
    for (const Check& check : resource_checks()) compare({check}, inside.ask_for_too_much(check));
    compare(neighbour_checks(), inside.ask_beside_another(), " (beside)");
    compare(neighbour_checks(), inside.ask_after_another(), " (before)");
    EXPECT_GE(count, 60u);
}

void hold_with_and_without_cgroups() {
    const Host host;
    const Sayings outside = ask_outside(host);
    hold(host, outside, true);
    hold(host, outside, false);
}

// This program again, as an ordinary user with cgroups of its own where the host has any.
int run_as_ordinary_user() {
    auto gate = make_pipe();
    const pid_t pid = ::fork();
    if (pid == 0) {
        char go = 0;
        if (::read(gate->read.get(), &go, 1) != 1) ::_exit(70);
        if (::setgroups(0, nullptr) != 0 || ::setresgid(kOrdinary, kOrdinary, kOrdinary) != 0 ||
            ::setresuid(kOrdinary, kOrdinary, kOrdinary) != 0)
            ::_exit(70);
        ::execl("/proc/self/exe", "test_containment", "--gtest_filter=Containment.HoldsForThisUser", nullptr);
        ::_exit(70);
    }
    int status = 0;
    {
        const DelegatedCgroups cgroups(kOrdinary, pid);
        EXPECT_TRUE(write_all(gate->write.get(), "x"));
        ::waitpid(pid, &status, 0);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

// In a process of its own: it changes names, keys and limits of the caller.
TEST(Containment, HoldsForThisUser) { hold_with_and_without_cgroups(); }

TEST(Containment, HoldsForAnOrdinaryUser) {
    if (::geteuid() != 0) return;  // the test above was that
    EXPECT_EQ(run_as_ordinary_user(), 0);
}
