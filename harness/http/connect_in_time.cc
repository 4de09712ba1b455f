#include "harness/http/connect_in_time.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "harness/http/node_errors.h"

namespace assay::http {

namespace asio = boost::asio;
using boost::system::error_code;

// The connector's own coroutine, ended when it takes longer than the idle limit.
Awaitable<Exchange<Socket>> connect_in_time(LaneExecutor executor, Connector& connector, const Url& url,
                                            const IdleWatch& watch) {
    const std::uint16_t port = *url.port_number();
    if (auto socket = connector.connect_at_once(url.host, port)) co_return std::move(*socket);
    const Millis patience = watch.patience();
    if (patience.count() <= 0) co_return co_await connector.connect(url.host, port);
    struct Race {
        asio::cancellation_signal cancel;
        bool late = false;
    };
    auto race = std::make_shared<Race>();
    asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, LaneExecutor> timer(executor, patience);
    timer.async_wait([race](error_code error) {
        if (error) return;
        race->late = true;
        race->cancel.emit(asio::cancellation_type::terminal);
    });
    // co_spawn wants a result that can be made from nothing.
    auto run = [](Connector& from, std::string_view host,
                  std::uint16_t to) -> Awaitable<std::optional<Exchange<Socket>>> {
        co_return co_await from.connect(host, to);
    };
    auto [thrown, socket] = co_await asio::co_spawn(
        executor, run(connector, url.host, port),
        asio::bind_cancellation_slot(race->cancel.slot(), asio::as_tuple(asio::use_awaitable_t<LaneExecutor>{})));
    timer.cancel();
    if (race->late) co_return tl::unexpected(connect_timeout());
    if (thrown) std::rethrow_exception(thrown);
    co_return std::move(*socket);
}

}  // namespace assay::http
