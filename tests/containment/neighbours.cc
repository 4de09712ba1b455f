// Neighbours: what another sandbox has, beside this one or before it in the same place.
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tests/containment/check.h"

namespace assay::containment {
namespace {

constexpr key_t kSegment = 0x0a55a7;
constexpr const char* kQueue = "/assay-neighbour";
constexpr const char* kFile = "/tmp/assay-neighbour";
constexpr const char* kSharedFile = "/dev/shm/assay-neighbour";
constexpr const char* kTitle = "assay-neighbour";
constexpr std::uint16_t kPort = 27182;

sockaddr_in place() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(kPort);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

sockaddr_un abstract_place() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path + 1, kTitle);
    return address;
}

template <class Address>
int with(const Address& address, int (*call)(int, const sockaddr*, socklen_t)) {
    const int fd = ::socket(reinterpret_cast<const sockaddr*>(&address)->sa_family, SOCK_STREAM, 0);
    const int result = call(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    if (call != ::connect && result == 0) ::listen(fd, 8);
    return result;
}

Answer see_process(const Facts&) {
    DIR* folder = ::opendir("/proc");
    if (folder == nullptr) return refused("no /proc");
    Answer answer = refused("none");
    while (const dirent* entry = ::readdir(folder))
        if (read_text(std::string("/proc/") + entry->d_name + "/comm") == std::string(kTitle) + "\n")
            answer = granted(entry->d_name);
    ::closedir(folder);
    return answer;
}

}  // namespace

int leave_traces(bool linger) {
    for (const char* path : {kFile, kSharedFile}) ::close(::open(path, O_WRONLY | O_CREAT, 0644));
    ::shmget(kSegment, 4096, IPC_CREAT | 0666);
    ::mq_open(kQueue, O_RDWR | O_CREAT, 0666, nullptr);
    const pid_t daemon = ::fork();
    if (daemon == 0) {
        ::setsid();
        ::prctl(PR_SET_NAME, kTitle);
        if (with(place(), ::bind) != 0 || with(abstract_place(), ::bind) != 0) ::_exit(1);
        std::puts("ready");
        std::fflush(stdout);
        for (int fd : {0, 1, 2}) ::close(fd);
        for (;;) ::pause();
    }
    std::printf("daemon %d\n", daemon);
    std::fflush(stdout);
    if (linger) ::waitpid(daemon, nullptr, 0);
    return 0;
}

void remove_traces() {
    ::unlink(kFile);
    ::unlink(kSharedFile);
    ::mq_unlink(kQueue);
    const int segment = ::shmget(kSegment, 0, 0);
    if (segment >= 0) ::shmctl(segment, IPC_RMID, nullptr);
}

Table neighbour_checks() {
    return {
        {"neighbours.file", [](const Facts&) { return can_open(kFile, O_RDONLY); }},
        {"neighbours.shared-memory-file", [](const Facts&) { return can_open(kSharedFile, O_RDONLY); }},
        {"neighbours.shared-memory-segment", [](const Facts&) { return outcome(::shmget(kSegment, 0, 0)); }},
        {"neighbours.message-queue", [](const Facts&) { return outcome(::mq_open(kQueue, O_RDONLY)); }},
        {"neighbours.process", see_process},
        {"neighbours.port", [](const Facts&) { return outcome(with(place(), ::connect)); }},
        {"neighbours.occupied-port",
         [](const Facts&) { return found(with(place(), ::bind) != 0, "the port is taken"); }},
        {"neighbours.abstract-socket", [](const Facts&) { return outcome(with(abstract_place(), ::connect)); }},
    };
}

}  // namespace assay::containment
