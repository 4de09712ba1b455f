#include "tests/containment/host.h"

#include <fcntl.h>
#include <linux/keyctl.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>

namespace assay::containment {

namespace fs = std::filesystem;

namespace {

constexpr const char* kMark = "assay-containment";
constexpr const char* kDomain = "assay-containment.test";

void must(bool good, const char* step) {
    if (!good) throw std::runtime_error(std::string(step) + ": " + std::strerror(errno));  // NOLINT: one thread
}

// Listening, with its address chosen by the kernel where the caller left it open.
template <class Address>
Fd listen_on(Address& address, std::size_t size) {
    auto* plain = reinterpret_cast<sockaddr*>(&address);
    Fd socket(::socket(plain->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    must(::bind(socket.get(), plain, static_cast<socklen_t>(size)) == 0, "bind");
    must(::listen(socket.get(), 64) == 0, "listen");
    auto length = static_cast<socklen_t>(sizeof address);
    must(::getsockname(socket.get(), plain, &length) == 0, "getsockname");
    return socket;
}

// What only root can set up: names and limits that a launcher would inherit.
void make_names_and_limits() {
    if (::geteuid() != 0) return;
    must(::unshare(CLONE_NEWUTS) == 0, "unshare uts namespace");
    must(::sethostname(kMark, std::strlen(kMark)) == 0, "sethostname");
    must(::setdomainname(kDomain, std::strlen(kDomain)) == 0, "setdomainname");
    // Root of a container may lack the right; then there is nothing that could be inherited.
    const rlimit realtime{10, 10};
    const rlimit nice{40, 40};
    static_cast<void>(::setrlimit(RLIMIT_RTPRIO, &realtime));
    static_cast<void>(::setrlimit(RLIMIT_NICE, &nice));
}

// In a session keyring of its own, which a launcher inherits; read rights for the whole user.
void make_key() {
    if (::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr) < 0) return;  // a kernel without keys
    const long key = ::syscall(SYS_add_key, "user", kMark, "secret", 6, KEY_SPEC_SESSION_KEYRING);
    must(key >= 0, "add key");
    must(::syscall(SYS_keyctl, KEYCTL_SETPERM, key, 0x3f3f0000) == 0, "open key to its user");
}

}  // namespace

std::string probe_path() { return std::string(ASSAY_BINARY_DIR) + "/bin/containment-probe"; }

Host::Host() {
    make_names_and_limits();
    make_key();
    make_files();
    make_sockets();
    make_victim();
    utsname names{};
    ::uname(&names);
    outside_["mark"] = kMark;
    outside_["host"] = names.nodename;
    outside_["domain"] = kDomain;
    outside_["oom_score_adj"] = read_text("/proc/self/oom_score_adj");
    ::setenv("ASSAY_CONTAINMENT_SECRET", kMark, 1);  // NOLINT(concurrency-mt-unsafe): one thread
}

Host::~Host() {
    if (victim_ > 0) {
        ::kill(victim_, SIGKILL);
        ::waitpid(victim_, nullptr, 0);
    }
    std::error_code error;
    fs::remove_all(folder_, error);
}

void Host::make_files() {
    char name[] = "/tmp/assay-containment.XXXXXX";
    must(::mkdtemp(name) != nullptr, "make folder");
    folder_ = name;
    must(::chmod(name, 0755) == 0, "open folder");
    folder_fd_ = Fd(::open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    must(static_cast<bool>(write_file_at(folder_fd_.get(), "secret", "of the host")), "write secret");
    for (const char* scratch : {"tmp", "home", "work", "shm"}) {
        fs::create_directory(folder_ + "/" + scratch);
        outside_[scratch] = folder_ + "/" + scratch;
    }
    outside_["secret"] = folder_ + "/secret";
    outside_["stage"] = folder_ + "/secret";
    inherited_ = Fd(::fcntl(folder_fd_.get(), F_DUPFD, 77));  // without close-on-exec
}

void Host::make_sockets() {
    sockaddr_in inet{};
    inet.sin_family = AF_INET;
    inet.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listeners_.push_back(listen_on(inet, sizeof inet));
    outside_["port"] = std::to_string(ntohs(inet.sin_port));

    sockaddr_un abstract{};
    abstract.sun_family = AF_UNIX;
    std::strcpy(abstract.sun_path + 1, kMark);
    listeners_.push_back(listen_on(abstract, offsetof(sockaddr_un, sun_path) + 1 + std::strlen(kMark)));

    sockaddr_un door{};
    door.sun_family = AF_UNIX;
    const std::string path = folder_ + "/door";
    std::strcpy(door.sun_path, path.c_str());
    listeners_.push_back(listen_on(door, sizeof door));
    outside_["door"] = path;
}

// Its command line and environment carry the mark. exec, so that they are its own.
void Host::make_victim() {
    victim_ = ::fork();
    must(victim_ >= 0, "fork");
    if (victim_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        const std::string secret = std::string("SECRET=") + kMark;
        const char* environment[] = {secret.c_str(), nullptr};
        const std::string name = std::string(kMark) + ".victim";
        ::execle(probe_path().c_str(), "probe", "wait", name.c_str(), nullptr, environment);
        ::_exit(127);
    }
    outside_["victim"] = std::to_string(victim_);
}

Facts Host::inside() const {
    Facts facts = outside_;
    facts["tmp"] = "/tmp";
    facts["home"] = "/home/user";
    facts["work"] = "/app";
    facts["shm"] = "/dev/shm";
    facts["stage"] = "/.assay/stage/secret";
    return facts;
}

DelegatedCgroups::DelegatedCgroups(uid_t uid, pid_t pid) {
    const std::string name = std::string(kMark) + "." + std::to_string(pid);
    std::error_code error;
    for (const char* hierarchy : {"", "/memory", "/pids", "/cpu", "/cpuacct", "/cpu,cpuacct", "/unified"}) {
        const std::string root = std::string("/sys/fs/cgroup") + hierarchy;
        if (!fs::exists(root + "/cgroup.procs", error)) continue;
        const bool unified = fs::exists(root + "/cgroup.controllers", error);
        if (unified)
            for (const char* controller : {"+memory", "+pids", "+cpu"})
                static_cast<void>(write_file_at(AT_FDCWD, root + "/cgroup.subtree_control", controller));
        const std::string folder = root + "/" + name;
        // v2 hands controllers down only from a cgroup without processes: the process goes one below.
        const std::string own = unified ? folder + "/own" : folder;
        if (!fs::create_directory(folder, error)) continue;
        folders_.insert(folders_.begin(), folder);
        if (unified && fs::create_directory(own, error)) folders_.insert(folders_.begin(), own);
        for (const auto& given : {folder, own}) {
            static_cast<void>(::chown(given.c_str(), uid, uid));
            for (const char* file : {"/cgroup.procs", "/tasks", "/cgroup.subtree_control", "/cgroup.threads"})
                static_cast<void>(::chown((given + file).c_str(), uid, uid));
        }
        must(static_cast<bool>(write_file_at(AT_FDCWD, own + "/cgroup.procs", std::to_string(pid))), "enter cgroup");
    }
}

DelegatedCgroups::~DelegatedCgroups() {
    for (const std::string& folder : folders_) ::rmdir(folder.c_str());
}

Ran run_probe(const std::vector<std::string>& arguments, int in) {
    auto pipe = make_pipe();
    std::vector<char*> argv;
    const std::string program = probe_path();
    argv.push_back(const_cast<char*>(program.c_str()));
    for (const std::string& each : arguments) argv.push_back(const_cast<char*>(each.c_str()));
    argv.push_back(nullptr);
    Ran ran;
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::dup2(in, 0);
        ::dup2(pipe->write.get(), 1);
        ::execv(argv[0], argv.data());
        ::_exit(127);
    }
    pipe->write.reset();
    ran.out = read_all(pipe->read.get()).value_or("");
    ::waitpid(pid, &ran.status, 0);
    return ran;
}

Traces::Traces() {
    auto pipe = make_pipe();
    const std::string program = probe_path();
    probe_ = ::fork();
    if (probe_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::dup2(pipe->write.get(), 1);
        ::execl(program.c_str(), program.c_str(), "linger", nullptr);
        ::_exit(127);
    }
    pipe->write.reset();
    std::string said;
    char chunk[256];
    while (said.find("ready\n") == std::string::npos || said.find("daemon ") == std::string::npos) {
        const ssize_t got = ::read(pipe->read.get(), chunk, sizeof chunk);
        if (got <= 0) return;
        said.append(chunk, static_cast<std::size_t>(got));
    }
    daemon_ = std::atoi(said.c_str() + said.find("daemon ") + 7);
}

Traces::~Traces() {
    if (daemon_ > 0) ::kill(daemon_, SIGKILL);
    if (probe_ > 0) ::waitpid(probe_, nullptr, 0);
    static_cast<void>(run_probe({"clean"}, 0));
}

}  // namespace assay::containment
