#include "harness/collect/stream.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <string_view>
#include <thread>

namespace assay::collect {

struct JournalStream::State {
    Fd journal;  // at what the reader has not got yet
    Fd reader;
    Pipe stop;  // its writing end is closed when the thread shall end
    std::string name;

    std::mutex mutex;
    std::condition_variable changed;
    bool more = false;  // lines were written since the thread last looked
    bool idle = true;   // the reader has everything that was there when the thread last looked
    bool stopping = false;
    std::optional<Error> gone;
    std::thread thread;

    void run() {
        ::pthread_setname_np(::pthread_self(), "stream");
        // A reader that went away is an error of write here, and not the end of the program.
        sigset_t pipe;
        sigemptyset(&pipe);
        sigaddset(&pipe, SIGPIPE);
        ::pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
        std::unique_lock lock(mutex);
        for (;;) {
            changed.wait(lock, [this] { return more || stopping; });
            if (stopping) return;
            more = false;
            lock.unlock();
            auto copied = copy();
            lock.lock();
            if (!copied) gone = copied.error();
            idle = !more;
            changed.notify_all();
            if (gone) return;
        }
    }

    // All that the journal has beyond what the reader got.
    Result<void> copy() {
        std::array<char, 64 * 1024> block;
        for (;;) {
            const ssize_t got = ::read(journal.get(), block.data(), block.size());
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return fail_errno(errno, "read journal for stream");
            if (got == 0) return {};
            ASSAY_CHECK(send({block.data(), static_cast<std::size_t>(got)}));
        }
    }

    // A pipe that polls as writable takes PIPE_BUF bytes without waiting, so a reader that stands still cannot keep the
    // thread. (The descriptor may be shared with other programs: it must not be made non-blocking.)
    Result<void> send(std::string_view bytes) {
        while (!bytes.empty()) {
            std::array<pollfd, 2> watched = {{{reader.get(), POLLOUT, 0}, {stop.read.get(), POLLIN, 0}}};
            if (::poll(watched.data(), watched.size(), -1) < 0) {
                if (errno == EINTR) continue;
                return fail_errno(errno, "stream", name);
            }
            if (watched[1].revents != 0) return fail("stream", name + ": stopped before the reader had everything");
            const ssize_t sent = ::write(reader.get(), bytes.data(), std::min<std::size_t>(bytes.size(), PIPE_BUF));
            if (sent < 0 && (errno == EINTR || errno == EAGAIN)) continue;
            if (sent < 0) return fail_errno(errno, "stream", name);
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return {};
    }
};

JournalStream::JournalStream(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::shared_ptr<JournalStream>> JournalStream::open(const std::string& folder, Fd reader, std::string name) {
    auto state = std::make_unique<State>();
    const std::string path = folder + "/events.ndjson";
    state->journal = Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!state->journal || ::lseek(state->journal.get(), 0, SEEK_END) < 0) return fail_errno(errno, "stream", path);
    state->reader = std::move(reader);
    state->name = std::move(name);
    ASSAY_TRY(state->stop, make_pipe());
    State* raw = state.get();
    state->thread = std::thread([raw] { raw->run(); });
    return std::shared_ptr<JournalStream>(new JournalStream(std::move(state)));
}

JournalStream::~JournalStream() {
    {
        std::lock_guard lock(state_->mutex);
        state_->stopping = true;
    }
    state_->stop.write.reset();
    state_->changed.notify_all();
    state_->thread.join();
}

void JournalStream::on_written() {
    {
        std::lock_guard lock(state_->mutex);
        state_->more = true;
        state_->idle = false;
    }
    state_->changed.notify_all();
}

Result<void> JournalStream::finish(std::optional<Millis> patience) {
    std::unique_lock lock(state_->mutex);
    const auto done = [this] { return state_->gone.has_value() || state_->idle; };
    if (!patience)
        state_->changed.wait(lock, done);
    else if (!state_->changed.wait_for(lock, *patience, done))
        return fail("stream", state_->name + ": the reader is behind");
    if (state_->gone) return tl::unexpected(*state_->gone);
    return {};
}

Result<Fd> open_reader(const std::string& target, bool append) {
    if (target == "-") return duplicate(STDOUT_FILENO);
    const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (append ? O_APPEND : O_TRUNC);
    Fd file(::open(target.c_str(), flags, 0644));
    if (!file) return fail_errno(errno, "open stream", target, "name a file that can be written, or - for stdout");
    return file;
}

}  // namespace assay::collect
