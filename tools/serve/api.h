// What each route does. Knows no socket: it answers to an Exchange.
#pragma once

#include <atomic>
#include <boost/asio/thread_pool.hpp>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <type_traits>
#include <utility>

#include "base/fd.h"
#include "runtime/event.h"
#include "tools/serve/desk.h"
#include "tools/serve/metrics.h"
#include "tools/serve/route.h"

namespace assay::serve {

// One request's way back. Everything on the reactor; false: the client has gone.
class Exchange {
 public:
    virtual ~Exchange() = default;
    virtual runtime::Task<bool> answer(Answer answer) = 0;
    // An answer in pieces, as they come.
    virtual runtime::Task<bool> begin(std::string type) = 0;
    virtual runtime::Task<bool> send(std::string piece) = 0;
    virtual runtime::Task<bool> end() = 0;
    // Whether the client has hung up. Does not wait.
    [[nodiscard]] virtual bool gone() = 0;
};

// Tells those who read the journal along.
class JournalNews : public collect::Sink {
 public:
    void on_written() override;
    void add(const std::shared_ptr<Bell>& bell);

 private:
    std::mutex mutex_;
    std::vector<std::weak_ptr<Bell>> bells_;
};

class Api {
 public:
    struct Parts {
        harness::Session& session;
        Desk& desk;
        const Intake& intake;
        Metrics& metrics;
        JournalNews& news;
    };
    explicit Api(const Parts& parts) : parts_(parts) {}
    ~Api() { threads_.join(); }

    // Answers one request. `body` and `type` are those of a POST.
    runtime::Task<bool> serve(Route route, std::string body, std::string type, Exchange& to);
    [[nodiscard]] Metrics& metrics() noexcept { return parts_.metrics; }

    // Whoever waits gets what there is, within a second or two. Blocks until all requests are answered, or the time is
    // up; not on the reactor.
    void close(Instant deadline);

 private:
    runtime::Task<bool> perform(Route route, std::string body, std::string type, Exchange& to);
    runtime::Task<bool> submit(Route route, std::string body, std::string type, Exchange& to);
    runtime::Task<bool> stream(std::vector<Receipt> receipts, Instant deadline, Exchange& to);
    // Until all are done, the time is up or the client has gone.
    runtime::Task<void> await_done(std::vector<Receipt>& receipts, Instant deadline, Exchange& to);
    runtime::Task<bool> look(Route route, Exchange& to);
    runtime::Task<bool> events(Route route, Exchange& to);
    [[nodiscard]] Answer answer_to(const Route& route);
    [[nodiscard]] Answer withdraw(const Route& route);
    [[nodiscard]] Answer list_logs(const Route& route) const;
    [[nodiscard]] Answer read_log(const Route& route) const;
    [[nodiscard]] Answer health() const;
    [[nodiscard]] Answer metrics_text() const;

    [[nodiscard]] Result<std::string> result_line(collect::Place place) const;
    [[nodiscard]] std::string describe(const Receipt& receipt) const;
    [[nodiscard]] boost::asio::io_context& reactor() const { return parts_.session.reactor.context(); }

    // On a thread that may block: the disk, git, a large body.
    template <typename Function>
    auto blocking(Function function) -> runtime::Task<std::invoke_result_t<Function>> {
        using Value = std::invoke_result_t<Function>;
        runtime::Event<std::shared_ptr<Value>> done(reactor());
        boost::asio::post(threads_, [done, function = std::move(function)]() mutable {
            done.set(std::make_shared<Value>(function()));
        });
        auto value = co_await done.wait();
        co_return std::move(*value);
    }

    Parts parts_;
    std::atomic<bool> closing_{false};
    std::mutex mutex_;
    std::condition_variable idle_;
    std::size_t busy_ = 0;  // requests that are not answered yet
    boost::asio::thread_pool threads_{4};
};

}  // namespace assay::serve
