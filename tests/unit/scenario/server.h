// An HTTP/1.1 server for scenario tests: a function from request to answer, and what it was asked.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/fd.h"

namespace assay::harness::testing {

struct Asked {
    std::string method;
    std::string target;
    std::string head;  // request line and fields
    std::string body;
};

inline std::string answer(int code, std::string body, std::string fields = "Content-Type: application/json\r\n") {
    return "HTTP/1.1 " + std::to_string(code) + (code == 200 ? " OK" : " Other") + "\r\n" + fields +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

class Server {
 public:
    // An empty answer is silence.
    using Handler = std::function<std::string(const Asked&)>;

    explicit Server(Handler handler) : handler_(std::move(handler)) {
        listener_ = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        ::bind(listener_.get(), reinterpret_cast<sockaddr*>(&at), sizeof at);
        ::listen(listener_.get(), 16);
        socklen_t size = sizeof at;
        ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&at), &size);
        port_ = ntohs(at.sin_port);
        thread_ = std::thread([this] { accept_all(); });
    }
    ~Server() {
        over_ = true;
        thread_.join();
    }

    [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
    std::vector<Asked> asked() {
        const std::lock_guard lock(mutex_);
        return asked_;
    }
    std::string targets() {
        std::string text;
        for (const auto& each : asked()) text += (text.empty() ? "" : " ") + each.method + " " + each.target;
        return text;
    }

 private:
    bool readable(int raw) {
        pollfd wanted{raw, POLLIN, 0};
        while (!over_) {
            if (::poll(&wanted, 1, 5) > 0) return true;
        }
        return false;
    }
    void accept_all() {
        std::vector<std::thread> talks;
        while (readable(listener_.get())) {
            Fd peer(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
            talks.emplace_back([this, held = std::move(peer)] { talk(held.get()); });
        }
        for (auto& talk : talks) talk.join();
    }
    void talk(int raw) {
        std::string text;
        char chunk[65536];
        for (;;) {
            const auto end = text.find("\r\n\r\n");
            std::size_t wanted = end == std::string::npos ? std::string::npos : end + 4;
            if (const auto length = text.find("Content-Length: "); length < end) {
                wanted += std::stoul(text.substr(length + 16));
            }
            if (end == std::string::npos || text.size() < wanted) {
                const ssize_t got = readable(raw) ? ::recv(raw, chunk, sizeof chunk, 0) : 0;
                if (got <= 0) return;
                text.append(chunk, static_cast<std::size_t>(got));
                continue;
            }
            Asked asked;
            asked.head = text.substr(0, end + 2);
            asked.body = text.substr(end + 4, wanted - end - 4);
            asked.method = text.substr(0, text.find(' '));
            const auto begin = asked.method.size() + 1;
            asked.target = text.substr(begin, text.find(' ', begin) - begin);
            text.erase(0, wanted);
            {
                const std::lock_guard lock(mutex_);
                asked_.push_back(asked);
            }
            const auto reply = handler_(asked);
            ::send(raw, reply.data(), reply.size(), MSG_NOSIGNAL);
        }
    }

    Handler handler_;
    Fd listener_;
    std::uint16_t port_ = 0;
    std::atomic<bool> over_ = false;
    std::mutex mutex_;
    std::vector<Asked> asked_;
    std::thread thread_;
};

}  // namespace assay::harness::testing
