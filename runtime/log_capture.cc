#include "runtime/log_capture.h"

#include <fcntl.h>

#include <algorithm>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <mutex>
#include <optional>
#include <utility>

namespace assay::runtime {

struct LogCapture::Shared {
    struct Watched {
        std::string text;
        Event<bool> seen;
    };
    Shared(boost::asio::io_context& io, Fd read_end, std::size_t bytes)
        : context(io), descriptor(io, read_end.release()), keep(bytes) {}
    boost::asio::io_context& context;
    boost::asio::posix::stream_descriptor descriptor;
    std::size_t keep;
    std::mutex mutex;
    bool ended = false;
    std::string head;
    std::string tail;  // at most 2 * keep, cut to `keep` when it gets there
    std::uint64_t dropped = 0;
    std::uint64_t read = 0;
    std::uint64_t most = 0;
    std::function<void()> met;
    std::optional<Watched> watched;

    // With the mutex held, after every change.
    void look() {
        if (!watched) return;
        const bool found = head.find(watched->text) != std::string::npos;
        if (!found && !ended) return;
        watched->seen.set(found);
        watched.reset();
    }

    // With the mutex held.
    [[nodiscard]] bool over() const { return most != 0 && read > most; }
    // With the mutex held, after every change. Once; what is returned is to be called without it.
    [[nodiscard]] std::function<void()> check_limit() {
        return over() ? std::exchange(met, {}) : std::function<void()>();
    }

    void append(std::string_view bytes) {
        read += bytes.size();
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
                              std::function<void()> met;
                              bool ended = false;
                              {
                                  std::lock_guard lock(shared->mutex);
                                  drain(*shared);
                                  shared->look();
                                  met = shared->check_limit();
                                  ended = shared->ended;
                                  if (ended) shared->descriptor.close();
                              }
                              if (met) met();
                              if (ended) return;
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

void LogCapture::limit(Bytes most, std::function<void()> met) const {
    std::function<void()> now;
    {
        std::lock_guard lock(shared_->mutex);
        shared_->most = most.count;
        shared_->met = std::move(met);
        now = shared_->check_limit();
    }
    if (now) now();
}

bool LogCapture::met_limit() const {
    std::lock_guard lock(shared_->mutex);
    return shared_->over();
}

Bytes LogCapture::read() const {
    std::lock_guard lock(shared_->mutex);
    return Bytes{shared_->read};
}

Event<bool> LogCapture::watch_for(std::string text) const {
    Event<bool> seen(shared_->context);
    std::lock_guard lock(shared_->mutex);
    shared_->watched.emplace(Shared::Watched{std::move(text), seen});
    shared_->look();
    return seen;
}

void add_output(const LogCapture& log, sandbox::Exit& exit) {
    exit.usage.output = log.read();
    auto& hits = exit.limits_hit;
    if (log.met_limit() && std::find(hits.begin(), hits.end(), "output") == hits.end()) hits.emplace_back("output");
}

std::string LogCapture::tail(std::size_t bytes) const {
    std::string all = text();
    if (all.size() > bytes) all.erase(0, all.size() - bytes);
    return all;
}

}  // namespace assay::runtime
