#include "sandbox/wire.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace assay::sandbox::wire {
namespace {

constexpr std::size_t kInline = 64 * 1024;  // well below the default SO_SNDBUF, so several fit
constexpr std::size_t kLargest = 64 * 1024 * 1024;

struct Header {
    std::uint32_t kind;
    std::uint32_t in_memory;  // 1: the body is in a memory file, the last descriptor
};

Result<Fd> memory_file(std::string_view body) {
    Fd file(::memfd_create("assay-message", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!file) return fail_errno(errno, "create memory file");
    while (!body.empty()) {
        ssize_t done = ::write(file.get(), body.data(), body.size());
        if (done < 0) return fail_errno(errno, "write memory file");
        body.remove_prefix(static_cast<std::size_t>(done));
    }
    if (::fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0)
        return fail_errno(errno, "seal memory file");
    return file;
}

Result<std::string> read_memory_file(int file) {
    struct stat info {};
    if (::fstat(file, &info) != 0) return fail_errno(errno, "stat memory file");
    if (info.st_size < 0 || static_cast<std::size_t>(info.st_size) > kLargest)
        return fail_errno(EMSGSIZE, "receive message");
    std::string body(static_cast<std::size_t>(info.st_size), '\0');
    for (std::size_t at = 0; at < body.size();) {
        ssize_t got = ::pread(file, body.data() + at, body.size() - at, static_cast<off_t>(at));
        if (got <= 0) return fail_errno(got < 0 ? errno : EIO, "read memory file");
        at += static_cast<std::size_t>(got);
    }
    return body;
}

}  // namespace

Result<void> send(int socket, Kind kind, std::string_view body, const std::vector<int>& fds, bool wait) {
    Header header{static_cast<std::uint32_t>(kind), 0};
    std::vector<int> beside = fds;
    Fd memory;
    if (body.size() > kInline) {
        ASSAY_TRY(memory, memory_file(body));
        beside.push_back(memory.get());
        header.in_memory = 1;
        body = {};
    }
    if (beside.size() > kMaxFds) return fail_errno(E2BIG, "send message", "too many descriptors");

    iovec parts[2] = {{&header, sizeof header}, {const_cast<char*>(body.data()), body.size()}};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMaxFds)];
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    if (!beside.empty()) {
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * beside.size());
        std::memset(control, 0, message.msg_controllen);
        cmsghdr* rights = CMSG_FIRSTHDR(&message);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(sizeof(int) * beside.size());
        std::memcpy(CMSG_DATA(rights), beside.data(), sizeof(int) * beside.size());
    }
    for (;;) {
        if (::sendmsg(socket, &message, MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT)) >= 0) return {};
        if (errno != EINTR) return fail_errno(errno, "send message");
    }
}

Result<Message> receive(int socket, bool wait) {
    Header header{};
    // Not on the stack: the launcher's is copied, page by page, into what it clones.
    auto body = std::make_unique_for_overwrite<char[]>(kInline);
    iovec parts[2] = {{&header, sizeof header}, {body.get(), kInline}};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMaxFds)];
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    ssize_t got;
    do {
        got = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
    } while (got < 0 && errno == EINTR);
    if (got < 0) return fail_errno(errno == ECONNRESET ? EPIPE : errno, "receive message");
    if (got == 0) return fail_errno(EPIPE, "receive message");

    Message result;
    for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
        std::size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int raw;
            std::memcpy(&raw, CMSG_DATA(c) + i * sizeof(int), sizeof raw);
            result.fds.emplace_back(raw);
        }
    }
    if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 || static_cast<std::size_t>(got) < sizeof header)
        return fail_errno(EMSGSIZE, "receive message");
    result.kind = static_cast<Kind>(header.kind);
    if (header.in_memory != 0) {
        if (result.fds.empty()) return fail_errno(EBADMSG, "receive message");
        ASSAY_TRY(result.body, read_memory_file(result.fds.back().get()));
        result.fds.pop_back();
    } else {
        result.body.assign(body.get(), static_cast<std::size_t>(got) - sizeof header);
    }
    return result;
}

}  // namespace assay::sandbox::wire
