// Services that are started ahead: PostgreSQL is ready when a submission asks for it, instead of making it wait.
//
// Theory of operation: whoever takes services gets those that stand ready, if there are some, and has the next ones
// started, which then come up while the taker's server does. Each is used once, by one submission: what is pooled is
// time, not state. A launcher has at most one set of each kind ahead; stop() ends what nobody took. Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "runtime/services.h"

namespace assay::runtime {

class ServicePool {
 public:
    ServicePool(Reactor& reactor, Layers& layers, Services::Options options)
        : reactor_(reactor), layers_(layers), options_(options) {}

    // `another`: somebody will ask for the same soon. Without orders nothing is started.
    Services take(const boost::asio::any_io_executor& executor, const std::shared_ptr<LauncherHost>& launcher,
                  const std::vector<ServiceOrder>& orders, bool another);
    // When nobody takes any more.
    [[nodiscard]] Task<void> stop();

 private:
    using Kind = std::pair<const LauncherHost*, std::string>;  // where, and the names of the services
    Reactor& reactor_;
    Layers& layers_;
    const Services::Options options_;
    std::mutex mutex_;
    std::map<Kind, Services> ahead_;
};

}  // namespace assay::runtime
