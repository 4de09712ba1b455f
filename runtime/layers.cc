#include "runtime/layers.h"

#include <boost/asio/post.hpp>

namespace assay::runtime {

std::optional<Layers::Made> Layers::find(const std::string& key) const {
    std::lock_guard lock(mutex_);
    const auto found = made_.find(key);
    return found == made_.end() ? std::nullopt : std::optional(found->second);
}

Task<Layers::Made> Layers::ensure(const std::string& key, Make make) {
    Waiter mine(reactor_.context());
    bool first = false;
    {
        std::lock_guard lock(mutex_);
        if (const auto found = made_.find(key); found != made_.end()) co_return found->second;
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
                if (*made || made->error().of_submission()) made_.emplace(key, *made);
            }
            for (Waiter& each : waiting) each.set(made);
        });
    co_return *co_await mine.wait();
}

}  // namespace assay::runtime
