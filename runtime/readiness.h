// When is a server ready: its port accepts, and its health check answers 200.
//
// Rules, after the paper's pipeline (health check tried 5 times, then the suite is fired whatever it said):
// the port is polled tightly until it accepts; then GET `path` until 200. Five answers other than 200, or the
// deadline, end the wait; so does the end of the process tree, at once.
#pragma once

#include <cstdint>
#include <string>

#include "runtime/launchers.h"

namespace assay::runtime {

struct HealthCheck {
    std::string host = "conduit";  // of the Host header
    std::uint16_t port = 0;
    std::string path;        // empty: an accepting port is enough
    Millis deadline{25000};  // from the call; the paper waits 5 times 5 s
};

struct Readiness {
    enum class State {
        ready,      // health check answered 200 (or the port accepts and there is no health check)
        unhealthy,  // the port accepts, the health check never said 200
        silent,     // the deadline passed and nothing accepted
        exited      // the process tree ended before
    };
    State state = State::silent;
    Micros after{0};                // from the call to the end of the wait
    std::uint32_t last_status = 0;  // of the health check, 0 = none was answered
};

const char* to_string(Readiness::State state);

// Runs on the reactor. A fault only when the sandbox's sockets cannot be had.
Task<tl::expected<Readiness, Fault>> await_ready(Reactor& reactor, Sandbox& sandbox, const HealthCheck& check);

}  // namespace assay::runtime
