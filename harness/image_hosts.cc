#include "harness/image_hosts.h"

#include <boost/asio/post.hpp>
#include <optional>

#include "images/catalog.h"
#include "images/mounts.h"

namespace assay::harness {

namespace {
constexpr unsigned kIdleSeats = 64;  // kept by each launcher
}

std::shared_ptr<const ImageHost> ImageHosts::known(const std::string& name) const {
    std::lock_guard lock(mutex_);
    const auto found = hosts_.find(name);
    return found == hosts_.end() || found->second->launcher->is_lost() ? nullptr : found->second;
}

Result<std::shared_ptr<const ImageHost>> ImageHosts::start(images::Recipe recipe) const {
    ASSAY_CHECK(images::check_tools(recipe, false));
    ASSAY_TRY(const sandbox::RootPlan root, images::server_root_plan(recipe, store_.layers_dir()));
    ASSAY_TRY(auto launcher, sandbox::Launcher::start(root, {program_, true, kIdleSeats}));
    auto host = std::make_shared<runtime::LauncherHost>(reactor_, std::move(launcher));
    host->watch();
    return std::make_shared<const ImageHost>(ImageHost{std::move(recipe), std::move(host)});
}

ImageHosts::Found ImageHosts::open(const std::string& name) {
    std::lock_guard one_at_a_time(starting_);
    if (auto host = known(name)) return host;
    auto recipe = images::find_image(name, store_);
    if (!recipe) return tl::unexpected(NoImage{std::move(recipe.error()), true});
    auto host = start(std::move(*recipe));
    if (!host) return tl::unexpected(NoImage{std::move(host.error()), false});
    std::shared_ptr<const ImageHost> before = *host;  // ends after the lock: a launcher's end takes a moment
    std::lock_guard lock(mutex_);
    hosts_[name].swap(before);
    return *host;
}

runtime::Task<ImageHosts::Found> ImageHosts::at(const std::string& name) {
    if (auto host = known(name)) co_return host;
    runtime::Event<std::shared_ptr<Found>> opened(reactor_.context());
    boost::asio::post(threads_, [this, name, opened] { opened.set(std::make_shared<Found>(open(name))); });
    co_return *co_await opened.wait();
}

}  // namespace assay::harness
