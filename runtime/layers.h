// Dependency layers as coroutines see them: one build a key, however many submissions wait for it.
//
// Theory of operation: building a layer blocks (package managers), so it runs on a few threads of its own and
// never on a TBB worker. The first who asks for a key starts the build, the others wait for its end without a
// thread. What other assay processes build at the same time, the store's own locks settle.
#pragma once

#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/recent.h"
#include "images/failure.h"
#include "images/store.h"
#include "runtime/event.h"
#include "runtime/reactor.h"

namespace assay::runtime {

class Layers {
 public:
    using Made = tl::expected<images::Layer, images::LayerFailure>;
    using Make = std::function<Made()>;  // blocks until the layer is there

    // `at_once`: builds at the same time. Package managers mostly wait for the network. `kept`: layers that stay in use
    // although nobody asks for them, a descriptor each.
    explicit Layers(Reactor& reactor, unsigned at_once = 4, std::size_t kept = 256)
        : reactor_(reactor), made_(kept), threads_(at_once) {}
    ~Layers() { threads_.join(); }

    // What was made before for this key, at once; nothing when it has to be made. Layers stay in use, and failures
    // of the submission believed, while they are among those that were last asked for. Faults are not kept.
    [[nodiscard]] std::optional<Made> find(const std::string& key);
    // Thread-safe. A fault is told to all who waited, and tried again by who asks later.
    [[nodiscard]] Task<Made> ensure(const std::string& key, Make make);

 private:
    using Waiter = Event<std::shared_ptr<Made>>;
    Reactor& reactor_;
    std::mutex mutex_;
    std::map<std::string, std::vector<Waiter>> building_;
    Recent<Made> made_;
    boost::asio::thread_pool threads_;
};

}  // namespace assay::runtime
