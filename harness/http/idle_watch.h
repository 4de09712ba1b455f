// Ends what waits on a socket after a time of silence: Node's socket.setTimeout, one timer for a client's life.
//
// Re-arming a timer for each read would cost a cancel and a wait a request. Instead touch() only moves the deadline;
// the one pending wait, when it fires early, waits on for the rest. So a finished request leaves a wait behind, which
// holds the io_context until it fires or the watch is destroyed.
//
// A limit on one exchange as a whole, where there is one, is the latest that the deadline can move to.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <memory>

#include "base/units.h"
#include "harness/http/client.h"

namespace assay::http {

class IdleWatch {
 public:
    // `idle` 0 = never.
    IdleWatch(const LaneExecutor& executor, Millis idle);
    ~IdleWatch();
    IdleWatch(const IdleWatch&) = delete;
    IdleWatch& operator=(const IdleWatch&) = delete;

    // The next exchange ends after `most` at the latest, from now; 0 = no such limit.
    void limit(Millis most);
    // How long to wait for a connection now; 0 = without end.
    [[nodiscard]] Millis patience() const;

    // From now on silence counts; when it is too long, `socket`'s pending operations are cancelled.
    void watch(Socket& socket);
    void touch();  // something moved
    void stop();   // the socket may go away

    // Whether silence ended the last operation. An operation that completed in the same instant has won.
    [[nodiscard]] bool expired() const noexcept { return shared_->expired; }

 private:
    using Timer = boost::asio::basic_waitable_timer<Clock, boost::asio::wait_traits<Clock>, LaneExecutor>;
    // The pending wait's handler outlives the watch when both go in the same turn of the io_context.
    struct Shared {
        explicit Shared(const LaneExecutor& executor) : timer(executor) {}
        Timer timer;
        Socket* socket = nullptr;  // null: nothing is watched
        Instant deadline{};
        unsigned pending = 0;  // waits whose handlers are still to come
        bool expired = false;
    };
    static void arm(const std::shared_ptr<Shared>& shared);

    [[nodiscard]] bool watches() const noexcept { return idle_.count() > 0 || latest_ != Instant::max(); }

    Millis idle_;
    Instant latest_ = Instant::max();
    std::shared_ptr<Shared> shared_;
};

}  // namespace assay::http
