// Accepts connections on every listener, so many at a time.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <string>
#include <vector>

#include "tools/serve/connection.h"
#include "tools/serve/listen.h"

namespace assay::serve {

class Server {
 public:
    // `token` is asked of who comes by network.
    Server(boost::asio::io_context& reactor, Api& api, std::string token)
        : reactor_(reactor), api_(api), token_(std::move(token)) {}

    // Begins to accept. Connections run until the io_context is stopped.
    void add(Listener listener);
    [[nodiscard]] std::size_t connections() const noexcept { return connections_; }

 private:
    runtime::Task<void> accept(const Listener& listener);

    boost::asio::io_context& reactor_;
    Api& api_;
    const std::string token_;
    const Bounds bounds_{};
    std::vector<std::unique_ptr<Listener>> listeners_;
    std::atomic<std::size_t> connections_{0};
};

}  // namespace assay::serve
