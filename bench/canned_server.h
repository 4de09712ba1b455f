// An HTTP server on this host's loopback for benches: one thread, epoll, as little work a request as can be.
//
// Each connection has a Speaker of its own, made when it is accepted, which answers its requests in order. Live: a
// Conduit of its own, so every run finds an empty database. Replaying: the answers of a recorded run by position,
// which costs the server next to nothing. A server may be told to be slow: each answer then leaves a fixed time after
// its request came, and any number of them may be due at once. The server's thread ends with the object.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "base/units.h"

namespace assay::bench {

// A whole request to a whole answer; the view lives until the next call. Called on the server's thread.
using Speaker = std::function<std::string_view(std::string_view request)>;
using SpeakerFactory = std::function<Speaker()>;

// One run's requests and answers, in order, byte for byte.
struct Tape {
    std::vector<std::string> requests;
    std::vector<std::string> answers;
};

// Answers as a Conduit would, and appends all it hears and says to `tape`, which must outlive the server.
SpeakerFactory recording(Tape& tape);
// Answers as on the tape; what goes beyond it gets a 500.
SpeakerFactory replaying(std::shared_ptr<const Tape> tape);

// One answer to whatever is asked.
SpeakerFactory repeating(std::string answer);

class CannedServer {
 public:
    // `delay`: between a request and its answer; 0 = none.
    static Result<std::unique_ptr<CannedServer>> start(SpeakerFactory make, Millis delay = Millis(0));
    ~CannedServer();
    CannedServer(const CannedServer&) = delete;
    CannedServer& operator=(const CannedServer&) = delete;

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] Micros cpu();  // of its thread, so far
    // The most answers that were due at the same time, so far; 0 without a delay.
    [[nodiscard]] std::size_t most_waiting() const noexcept { return most_waiting_; }

 private:
    CannedServer(SpeakerFactory make, Millis delay, Fd listener, Fd epoll, Fd stop, std::uint16_t port);
    void serve();

    SpeakerFactory make_;
    Millis delay_;
    std::atomic<std::size_t> most_waiting_ = 0;
    Fd listener_, epoll_, stop_;
    std::uint16_t port_;
    std::thread thread_;
};

}  // namespace assay::bench
