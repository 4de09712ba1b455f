// A server's output, bounded: the head and the tail are kept, what lies between is counted.
//
// Theory of operation: the write end of a pipe becomes the server's stdout and stderr; the reactor reads the
// other end for as long as the pipe lives, so a server that floods never blocks and never fills a disk. text()
// may be called from any thread at any time.
#pragma once

#include <memory>
#include <string>

#include "base/fd.h"
#include "base/units.h"
#include "runtime/event.h"
#include "runtime/reactor.h"

namespace assay::runtime {

class LogCapture {
 public:
    // `keep`: bytes kept of head and of tail, each.
    static Result<LogCapture> start(Reactor& reactor, Bytes keep);

    [[nodiscard]] int write_end() const noexcept { return write_.get(); }
    // The sandbox has its copy: without this the pipe never ends.
    void close_write_end() noexcept { write_.reset(); }
    // What is left in the pipe of a server that has ended is read before this returns.
    [[nodiscard]] std::string text() const;
    [[nodiscard]] std::string tail(std::size_t bytes) const;
    // True once `text` stands in what is kept of the output's head, false when the output ends without it. One call a
    // log.
    [[nodiscard]] Event<bool> watch_for(std::string text) const;

 private:
    struct Shared;
    static void wait(std::shared_ptr<Shared> shared);
    static void drain(Shared& shared);
    std::shared_ptr<Shared> shared_;
    Fd write_;
};

}  // namespace assay::runtime
