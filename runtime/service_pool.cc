#include "runtime/service_pool.h"

namespace assay::runtime {

Services ServicePool::take(const boost::asio::any_io_executor& executor, const std::shared_ptr<LauncherHost>& launcher,
                           const std::vector<ServiceOrder>& orders, bool another) {
    auto start = [&] { return Services::start(reactor_, executor, layers_, launcher, orders, options_); };
    if (orders.empty()) return start();
    Kind kind{launcher.get(), {}};
    for (const ServiceOrder& order : orders) kind.second += order.recipe->name + "\n";

    std::lock_guard lock(mutex_);
    auto found = ahead_.extract(kind);
    // One that came to nothing is not the taker's: it gets another try.
    Services taken = found && !found.mapped().failed() ? std::move(found.mapped()) : start();
    if (another) ahead_.emplace(std::move(kind), start());
    return taken;
}

Task<void> ServicePool::stop() {
    std::map<Kind, Services> left;
    {
        std::lock_guard lock(mutex_);
        left.swap(ahead_);
    }
    for (auto& [kind, services] : left) (void)co_await services.stop();
}

}  // namespace assay::runtime
