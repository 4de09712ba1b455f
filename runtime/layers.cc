#include "runtime/layers.h"

#include <boost/asio/post.hpp>

namespace assay::runtime {

std::optional<Layers::Made> Layers::find(const std::string& key) {
    std::lock_guard lock(mutex_);
    const Made* found = made_.find(key);
    return found == nullptr ? std::nullopt : std::optional(*found);
}

Task<Layers::Made> Layers::ensure(const std::string& key, Make make) {
    Waiter mine(reactor_.context());
    bool first = false;
    {
        std::lock_guard lock(mutex_);
        if (const Made* found = made_.find(key)) co_return *found;
        auto& waiting = building_[key];
        first = waiting.empty();
        waiting.push_back(mine);
    }
    if (first)
        boost::asio::post(threads_, [this, key, make = std::move(make)] {
            auto made = std::make_shared<Made>(make());
            std::vector<Waiter> waiting;
            {
                std::lock_guard lock(mutex_);
                waiting = std::move(building_.extract(key).mapped());
                if (*made || made->error().of_submission()) made_.put(key, *made);
            }
            for (Waiter& each : waiting) each.set(made);
        });
    co_return *co_await mine.wait();
}

}  // namespace assay::runtime
