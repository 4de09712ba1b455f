#include "harness/fire.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "harness/connect.h"
#include "harness/hurl_scenario.h"

namespace assay::harness {

using runtime::Fault;
using runtime::Task;

namespace {

ScenarioOptions scenario_options(const Policy& policy, const batch::Task& task) {
    ScenarioOptions options;
    options.timeout_request = policy.timeout_request;
    options.timeout_script = policy.timeout_script;
    options.timeouts_in_a_row = policy.timeouts_in_a_row;
    options.keep = ScenarioOptions::Keep::failed;  // the journal shows what a failure begins with
    options.globals = policy.globals;
    options.globals.emplace_back("APIURL", fmt::format("http://conduit:{}{}", task.port, task.base_url));
    return options;
}

// The same variables as a collection's globals, and the server without its base path.
HurlOptions hurl_options(const Policy& policy, const batch::Task& task) {
    HurlOptions options;
    options.timeout_request = policy.timeout_request;
    options.timeouts_in_a_row = policy.timeouts_in_a_row;
    options.keep = ScenarioOptions::Keep::failed;
    for (const auto& [name, value] : policy.globals) options.variables.emplace_back(name, hurl::Value{value});
    const auto host = fmt::format("http://conduit:{}", task.port);
    options.variables.emplace_back("APIURL", hurl::Value{host + task.base_url});
    options.variables.emplace_back("host", hurl::Value{host});
    return options;
}

}  // namespace

Task<tl::expected<Fired, Fault>> fire(Session& session, const batch::Submission& submission, const AnySuite& suite,
                                      runtime::Sandbox* server, std::function<void()> on_timeout) {
    std::unique_ptr<http::Connector> connector;
    SandboxConnector* inside = nullptr;
    if (server != nullptr) {
        auto made = std::make_unique<SandboxConnector>(*server);
        inside = made.get();
        connector = std::move(made);
    } else {
        connector = std::make_unique<RefusingConnector>();
    }
    Fired fired;
    const OutcomeSink sink = [&](check::RequestOutcome outcome) {
        session.collector.request(submission.id, outcome);
        fired.outcomes.push_back(std::move(outcome));
    };
    ScenarioOptions options = scenario_options(session.policy, *submission.task);
    HurlOptions for_hurl = hurl_options(session.policy, *submission.task);
    options.on_timeout = for_hurl.on_timeout = std::move(on_timeout);
    using Make = std::function<http::Awaitable<ScenarioRun>(script::Engine&, http::LaneExecutor)>;
    Make make = [&](script::Engine& engine, const http::LaneExecutor&) {
        if (const auto* hurl = std::get_if<std::shared_ptr<const HurlSuite>>(&suite))
            return run_hurl(**hurl, *connector, for_hurl, sink);
        return run_scenario(*std::get<std::shared_ptr<const LoadedSuite>>(suite), engine, *connector, options, sink);
    };
    auto run = co_await session.scheduler.on_lane(std::move(make));
    if (!run) co_return tl::unexpected(Fault{"suite", run.error().to_string(), true});
    if (run->fault) co_return tl::unexpected(Fault{"suite", run->fault->to_string(), false});
    if (inside != nullptr && inside->fault()) co_return tl::unexpected(*inside->fault());
    fired.run = std::move(*run);
    co_return fired;
}

}  // namespace assay::harness
