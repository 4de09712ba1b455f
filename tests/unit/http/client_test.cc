#include "harness/http/client.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "harness/http/connectors.h"
#include "tests/unit/http/raw_server.h"

using namespace assay;
using namespace assay::http;
using namespace assay::http::testing;
namespace asio = boost::asio;

namespace {

const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const std::string kTwo = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nk2";

// A client on a lane of its own; each get() runs the lane until the answer is there.
struct Lane {
    asio::io_context context;
    HostConnector connector{context.get_executor()};
    Client client;

    explicit Lane(Limits limits = {Millis(1000), 1_MiB}) : client(context.get_executor(), connector, limits) {}

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
    std::string get(const std::string& url) {
        Request request;
        request.method = "GET";
        request.url = url;
        return send(request);
    }
    Response last;
};

std::string without_token(std::string text) {
    const auto at = text.find("Postman-Token: ");
    return at == std::string::npos ? text : text.replace(at + 15, 36, "T");
}

}  // namespace

TEST(Client, SendsNewmansHeadersInNewmansOrder) {
    RawServer server({{{send(kOk)}, {send(kOk)}}});
    Lane lane;
    Request request;
    request.method = "POST";
    request.url = server.url("/a b?q=\"x\"");
    request.headers = {{"Content-Type", "application/json"}, {"X-Requested-With", "XMLHttpRequest"}};
    request.body = "{}";
    EXPECT_EQ(lane.send(request), "200 OK: ok");
    ASSERT_EQ(server.requests().size(), 1u);
    EXPECT_EQ(without_token(server.requests()[0]),
              "0 POST /a%20b?q=%22x%22 HTTP/1.1\r\nContent-Type: application/json\r\nX-Requested-With: "
              "XMLHttpRequest\r\nUser-Agent: PostmanRuntime/7.39.1\r\nAccept: */*\r\nCache-Control: no-cache\r\n"
              "Postman-Token: T\r\nHost: 127.0.0.1:" +
                  std::to_string(server.port()) +
                  "\r\nAccept-Encoding: gzip, deflate, br\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n{}");
}

TEST(Client, ReusesTheConnection) {
    RawServer server({{{send(kOk)}, {send(kTwo)}}});
    Lane lane;
    EXPECT_EQ(lane.get(server.url()), "200 OK: ok");
    EXPECT_EQ(lane.get(server.url()), "200 OK: k2");
    EXPECT_EQ(server.connections(), 1);
}
