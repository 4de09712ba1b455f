// Event<T>: a value that arrives once, from any thread, and that one coroutine may wait for.
//
// set() may come before, during or after wait(); the first value wins. wait_until() gives nothing when the
// deadline passes first, and may then be called again. Thread-safe; one waiter at a time.
#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "base/units.h"
#include "runtime/task.h"

namespace assay::runtime {

template <typename T>
class Event {
 public:
    explicit Event(boost::asio::io_context& reactor) : shared_(std::make_shared<Shared>(reactor)) {}

    void set(T value) const {
        std::function<void()> resume;
        {
            std::lock_guard lock(shared_->mutex);
            if (shared_->value) return;
            shared_->value.emplace(std::move(value));
            resume = std::exchange(shared_->waiter, nullptr);
        }
        if (resume) resume();
    }

    [[nodiscard]] bool ready() const {
        std::lock_guard lock(shared_->mutex);
        return shared_->value.has_value();
    }

    // The value stays: a later wait sees it again.
    [[nodiscard]] Task<T> wait() const {
        co_await suspend();
        std::lock_guard lock(shared_->mutex);
        co_return *shared_->value;
    }

    [[nodiscard]] Task<std::optional<T>> wait_until(Instant deadline) const {
        auto timer = std::make_shared<boost::asio::steady_timer>(shared_->reactor, deadline);
        co_await suspend(timer);
        // Timers are not thread-safe: cancel where their handlers run.
        boost::asio::post(shared_->reactor, [timer] { timer->cancel(); });
        std::lock_guard lock(shared_->mutex);
        co_return shared_->value;
    }

 private:
    struct Shared {
        explicit Shared(boost::asio::io_context& io) : reactor(io) {}
        boost::asio::io_context& reactor;
        std::mutex mutex;
        std::optional<T> value;
        std::function<void()> waiter;
    };

    using Timer = std::shared_ptr<boost::asio::steady_timer>;

    // Completes when the value is there, or when `timer` expires.
    [[nodiscard]] Task<void> suspend(Timer timer = nullptr) const {
        return boost::asio::async_initiate<decltype(use_task) const, void()>(
            [shared = shared_, timer = std::move(timer)](auto handler) {
                auto executor = boost::asio::get_associated_executor(handler);
                auto kept = std::make_shared<decltype(handler)>(std::move(handler));
                auto resume = [kept, executor] { boost::asio::post(executor, [kept] { std::move (*kept)(); }); };
                std::unique_lock lock(shared->mutex);
                if (shared->value) {
                    lock.unlock();
                    resume();
                    return;
                }
                shared->waiter = std::move(resume);
                // Not earlier, or it may expire when there is nobody to wake yet; not later, or the waiter may have
                // gone on, and cancelled it, before it is armed.
                if (timer) wake_at(shared, *timer);
            },
            use_task);
    }

    // The handler runs on the reactor and only wakes the waiter; the waiter then looks for itself.
    static void wake_at(const std::shared_ptr<Shared>& shared, boost::asio::steady_timer& timer) {
        timer.async_wait([shared](const boost::system::error_code& error) {
            if (error) return;
            std::function<void()> resume;
            {
                std::lock_guard lock(shared->mutex);
                resume = std::exchange(shared->waiter, nullptr);
            }
            if (resume) resume();
        });
    }

    std::shared_ptr<Shared> shared_;
};

}  // namespace assay::runtime
