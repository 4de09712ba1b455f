// Where the service listens: a unix socket that is its user's alone, or an address of the network.
#pragma once

#include <cstdint>
#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace assay::serve {

struct Address {
    std::string path;  // of a unix socket; empty: the network
    std::string host;
    std::string port;
    [[nodiscard]] bool network() const noexcept { return path.empty(); }
};

// "unix:PATH" or "HOST:PORT", also "[::1]:8080".
Result<Address> read_address(const std::string& text);

// A listening socket, non-blocking. A unix socket's file goes with it.
class Listener {
 public:
    // A unix socket's folder is made when it is missing, for its user alone. What a dead server left is replaced; a
    // live one is an error that names it.
    static Result<Listener> open(const Address& address);
    Listener(Listener&&) = default;
    Listener& operator=(Listener&&) = delete;
    ~Listener();

    [[nodiscard]] int fd() const noexcept { return socket_.get(); }
    [[nodiscard]] bool network() const noexcept { return path_.empty(); }
    // "unix:/run/user/1000/assay.sock", "http://127.0.0.1:8080" with the port that it got.
    [[nodiscard]] const std::string& name() const noexcept { return name_; }

 private:
    Listener() = default;
    static Result<Listener> open_unix(const std::string& path);
    static Result<Listener> open_network(const Address& address);

    Fd lock_;  // beside the unix socket: held while the server lives
    Fd socket_;
    std::string path_;
    std::string name_;
};

}  // namespace assay::serve
