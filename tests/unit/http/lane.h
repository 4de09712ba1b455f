// A client on a lane of its own, for tests that ask and look at the answer.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <memory>
#include <string>
#include <thread>

#include "harness/http/client.h"
#include "harness/http/connectors.h"
#include "tests/unit/http/raw_server.h"

namespace assay::http::testing {

namespace asio = boost::asio;

// A client on a lane of its own; each get() runs the lane until the answer is there.
struct Lane {
    asio::io_context context;
    HostConnector connector{context.get_executor()};
    Client client;

    explicit Lane(Limits limits = {Millis(1000), 1_MiB}) : client(context.get_executor(), connector, limits) {}
    Lane(Limits limits, Connector& other) : client(context.get_executor(), other, limits) {}

    std::string send(const Request& request) {
        std::string told;
        bool done = false;
        asio::co_spawn(
            context,
            [&]() -> Awaitable<void> {
                auto response = co_await client.send(request);
                told = response ? std::to_string(response->code) + " " + response->reason + ": " + response->body
                                : response.error().message + " [" + response.error().code + "]";
                if (response) last = std::move(*response);
                done = true;
            },
            asio::detached);
        context.restart();
        while (!done && context.run_one() > 0) {
        }
        return told;
    }
    // What a client makes of these answers to one request.
    static std::string single(Answer answer, const std::string& method = "GET") {
        RawServer server({{std::move(answer)}});
        Lane lane;
        Request request;
        request.method = method;
        request.url = server.url();
        return lane.send(request);
    }
    // ... and to two requests in a row: "first / second (connections)"
    static std::string pair(Script script, int gap = 30, const std::string& first = "GET") {
        RawServer server(std::move(script));
        Lane lane;
        Request request;
        request.method = first;
        request.url = server.url();
        std::string told = lane.send(request);
        std::this_thread::sleep_for(std::chrono::milliseconds(gap));
        told += " / " + lane.get(server.url());
        return told + " (" + std::to_string(server.connections()) + ")";
    }
    std::string get(const std::string& url) {
        Request request;
        request.method = "GET";
        request.url = url;
        return send(request);
    }
    Response last;
};

}  // namespace assay::http::testing
