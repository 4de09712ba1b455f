#include "sandbox/launcher.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "sandbox/remedy.h"
#include "sandbox/seccomp.h"
#include "sandbox/wire.h"

namespace assay::sandbox {
namespace {

constexpr int kControlFd = 3;      // where assay-launcher expects its socket
constexpr int kPatience = 10'000;  // milliseconds that a closing launcher gets

Error from_wire(const wire::Failure& failure) {
    Error error{failure.step, failure.code, failure.detail, {}};
    error.remedy = remedy_for(error);
    return error;
}

RefusedCall with_name(const wire::RefusedCall& call) {
    const char* error = ::strerrorname_np(call.error);
    RefusedCall named;
    named.call = call.number == -1 ? "other" : call_name(call.arch, call.number);
    if (call.told_apart) named.argument = call.argument;
    if (call.error != 0 && error != nullptr) named.error = error;
    named.count = call.count;
    return named;
}

Exit with_names(wire::End end) {
    for (const wire::RefusedCall& call : end.refused) end.exit.refused_calls.push_back(with_name(call));
    return std::move(end.exit);
}

struct SpawnSetup {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    SpawnSetup() {
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawnattr_init(&attributes);
    }
    SpawnSetup(const SpawnSetup&) = delete;
    SpawnSetup& operator=(const SpawnSetup&) = delete;
    ~SpawnSetup() {
        ::posix_spawn_file_actions_destroy(&actions);
        ::posix_spawnattr_destroy(&attributes);
    }
};

// Starts assay-launcher with `socket` as descriptor 3, an environment of our own, a session of its own (the terminal's
// signals are assay's to handle) and default signal handling.
Result<pid_t> spawn(const std::string& program, int socket) {
    SpawnSetup setup;
    for (int fd = 0; fd < 3; ++fd) ::posix_spawn_file_actions_addopen(&setup.actions, fd, "/dev/null", O_RDWR, 0);
    ::posix_spawn_file_actions_adddup2(&setup.actions, socket, kControlFd);
    sigset_t none;
    sigset_t all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&setup.attributes, &none);
    ::posix_spawnattr_setsigdefault(&setup.attributes, &all);
    ::posix_spawnattr_setflags(&setup.attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
    char name[] = "assay-launcher";
    char* argv[] = {name, nullptr};
    // Without rseq: the kernel would write to that page of every init, and copy it for that.
    char tunables[] = "GLIBC_TUNABLES=glibc.pthread.rseq=0";
    char* envp[] = {tunables, nullptr};
    pid_t pid = -1;
    int code = ::posix_spawn(&pid, program.c_str(), &setup.actions, &setup.attributes, argv, envp);
    if (code != 0) {
        Error error{code == ENOENT ? "find launcher" : "start launcher", code, program, {}};
        error.remedy = remedy_for(error);
        return tl::unexpected(std::move(error));
    }
    return pid;
}

}  // namespace

struct Launcher::State {
    Fd socket;
    Fd stage;
    pid_t pid = -1;
    Fd pidfd;
    unsigned uid = 0;
    unsigned gid = 0;
    SandboxId last_id = 0;

    ~State() {
        socket.reset();
        if (pid <= 0) return;
        pollfd gone{pidfd.get(), POLLIN, 0};
        int ready;
        do {
            ready = ::poll(&gone, 1, kPatience);
        } while (ready < 0 && errno == EINTR);
        if (ready == 0) ::kill(pid, SIGKILL);  // every init dies with it
        while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
        }
    }
};

Result<Launcher> Launcher::start(const RootPlan& plan, const Options& options) {
    const auto& policies = compiled_policies();
    if (!policies) return tl::unexpected(policies.error());

    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) return fail_errno(errno, "make socket");
    Fd theirs(pair[1]);
    Launcher launcher(new State{});
    State& state = *launcher.state_;
    state.socket = Fd(pair[0]);
    ASSAY_TRY(state.pid, spawn(options.program, theirs.get()));
    theirs.reset();
    state.pidfd = Fd(static_cast<int>(::syscall(SYS_pidfd_open, state.pid, 0)));
    if (!state.pidfd) return fail_errno(errno, "watch launcher");

    wire::Hello hello;
    hello.plan = plan;
    hello.cgroups = options.cgroups;
    hello.net_pool = options.net_pool;
    hello.base_filter = policies->base;
    hello.base_reporting = policies->base_reporting;
    hello.looked_at = policies->looked_at;
    for (const CompiledPolicy& policy : policies->policies) hello.filters.push_back({policy.name, policy.program});
    ASSAY_CHECK(wire::send(state.socket.get(), wire::Kind::hello, wire::encode(hello), {}, true));
    auto answer = wire::receive(state.socket.get(), true);
    if (!answer) return fail("start launcher", "it ended without a word: " + answer.error().to_string());
    if (answer->kind == wire::Kind::refused) {
        ASSAY_TRY(auto failure, wire::decode<wire::Failure>(answer->body));
        return tl::unexpected(from_wire(failure));
    }
    if (answer->kind != wire::Kind::ready || answer->fds.size() != 1)
        return fail("start launcher", "unexpected answer");
    ASSAY_TRY(auto ready, wire::decode<wire::Ready>(answer->body));
    state.stage = std::move(answer->fds[0]);
    state.uid = ready.outer_uid;
    state.gid = ready.outer_gid;
    return launcher;
}

Launcher::Launcher(Launcher&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
Launcher& Launcher::operator=(Launcher&& other) noexcept {
    if (this != &other) {
        delete state_;
        state_ = std::exchange(other.state_, nullptr);
    }
    return *this;
}
Launcher::~Launcher() { delete state_; }

int Launcher::fd() const noexcept { return state_->socket.get(); }
int Launcher::pid() const noexcept { return state_->pid; }
int Launcher::stage() const noexcept { return state_->stage.get(); }
unsigned Launcher::outer_uid() const noexcept { return state_->uid; }
unsigned Launcher::outer_gid() const noexcept { return state_->gid; }

Result<SandboxId> Launcher::launch(const Spec& spec, const Stdio& stdio) {
    wire::Launch request;
    request.id = ++state_->last_id;
    request.spec = spec;
    std::vector<int> fds;
    const int all[3] = {stdio.in, stdio.out, stdio.err};
    for (int i = 0; i < 3; ++i) {
        if (all[i] < 0) continue;
        struct stat info {};
        if (::fstat(all[i], &info) == 0 && S_ISDIR(info.st_mode))
            return fail_errno(EISDIR, "launch", "standard input or output is a folder: a way out of the sandbox",
                              "redirect it from a file, a pipe or /dev/null");
        request.stdio = static_cast<std::uint8_t>(request.stdio | 1 << i);
        fds.push_back(all[i]);
    }
    ASSAY_CHECK(wire::send(state_->socket.get(), wire::Kind::launch, wire::encode(request), fds, true));
    return request.id;
}

Result<void> Launcher::open_sockets(SandboxId id, std::uint32_t count) {
    return wire::send(state_->socket.get(), wire::Kind::open_sockets, wire::encode(wire::SocketCount{id, count}), {},
                      true);
}

Result<void> Launcher::look(SandboxId id) {
    return wire::send(state_->socket.get(), wire::Kind::look, wire::encode(wire::Name{id}), {}, true);
}

Result<void> Launcher::kill(SandboxId id, const std::string& limit) {
    return wire::send(state_->socket.get(), wire::Kind::kill, wire::encode(wire::Kill{id, limit}), {}, true);
}

Result<std::optional<Reply>> Launcher::receive() {
    auto message = wire::receive(state_->socket.get(), false);
    if (!message) {
        if (message.error().code == EAGAIN) return std::optional<Reply>();
        return fail("talk to launcher", "it has ended: " + message.error().to_string());
    }
    switch (message->kind) {
        case wire::Kind::launched: {
            ASSAY_TRY(auto name, wire::decode<wire::Name>(message->body));
            if (message->fds.empty()) return fail("talk to launcher", "a launch without its pidfd");
            Launched launched;
            launched.id = name.id;
            launched.pidfd = std::move(message->fds[0]);
            message->fds.erase(message->fds.begin());
            launched.sockets = std::move(message->fds);
            return std::optional<Reply>(std::move(launched));
        }
        case wire::Kind::launch_failed: {
            ASSAY_TRY(auto failure, wire::decode<wire::Failure>(message->body));
            return std::optional<Reply>(LaunchFailed{failure.id, from_wire(failure), failure.program});
        }
        case wire::Kind::sockets: {
            ASSAY_TRY(auto name, wire::decode<wire::Name>(message->body));
            return std::optional<Reply>(Sockets{name.id, std::move(message->fds)});
        }
        case wire::Kind::used: {
            ASSAY_TRY(auto used, wire::decode<wire::Used>(message->body));
            return std::optional<Reply>(Used{used.id, used.known ? std::optional<Usage>(used.usage) : std::nullopt});
        }
        case wire::Kind::call_refused: {
            ASSAY_TRY(auto refused, wire::decode<wire::CallRefused>(message->body));
            return std::optional<Reply>(CallRefused{refused.id, with_name(refused.call)});
        }
        case wire::Kind::main_ended: {
            ASSAY_TRY(auto end, wire::decode<wire::End>(message->body));
            const SandboxId id = end.id;
            return std::optional<Reply>(MainEnded{id, with_names(std::move(end))});
        }
        case wire::Kind::ended: {
            ASSAY_TRY(auto end, wire::decode<wire::End>(message->body));
            const SandboxId id = end.id;
            return std::optional<Reply>(Ended{id, with_names(std::move(end))});
        }
        default: return fail("talk to launcher", "unexpected message");
    }
}

}  // namespace assay::sandbox
