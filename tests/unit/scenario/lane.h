// A coroutine of scenarios on a lane of its own, from its start to its end, with all that it said.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "harness/http/connectors.h"
#include "harness/scenario.h"

namespace assay::harness::testing {

struct Done {
    ScenarioRun totals;
    std::vector<check::RequestOutcome> outcomes;

    // "name+ name- name~" of every request, requests apart by "|".
    [[nodiscard]] std::string verdicts() const {
        std::string text;
        for (const auto& outcome : outcomes) {
            if (&outcome != &outcomes.front()) text += '|';
            for (const auto& assertion : outcome.assertions) {
                if (!text.empty() && text.back() != '|') text += ' ';
                text += assertion.name + (assertion.status == check::Status::passed   ? "+"
                                          : assertion.status == check::Status::failed ? "-"
                                                                                      : "~");
            }
        }
        return text;
    }
    [[nodiscard]] std::string order() const {
        std::string text;
        for (const auto& outcome : outcomes) text += (text.empty() ? "" : " ") + outcome.item;
        return text;
    }
};

// `start` gives the coroutine for the lane's connector to this host, and where its outcomes go.
template <typename Start>
Done run_on_lane(Start start) {
    Done done;
    boost::asio::io_context lane(1);
    http::HostConnector host(lane.get_executor());
    boost::asio::co_spawn(
        lane, start(host, [&](check::RequestOutcome outcome) { done.outcomes.push_back(std::move(outcome)); }),
        [&](std::exception_ptr failure, ScenarioRun totals) {
            EXPECT_EQ(failure, nullptr);
            done.totals = std::move(totals);
        });
    lane.run();
    return done;
}

}  // namespace assay::harness::testing
