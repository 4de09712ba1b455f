// The images that evaluations run in, by name: one launcher each, ready between submissions.
//
// Theory of operation: a launcher is a program of its own that is executed, not a fork of this one, so it may be
// started while threads run. open() does that ahead, for images that are known to be needed; at() does it when the
// first submission asks, on a thread of its own, for starting one blocks. An image that is not there is looked for
// again by whoever asks later: it may have been made meanwhile. A launcher that was lost is replaced. Thread-safe.
#pragma once

#include <boost/asio/thread_pool.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "images/recipe.h"
#include "images/store.h"
#include "runtime/event.h"
#include "runtime/launchers.h"

namespace assay::harness {

struct ImageHost {
    images::Recipe recipe;
    std::shared_ptr<runtime::LauncherHost> launcher;
};

// Why there is none.
struct NoImage {
    Error error;
    bool missing = false;  // there is no such image; else this machine cannot run what there is
};

class ImageHosts {
 public:
    using Found = tl::expected<std::shared_ptr<const ImageHost>, NoImage>;

    // `program` is assay-launcher. Everything given outlives this.
    ImageHosts(runtime::Reactor& reactor, images::Store& store, std::string program)
        : reactor_(reactor), store_(store), program_(std::move(program)) {}
    ~ImageHosts() { threads_.join(); }

    // Blocks.
    Found open(const std::string& name);
    [[nodiscard]] runtime::Task<Found> at(const std::string& name);

 private:
    [[nodiscard]] std::shared_ptr<const ImageHost> known(const std::string& name) const;
    [[nodiscard]] Result<std::shared_ptr<const ImageHost>> start(images::Recipe recipe) const;

    runtime::Reactor& reactor_;
    images::Store& store_;
    const std::string program_;
    mutable std::mutex mutex_;  // guards hosts_
    std::map<std::string, std::shared_ptr<const ImageHost>> hosts_;
    std::mutex starting_;  // held while one is started: nobody starts a second one of the same image
    boost::asio::thread_pool threads_{1};
};

}  // namespace assay::harness
