// A server's output, bounded: the head and the tail are kept, what lies between is counted.
//
// Theory of operation: the write end of a pipe becomes the server's stdout and stderr; the reactor reads the
// other end for as long as the pipe lives, so a server that floods never blocks and never fills a disk. What it costs
// to read is bounded by a limit of bytes, whose owner is told once. text() may be called from any thread at any time.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/fd.h"
#include "base/units.h"
#include "runtime/event.h"
#include "runtime/reactor.h"
#include "sandbox/spec.h"

namespace assay::runtime {

class LogCapture {
 public:
    // `keep`: bytes kept of head and of tail, each.
    static Result<LogCapture> start(Reactor& reactor, Bytes keep);

    [[nodiscard]] int write_end() const noexcept { return write_.get(); }
    // The sandbox has its copy: without this the pipe never ends.
    void close_write_end() noexcept { write_.reset(); }
    // `met` is called once, when more than `most` bytes have come (0 = never): on the reactor thread, or in this call.
    // One call a log.
    void limit(Bytes most, std::function<void()> met) const;
    [[nodiscard]] bool met_limit() const;
    [[nodiscard]] Bytes read() const;  // in all, kept or not
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

// Into the account of who wrote it: the bytes, and the limit, where its end came before ours.
void add_output(const LogCapture& log, sandbox::Exit& exit);

}  // namespace assay::runtime
