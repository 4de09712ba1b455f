#include "runtime/log_capture.h"

#include <fcntl.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <mutex>
#include <optional>

namespace assay::runtime {

struct LogCapture::Shared {
    struct Watched {
        std::string text;
        Event<bool> seen;
    };
    Shared(boost::asio::io_context& io, Fd read, std::size_t bytes)
        : context(io), descriptor(io, read.release()), keep(bytes) {}
    boost::asio::io_context& context;
    boost::asio::posix::stream_descriptor descriptor;
    std::size_t keep;
    std::mutex mutex;
    bool ended = false;
    std::string head;
    std::string tail;  // at most 2 * keep, cut to `keep` when it gets there
    std::uint64_t dropped = 0;
    std::optional<Watched> watched;

    // With the mutex held, after every change.
    void look() {
        if (!watched) return;
        const bool found = head.find(watched->text) != std::string::npos;
        if (!found && !ended) return;
        watched->seen.set(found);
        watched.reset();
    }

    void append(std::string_view bytes) {
        const std::size_t room = keep - std::min(keep, head.size());
        head.append(bytes.substr(0, room));
        bytes.remove_prefix(std::min(room, bytes.size()));
        if (bytes.size() > keep) {
            dropped += tail.size() + bytes.size() - keep;
            tail.assign(bytes.substr(bytes.size() - keep));
            return;
        }
        tail.append(bytes);
        if (tail.size() > 2 * keep) {
            dropped += tail.size() - keep;
            tail.erase(0, tail.size() - keep);
        }
    }
};

Result<LogCapture> LogCapture::start(Reactor& reactor, Bytes keep) {
    ASSAY_TRY(Pipe pipe, make_pipe());
    if (::fcntl(pipe.read.get(), F_SETFL, O_NONBLOCK) != 0) return fail_errno(errno, "capture log");
    LogCapture capture;
    capture.shared_ = std::make_shared<Shared>(reactor.context(), std::move(pipe.read), keep.count);
    capture.write_ = std::move(pipe.write);
    // From here on the descriptor belongs to the reactor thread, but for drain() under the mutex.
    boost::asio::post(reactor.context(), [shared = capture.shared_] { wait(shared); });
    return capture;
}

void LogCapture::wait(std::shared_ptr<Shared> shared) {
    auto& descriptor = shared->descriptor;
    descriptor.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                          [shared = std::move(shared)](const boost::system::error_code& error) mutable {
                              if (error) return;
                              {
                                  std::lock_guard lock(shared->mutex);
                                  drain(*shared);
                                  shared->look();
                                  if (shared->ended) return shared->descriptor.close();
                              }
                              wait(std::move(shared));
                          });
}

// At most 1 MiB a call: a flood must not hold the reactor.
void LogCapture::drain(Shared& shared) {
    char chunk[32 * 1024];
    for (int round = 0; round < 32 && !shared.ended; ++round) {
        ssize_t got = ::read(shared.descriptor.native_handle(), chunk, sizeof chunk);
        if (got > 0) {
            shared.append({chunk, static_cast<std::size_t>(got)});
        } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
            shared.ended = true;
        } else {
            return;
        }
    }
}

std::string LogCapture::text() const {
    std::lock_guard lock(shared_->mutex);
    if (!shared_->ended && shared_->descriptor.is_open()) drain(*shared_);
    std::string text = shared_->head;
    if (shared_->dropped != 0) text += "\n[... " + std::to_string(shared_->dropped) + " bytes not kept ...]\n";
    return text + shared_->tail;
}

Event<bool> LogCapture::watch_for(std::string text) const {
    Event<bool> seen(shared_->context);
    std::lock_guard lock(shared_->mutex);
    shared_->watched.emplace(Shared::Watched{std::move(text), seen});
    shared_->look();
    return seen;
}

std::string LogCapture::tail(std::size_t bytes) const {
    std::string all = text();
    if (all.size() > bytes) all.erase(0, all.size() - bytes);
    return all;
}

}  // namespace assay::runtime
