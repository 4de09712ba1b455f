// A server that says exactly what a test wants, byte for byte, and remembers what it was sent.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/fd.h"

namespace assay::http::testing {

struct Step {
    enum class Kind { send, pause, close, reset, half_close } kind;
    std::string bytes{};
    std::chrono::milliseconds time{0};
};
inline Step send(std::string bytes) { return {Step::Kind::send, std::move(bytes)}; }
inline Step pause(int milliseconds) { return {Step::Kind::pause, {}, std::chrono::milliseconds(milliseconds)}; }
inline Step close_it() { return {Step::Kind::close}; }
inline Step reset_it() { return {Step::Kind::reset}; }

using Answer = std::vector<Step>;          // to one request
using Conversation = std::vector<Answer>;  // on one connection: after the last answer it is left open
using Script = std::vector<Conversation>;  // one a connection, in order of acceptance

class RawServer {
 public:
    explicit RawServer(Script script, const char* address = "127.0.0.1") : script_(std::move(script)) {
        listener_ = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in at{};
        at.sin_family = AF_INET;
        ::inet_pton(AF_INET, address, &at.sin_addr);
        ::bind(listener_.get(), reinterpret_cast<sockaddr*>(&at), sizeof at);
        ::listen(listener_.get(), 16);
        socklen_t size = sizeof at;
        ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&at), &size);
        port_ = ntohs(at.sin_port);
        thread_ = std::thread([this] { serve(); });
    }
    ~RawServer() {
        over_ = true;
        thread_.join();
    }

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] std::string url(const std::string& path = "/x") const {
        return "http://127.0.0.1:" + std::to_string(port_) + path;
    }
    // Requests in order of arrival, each with the number of its connection in front: "0 GET /x HTTP/1.1\r\n..."
    std::vector<std::string> requests() {
        const std::lock_guard lock(mutex_);
        return requests_;
    }
    [[nodiscard]] int connections() const { return accepted_; }

 private:
    bool readable(int raw, int milliseconds) {
        pollfd wanted{raw, POLLIN, 0};
        return ::poll(&wanted, 1, milliseconds) > 0;
    }

    void serve() {
        std::vector<std::thread> talks;
        while (!over_) {
            if (!readable(listener_.get(), 5)) continue;
            Fd peer(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
            const int number = accepted_++;
            talks.emplace_back([this, number, held = std::move(peer)]() mutable { talk(std::move(held), number); });
        }
        for (std::thread& one : talks) one.join();
    }

    bool read_request(int raw, int number) {
        std::string text;
        char chunk[65536];
        std::size_t wanted = 0;
        while (wanted == 0 || text.size() < wanted) {
            while (!over_ && !readable(raw, 5)) {
            }
            const ssize_t got = over_ ? 0 : ::recv(raw, chunk, sizeof chunk, 0);
            if (got <= 0) return false;
            text.append(chunk, static_cast<std::size_t>(got));
            const auto end = text.find("\r\n\r\n");
            if (wanted != 0 || end == std::string::npos) continue;
            wanted = end + 4;
            const auto length = text.find("Content-Length: ");
            if (length < end) wanted += std::stoul(text.substr(length + 16));
        }
        const std::lock_guard lock(mutex_);
        requests_.push_back(std::to_string(number) + " " + text);
        return true;
    }

    void talk(Fd peer, int number) {
        const Conversation empty;
        const Conversation& lines =
            static_cast<std::size_t>(number) < script_.size() ? script_[static_cast<std::size_t>(number)] : empty;
        for (const Answer& answer : lines) {
            if (!read_request(peer.get(), number)) return;
            for (const Step& step : answer) {
                switch (step.kind) {
                    case Step::Kind::send:
                        ::send(peer.get(), step.bytes.data(), step.bytes.size(), MSG_NOSIGNAL);
                        break;
                    case Step::Kind::pause:
                        for (auto left = step.time; left.count() > 0 && !over_; left -= std::chrono::milliseconds(5))
                            std::this_thread::sleep_for(std::chrono::milliseconds(5));
                        break;
                    case Step::Kind::close: return;
                    case Step::Kind::half_close: ::shutdown(peer.get(), SHUT_WR); break;
                    case Step::Kind::reset: {
                        linger hard{1, 0};
                        ::setsockopt(peer.get(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
                        return;
                    }
                }
            }
        }
        while (read_request(peer.get(), number)) {
        }
    }

    Script script_;
    Fd listener_;
    std::uint16_t port_ = 0;
    std::atomic<bool> over_ = false;
    std::atomic<int> accepted_ = 0;
    std::mutex mutex_;
    std::vector<std::string> requests_;
    std::thread thread_;
};

}  // namespace assay::http::testing
