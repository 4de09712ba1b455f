#include "bench/canned_server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <deque>
#include <map>

#include "bench/conduit.h"

namespace assay::bench {

namespace {

constexpr std::string_view kBeyond = "HTTP/1.1 500 Beyond the tape\r\nContent-Length: 0\r\n\r\n";

// The length of the first request in `text`; 0 when it is not whole yet.
std::size_t request_length(std::string_view text) {
    const auto end = text.find("\r\n\r\n");
    if (end == std::string_view::npos) return 0;
    std::size_t body = 0;
    constexpr std::string_view kLength = "\r\nContent-Length: ";
    const std::string_view head = text.substr(0, end);
    if (const auto at = head.find(kLength); at != std::string_view::npos)
        std::from_chars(head.data() + at + kLength.size(), head.data() + head.size(), body);
    const std::size_t whole = end + 4 + body;
    return text.size() < whole ? 0 : whole;
}

struct Peer {
    Fd socket;
    Speaker speaker;
    std::uint64_t serial;  // the descriptor's number may come again, this does not
    std::string received;
    std::string unsent;

    // Gives each whole request's answer to `say`. False: the connection is over. A read that leaves room has emptied
    // the socket, and what comes later is another event: no second read to be told so.
    template <typename Say>
    bool talk(Say say) {
        char chunk[65536];
        for (ssize_t got = sizeof chunk; got == sizeof chunk;) {
            got = ::recv(socket.get(), chunk, sizeof chunk, MSG_DONTWAIT);
            if (got < 0) return errno == EAGAIN;
            if (got == 0) return false;
            std::string_view text(chunk, static_cast<std::size_t>(got));
            if (!received.empty()) {
                received.append(text);
                text = received;
            }
            std::size_t done = 0;
            while (const std::size_t length = request_length(text.substr(done))) {
                if (!say(speaker(text.substr(done, length)))) return false;
                done += length;
            }
            if (done < text.size() || !received.empty()) received = std::string(text.substr(done));
        }
        return true;
    }
    bool send(std::string_view answer) {
        if (unsent.empty()) {
            const ssize_t sent = ::send(socket.get(), answer.data(), answer.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
            if (sent < 0 && errno != EAGAIN) return false;
            answer.remove_prefix(sent < 0 ? 0 : static_cast<std::size_t>(sent));
        }
        unsent.append(answer);
        return true;
    }
    bool flush() {
        const std::string rest = std::exchange(unsent, {});
        return rest.empty() || send(rest);
    }
};

// Answers that are due later, in the order of their time, since all wait equally long.
struct Late {
    Instant due;
    int peer;
    std::uint64_t serial;
    std::string answer;
};

}  // namespace

SpeakerFactory recording(Tape& tape) {
    return [&tape]() -> Speaker {
        return [&tape, conduit = std::make_shared<Conduit>()](std::string_view request) -> std::string_view {
            tape.requests.emplace_back(request);
            return tape.answers.emplace_back(conduit->answer(request));
        };
    };
}

SpeakerFactory replaying(std::shared_ptr<const Tape> tape) {
    return [tape = std::move(tape)]() -> Speaker {
        return [tape, next = std::size_t{0}](std::string_view) mutable -> std::string_view {
            return next < tape->answers.size() ? std::string_view(tape->answers[next++]) : kBeyond;
        };
    };
}

SpeakerFactory repeating(std::string answer) {
    return [shared = std::make_shared<const std::string>(std::move(answer))]() -> Speaker {
        return [shared](std::string_view) -> std::string_view { return *shared; };
    };
}

Result<std::unique_ptr<CannedServer>> CannedServer::start(SpeakerFactory make, Millis delay) {
    Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    if (!listener || ::bind(listener.get(), reinterpret_cast<sockaddr*>(&at), sizeof at) != 0 ||
        ::listen(listener.get(), 1024) != 0 ||
        ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&at), &size) != 0)
        return fail_errno(errno, "listen on loopback");
    Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
    Fd stop(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!epoll || !stop) return fail_errno(errno, "make epoll");
    for (const int raw : {listener.get(), stop.get()}) {
        epoll_event event{EPOLLIN, {.fd = raw}};
        if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, raw, &event) != 0) return fail_errno(errno, "add to epoll");
    }
    const std::uint16_t port = ntohs(at.sin_port);
    return std::unique_ptr<CannedServer>(
        new CannedServer(std::move(make), delay, std::move(listener), std::move(epoll), std::move(stop), port));
}

CannedServer::CannedServer(SpeakerFactory make, Millis delay, Fd listener, Fd epoll, Fd stop, std::uint16_t port)
    : make_(std::move(make)),
      delay_(delay),
      listener_(std::move(listener)),
      epoll_(std::move(epoll)),
      stop_(std::move(stop)),
      port_(port),
      thread_([this] { serve(); }) {}

CannedServer::~CannedServer() {
    const std::uint64_t one = 1;
    // An eventfd that is not full always takes it; the thread ends at the next turn.
    (void)!::write(stop_.get(), &one, sizeof one);
    thread_.join();
}

Micros CannedServer::cpu() {
    clockid_t clock{};
    timespec spent{};
    if (::pthread_getcpuclockid(thread_.native_handle(), &clock) != 0 || ::clock_gettime(clock, &spent) != 0)
        return Micros(0);
    return Micros(spent.tv_sec * 1'000'000 + spent.tv_nsec / 1000);
}

void CannedServer::serve() {
    std::map<int, Peer> peers;
    std::deque<Late> late;
    std::uint64_t serials = 0;
    epoll_event events[64];
    for (;;) {
        int patience = -1;
        if (!late.empty())
            patience = static_cast<int>(
                std::max(std::chrono::ceil<Millis>(late.front().due - Clock::now()), Millis(0)).count());
        const int ready = ::epoll_wait(epoll_.get(), events, 64, patience);
        for (int i = 0; i < ready; ++i) {
            const int raw = events[i].data.fd;
            if (raw == stop_.get()) return;
            if (raw == listener_.get()) {
                Fd socket(::accept4(raw, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
                if (!socket) continue;
                const int yes = 1;
                ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
                const int number = socket.get();
                epoll_event event{EPOLLIN | EPOLLOUT | EPOLLET, {.fd = number}};
                if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, number, &event) != 0) continue;
                peers.insert_or_assign(number, Peer{std::move(socket), make_(), ++serials, {}, {}});
                continue;
            }
            const auto found = peers.find(raw);
            if (found == peers.end()) continue;
            Peer& peer = found->second;
            const auto say = [&](std::string_view answer) {
                if (delay_.count() == 0) return peer.send(answer);
                late.push_back({Clock::now() + delay_, raw, peer.serial, std::string(answer)});
                return true;
            };
            const bool alive = (!(events[i].events & EPOLLOUT) || peer.flush()) && peer.talk(say);
            if (!alive) peers.erase(found);
        }
        most_waiting_ = std::max(most_waiting_.load(), late.size());
        for (; !late.empty() && late.front().due <= Clock::now(); late.pop_front()) {
            const auto peer = peers.find(late.front().peer);
            if (peer == peers.end() || peer->second.serial != late.front().serial) continue;
            if (!peer->second.send(late.front().answer)) peers.erase(peer);
        }
    }
}

}  // namespace assay::bench
