// The services beside one server: PostgreSQL, Redis, whatever a recipe describes.
//
// Theory of operation: start() spawns one coroutine. It takes each service's prepared state (made once, see Layers),
// launches it over a private overlay, and waits for its own word that it is ready, for some then for an answer on the
// service address. All stand in one network namespace, that of the first; the server joins it. Whoever starts them ends
// them with stop(), whatever happened in between: the spawned coroutine is over then, the sandboxes are torn down and
// accounted. A service that fails is a fault of ours, never the submission's score: unless kernel accounting says that
// the submission filled its disk or its memory.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "images/recipe.h"
#include "runtime/fault.h"
#include "runtime/launchers.h"
#include "runtime/layers.h"

namespace assay::runtime {

struct ServiceOrder {
    std::shared_ptr<const images::Recipe> recipe;  // its `service` is set
    Layers::Make prepare;                          // blocks until its prepared state is there
};

// How one service's life went.
struct ServiceLife {
    std::string name;
    Micros ready_after{0};  // from its launch
    sandbox::Exit exit;
    std::string log;
};

class Services {
 public:
    struct Options {
        Bytes log_kept{std::uint64_t{256} << 10};  // of each one's output: head and tail, each
        Bytes output{std::uint64_t{1} << 30};      // one that writes more is ended; 0 = no limit
        bool statements = false;                   // log what they are asked, as evidence
        Millis ready_timeout{30000};               // from launch; passing it is a fault
    };

    // Begins to start them, in order, on `executor`.
    static Services start(Reactor& reactor, const boost::asio::any_io_executor& executor, Layers& layers,
                          std::shared_ptr<LauncherHost> launcher, std::vector<ServiceOrder> orders, Options options);

    // Whether it is known that they are of no use: they could not be started, or one has ended.
    [[nodiscard]] bool failed() const;
    // All of them answer, or a fault.
    [[nodiscard]] Task<std::optional<Fault>> ready() const;
    // Puts the server into their network namespace. After ready().
    void join(sandbox::Spec& server) const;
    // Ends them and waits for their end. A fault: one ended by itself before. Once.
    [[nodiscard]] Task<tl::expected<std::vector<ServiceLife>, Fault>> stop();

 private:
    struct State;
    explicit Services(std::shared_ptr<State> state) : state_(std::move(state)) {}
    static Task<std::optional<Fault>> run(std::shared_ptr<State> state);
    std::shared_ptr<State> state_;
};

}  // namespace assay::runtime
