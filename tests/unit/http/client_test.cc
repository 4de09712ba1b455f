#include "harness/http/client.h"

#include <gtest/gtest.h>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "tests/unit/http/lane.h"

using namespace assay;
using namespace assay::http;
using namespace assay::http::testing;

namespace {

const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const std::string kHead = "HTTP/1.1 200 OK\r\n";
const std::string kTwo = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nk2";

std::string without_token(std::string text) {
    const auto at = text.find("Postman-Token: ");
    return at == std::string::npos ? text : text.replace(at + 15, 36, "T");
}

}  // namespace

// What is sent.

TEST(Client, SendsNewmansHeadersInNewmansOrder) {
    RawServer server({{{send(kOk)}}});
    Lane lane;
    Request request;
    request.method = "post";
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

TEST(Client, SendsALargeBodyWhole) {
    RawServer server({{{send(kOk)}}});
    Lane lane({Millis(5000), 1_MiB});
    Request request;
    request.method = "PUT";
    request.url = server.url();
    request.body.assign(6u << 20, 'x');
    EXPECT_EQ(lane.send(request), "200 OK: ok");
    ASSERT_EQ(server.requests().size(), 1u);
    EXPECT_TRUE(server.requests()[0].ends_with("\r\n\r\n" + request.body));
}

// What is accepted, and how it is told.

TEST(Client, AcceptsWhatNewmanAccepts) {
    EXPECT_EQ(Lane::single({send("HTTP/1.0 200 OK\r\n\r\nok"), close_it()}), "200 OK: ok");
    EXPECT_EQ(Lane::single({send("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"), close_it()}), "200 OK: ok");
    EXPECT_EQ(Lane::single({send(kHead + "\r\nok"), close_it()}), "200 OK: ok");
    EXPECT_EQ(Lane::single({send("HTTP/1.1 404\r\nContent-Length: 2\r\n\r\nok")}), "404 Not Found: ok");
    EXPECT_EQ(Lane::single({send("HTTP/1.1 299 \r\nContent-Length: 2\r\n\r\nok")}), "299 : ok");
    EXPECT_EQ(Lane::single({send("HTTP/1.1 100 Continue\r\n\r\n" + kOk)}), "200 OK: ok");
    EXPECT_EQ(Lane::single({send(kOk), close_it()}), "200 OK: ok");
    EXPECT_EQ(Lane::single({send("HTTP/1.1 200 \xc3\xa9t\xc3\xa9\r\nContent-Length: 0\r\n\r\n")}),
              "200 \xc3\xa9t\xc3\xa9: ");
    EXPECT_EQ(Lane::single({send("HTTP/1.1 200 \xe9t\xe9\r\nContent-Length: 0\r\n\r\n")}),
              "200 \xef\xbf\xbdt\xef\xbf\xbd: ");
    EXPECT_EQ(Lane::single({send(kHead + "Content-Length: 2\r\n\r\n")}, "HEAD"), "200 OK: ");
    EXPECT_EQ(Lane::single({send("HTTP/1.1 204 No Content\r\n\r\n")}), "204 No Content: ");
    EXPECT_EQ(Lane::single({send("HTTP/1.1 101 Switching Protocols\r\n\r\nabc")}), "101 Switching Protocols: ");
}

TEST(Client, FailsAsNewmanFails) {
    EXPECT_EQ(Lane::single({send(kHead + "Content-Length: 10\r\n\r\nok"), close_it()}), "aborted [ECONNRESET]");
    EXPECT_EQ(Lane::single({send(kHead + "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n"), close_it()}),
              "aborted [ECONNRESET]");
    EXPECT_EQ(Lane::single({send(kOk + "EXTRA")}), "Parse Error: Expected HTTP/, RTSP/ or ICE/ [HPE_INVALID_CONSTANT]");
    EXPECT_EQ(Lane::single({send(kHead + "Connection: close\r\nContent-Length: 2\r\n\r\nokEXTRA")}),
              "Parse Error: Data after `Connection: close` [HPE_CLOSED_CONNECTION]");
    EXPECT_EQ(Lane::single({send("HTTP/1.1 204 No Content\r\n\r\nbody")}),
              "Parse Error: Expected HTTP/, RTSP/ or ICE/ [HPE_INVALID_CONSTANT]");
    EXPECT_EQ(Lane::single({send(kHead + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n")}),
              "Parse Error: Transfer-Encoding can't be present with Content-Length [HPE_INVALID_TRANSFER_ENCODING]");
    EXPECT_EQ(Lane::single({send("HTTP/1.1 200 OK\nContent-Length: 2\n\nok")}),
              "Parse Error: Missing expected CR after response line [HPE_CR_EXPECTED]");
    EXPECT_EQ(Lane::single({send(kHead + "Bad Header: 1\r\n\r\n")}),
              "Parse Error: Invalid header token [HPE_INVALID_HEADER_TOKEN]");
    EXPECT_EQ(Lane::single({send(kHead + "Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc")}),
              "incorrect header check [Z_DATA_ERROR]");
    EXPECT_EQ(Lane::single({reset_it()}), "read ECONNRESET [ECONNRESET]");
    EXPECT_EQ(Lane::single({send(kHead + "Conten"), pause(50), reset_it()}), "read ECONNRESET [ECONNRESET]");
    EXPECT_EQ(Lane::single({send(kHead + "Content-Length: 10\r\n\r\nok"), pause(50), reset_it()}),
              "aborted [ECONNRESET]");
    EXPECT_EQ(Lane::single({send(kHead + "\r\nok"), pause(50), reset_it()}), "200 OK: ok");
    EXPECT_EQ(Lane::single({close_it()}), "socket hang up [ECONNRESET]");
    EXPECT_EQ(Lane::single({send(kHead + "Conten"), close_it()}), "socket hang up [ECONNRESET]");
}

TEST(Client, DoesNotWaitForAnotherProtocol) {
    EXPECT_EQ(Lane::single({send("HTTP/1.1 101 S\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nabc")}),
              "Parse Error: Pause on CONNECT/Upgrade [HPE_PAUSED_UPGRADE]");
}

TEST(Client, DecodesWhatCameOfAnEncodedBody) {
    const std::string gzip("\x1f\x8b\x08\0\0\0\0\0\0\x03\xcb\x48\xcd\xc9\xc9\x07\0\x86\xa6\x10\x36\x05\0\0\0", 25);
    const std::string head = kHead + "Content-Encoding: gzip\r\nContent-Length: ";
    EXPECT_EQ(Lane::single({send(head + "25\r\n\r\n" + gzip)}), "200 OK: hello");
    EXPECT_EQ(Lane::single({send(head + "400\r\n\r\n" + gzip), close_it()}), "200 OK: hello");
    EXPECT_EQ(Lane::single({send(head + "400\r\n\r\n" + gzip), pause(50), reset_it()}), "read ECONNRESET [ECONNRESET]");
    EXPECT_EQ(Lane::single({send(head + "25\r\n\r\n")}, "HEAD"), "200 OK: ");
}

TEST(Client, BoundsTheBody) {
    const auto bounded = [](const std::string& text) {
        RawServer server({{{send(text), close_it()}}});
        Lane lane({Millis(1000), Bytes{1000}});
        return lane.get(server.url());
    };
    EXPECT_EQ(bounded(kHead + "Content-Length: 1000\r\n\r\n" + std::string(1000, 'x')),
              "200 OK: " + std::string(1000, 'x'));
    EXPECT_EQ(bounded(kHead + "Content-Length: 1001\r\n\r\n" + std::string(1001, 'x')),
              "Maximum response size reached []");
    EXPECT_EQ(bounded(kHead + "\r\n" + std::string(100000, 'x')), "Maximum response size reached []");
    EXPECT_EQ(bounded(kHead + "Content-Length: 99999999999999\r\n\r\nx"), "aborted [ECONNRESET]");
}

// Silence.

TEST(Client, EndsSilenceButNotSlowness) {
    const auto within = [](int idle, Answer answer) {
        RawServer server({{std::move(answer)}});
        Lane lane({Millis(idle), 1_MiB});
        return lane.get(server.url());
    };
    EXPECT_EQ(within(100, {pause(5000)}), "ESOCKETTIMEDOUT [ESOCKETTIMEDOUT]");
    EXPECT_EQ(within(100, {send(kHead + "A: b\r\n"), pause(5000)}), "ESOCKETTIMEDOUT [ESOCKETTIMEDOUT]");
    EXPECT_EQ(within(100, {send(kHead + "\r\nok"), pause(5000)}), "ESOCKETTIMEDOUT [ESOCKETTIMEDOUT]");
    Answer trickle{send(kHead + "Content-Length: 6\r\n\r\n")};
    for (char c : std::string("abcdef")) {
        trickle.push_back(pause(200));
        trickle.push_back(send(std::string(1, c)));
    }
    EXPECT_EQ(within(1000, trickle), "200 OK: abcdef");  // 1200 ms in all
}

TEST(Client, CountsSilenceAnewForEachRequest) {
    RawServer server({{{send(kOk)}, {pause(500), send(kTwo)}, {pause(5000)}}});
    Lane lane({Millis(900), 1_MiB});
    EXPECT_EQ(lane.get(server.url()), "200 OK: ok");
    std::this_thread::sleep_for(std::chrono::milliseconds(600));
    EXPECT_EQ(lane.get(server.url()), "200 OK: k2");
    EXPECT_EQ(lane.get(server.url()), "ESOCKETTIMEDOUT [ESOCKETTIMEDOUT]");
}

TEST(Client, ZeroWaitsForEver) {
    RawServer server({{{pause(300), send(kOk)}}});
    Lane lane({Millis(0), 1_MiB});
    EXPECT_EQ(lane.get(server.url()), "200 OK: ok");
}

// The kept connection.

TEST(Client, ReusesTheConnectionWhereNodeDoes) {
    EXPECT_EQ(Lane::pair({{{send(kOk)}, {send(kTwo)}}}), "200 OK: ok / 200 OK: k2 (1)");
    EXPECT_EQ(Lane::pair({{{send("HTTP/1.1 204 N\r\n\r\n")}, {send(kTwo)}}}), "204 N:  / 200 OK: k2 (1)");
    EXPECT_EQ(Lane::pair({{{send(kHead + "Content-Length: 9\r\n\r\n")}, {send(kTwo)}}}, 30, "HEAD"),
              "200 OK:  / 200 OK: k2 (1)");
    EXPECT_EQ(Lane::pair(
                  {{{send("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok")}, {send(kTwo)}}}),
              "200 OK: ok / 200 OK: k2 (1)");
    EXPECT_EQ(Lane::pair({{{send(kHead + "Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc")}, {send(kTwo)}},
                          {{send(kTwo)}}}),
              "incorrect header check [Z_DATA_ERROR] / 200 OK: k2 (1)");
    EXPECT_EQ(Lane::pair({{{send(kHead + "Keep-Alive: timeout=5\r\nContent-Length: 2\r\n\r\nok")}, {send(kTwo)}}}),
              "200 OK: ok / 200 OK: k2 (1)");
}

TEST(Client, OpensANewConnectionWhereNodeDoes) {
    const Conversation second{{send(kTwo)}};
    const auto after = [&](Answer first) { return Lane::pair({{std::move(first)}, second}); };
    EXPECT_EQ(after({send(kHead + "Connection: close\r\nContent-Length: 2\r\n\r\nok")}), "200 OK: ok / 200 OK: k2 (2)");
    EXPECT_EQ(after({send("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok")}), "200 OK: ok / 200 OK: k2 (2)");
    EXPECT_EQ(after({send(kHead + "Keep-Alive: timeout=1\r\nContent-Length: 2\r\n\r\nok")}),
              "200 OK: ok / 200 OK: k2 (2)");
    EXPECT_EQ(after({send(kOk + kTwo)}), "200 OK: ok / 200 OK: k2 (2)");
    EXPECT_EQ(after({send("junk\r\n")}),
              "Parse Error: Expected HTTP/, RTSP/ or ICE/ [HPE_INVALID_CONSTANT] / 200 OK: k2 (2)");
    EXPECT_EQ(after({send(kHead + "\r\nok"), close_it()}), "200 OK: ok / 200 OK: k2 (2)");
    EXPECT_EQ(after({send(kOk), close_it()}), "200 OK: ok / 200 OK: k2 (2)");  // closed in silence
}

TEST(Client, DropsWhatComesUnaskedBetweenRequests) {
    EXPECT_EQ(Lane::pair({{{send(kOk), pause(10), send("EXTRA")}, {send(kTwo)}}}, 80), "200 OK: ok / 200 OK: k2 (1)");
    EXPECT_EQ(Lane::pair({{{send(kOk + "\r\n")}, {send(kTwo)}}}), "200 OK: ok / 200 OK: k2 (1)");
}

TEST(Client, AServerThatReadsAndClosesHasHungUp) {
    EXPECT_EQ(Lane::pair({{{send(kOk)}, {close_it()}}, {{send(kTwo)}}}),
              "200 OK: ok / socket hang up [ECONNRESET] (1)");
    EXPECT_EQ(Lane::pair({{{send(kOk)}, {reset_it()}}, {{reset_it()}}}),
              "200 OK: ok / read ECONNRESET [ECONNRESET] (2)");
}

TEST(Client, ACloseThatCrossesTheNextRequestCostsAConnectionOnly) {
    // No gap at all: the close may come before, with, or after the next request is sent, but no one reads that.
    for (int round = 0; round < 200; ++round)
        ASSERT_EQ(Lane::pair({{{send(kOk), close_it()}}, {{send(kTwo)}}}, 0), "200 OK: ok / 200 OK: k2 (2)") << round;
}

// Redirects.

namespace {
std::string moved(int code, const std::string& location, const std::string& more = "") {
    return "HTTP/1.1 " + std::to_string(code) + " R\r\nLocation: " + location + "\r\n" + more +
           "Content-Length: 0\r\n\r\n";
}

// The second request that a POST with a body makes of such an answer, without newman's constant headers.
std::string followed(int code) {
    RawServer server({{{send(moved(code, "/y?q=1"))}, {send(kTwo)}}});
    Lane lane;
    Request request;
    request.method = "POST";
    request.url = server.url();
    request.headers = {{"Content-Type", "application/json"}, {"Authorization", "T x"}, {"X-A", "1"}};
    request.body = "{}";
    if (lane.send(request) != "200 OK: k2") return "failed";
    std::string second = without_token(server.requests().at(1));
    const std::string constant =
        "User-Agent: PostmanRuntime/7.39.1\r\nAccept: */*\r\nCache-Control: no-cache\r\nPostman-Token: T\r\n"
        "Accept-Encoding: gzip, deflate, br\r\nConnection: keep-alive\r\n";
    second.erase(second.find(constant), constant.size());
    for (const std::string port = ":" + std::to_string(server.port()); second.find(port) != std::string::npos;)
        second.erase(second.find(port), port.size());
    return second;
}
}  // namespace

TEST(Client, TurnsARedirectedPostIntoAGet) {
    const std::string get =
        "0 GET /y?q=1 HTTP/1.1\r\nAuthorization: T x\r\nX-A: 1\r\nReferer: http://127.0.0.1/x\r\n"
        "Host: 127.0.0.1\r\n\r\n";
    for (int code : {300, 301, 302, 303, 304, 305, 399}) EXPECT_EQ(followed(code), get) << code;
}

TEST(Client, KeepsMethodAndBodyOverAPermanentKindOfRedirect) {
    const std::string post =
        "0 POST /y?q=1 HTTP/1.1\r\nContent-Type: application/json\r\nAuthorization: T x\r\nX-A: 1\r\n"
        "Content-Length: 2\r\nReferer: http://127.0.0.1/x\r\nHost: 127.0.0.1\r\n\r\n{}";
    for (int code : {307, 308}) EXPECT_EQ(followed(code), post) << code;
}

TEST(Client, FollowsTenRedirectsAndNoMore) {
    const auto hops = [](int count) {
        Conversation talk(static_cast<std::size_t>(count), Answer{send(moved(302, "/y"))});
        talk.push_back({send(kOk)});
        RawServer server({talk});
        Lane lane;
        std::string told = lane.get(server.url());
        const std::string port = std::to_string(server.port());
        if (const auto at = told.find(port); at != std::string::npos) told.replace(at, port.size(), "P");
        return told + " after " + std::to_string(lane.last.redirects);
    };
    EXPECT_EQ(hops(10), "200 OK: ok after 10");
    EXPECT_EQ(hops(11), "Exceeded maxRedirects. Probably stuck in a redirect loop http://127.0.0.1:P/y [] after 0");
}

TEST(Client, DoesNotFollowWithoutALocationOrWhenTold) {
    EXPECT_EQ(Lane::single({send("HTTP/1.1 302 R\r\nContent-Length: 2\r\n\r\nzz")}), "302 R: zz");
    EXPECT_EQ(Lane::single({send(moved(302, ""))}), "302 R: ");
    RawServer server({{{send(moved(302, "/y"))}}});
    Lane lane;
    Request request;
    request.method = "GET";
    request.url = server.url();
    request.follow_redirects = false;
    EXPECT_EQ(lane.send(request), "302 R: ");
}

TEST(Client, LeavesTheBodyOfARedirectUnread) {
    for (const Answer& first :
         {Answer{send("HTTP/1.1 302 R\r\nLocation: /a\r\nContent-Length: 400\r\n\r\nbody")},
          Answer{send("HTTP/1.1 302 R\r\nLocation: /a\r\nContent-Length: 400\r\n\r\nbody"), close_it()}}) {
        RawServer server({{first}, {{send(kTwo)}}});
        Lane lane;
        EXPECT_EQ(lane.get(server.url()), "200 OK: k2");
        EXPECT_EQ(server.connections(), 2);
    }
    RawServer server({{{send("HTTP/1.1 302 R\r\nLocation: /a\r\nContent-Length: 4\r\n\r\nbody")}, {send(kTwo)}}});
    Lane lane;
    EXPECT_EQ(lane.get(server.url()), "200 OK: k2");
    EXPECT_EQ(server.connections(), 1);
}

TEST(Client, FailsOnRedirectsThatLeadNowhere) {
    EXPECT_EQ(Lane::single({send(moved(302, "ftp://x/y"))}), "Invalid protocol: ftp: []");
    EXPECT_EQ(Lane::single({send(moved(302, "http://"))}),
              "Invalid URI \"http:///\". This can be caused by a crappy redirection. []");
    EXPECT_EQ(Lane::single({send(moved(302, "http://127.0.0.1:1/y"))}),
              "connect ECONNREFUSED 127.0.0.1:1 [ECONNREFUSED]");
}

TEST(Client, SendsAuthorizationToNoOtherHost) {
    RawServer other({{{send(kOk)}}}, "127.0.0.2");
    RawServer server({{{send(moved(302, "http://127.0.0.2:" + std::to_string(other.port()) + "/y"))}}});
    Lane lane;
    Request request;
    request.method = "GET";
    request.url = server.url();
    request.headers = {{"Authorization", "secret"}, {"Host", "conduit"}};
    EXPECT_EQ(lane.send(request), "200 OK: ok");
    EXPECT_NE(server.requests()[0].find("Host: conduit\r\n"), std::string::npos);
    EXPECT_EQ(other.requests()[0].find("secret"), std::string::npos);
    EXPECT_NE(other.requests()[0].find("Host: 127.0.0.2:" + std::to_string(other.port())), std::string::npos);
}

// Cookies.

TEST(Client, AppendsTheJarToTheSuitesOwnCookies) {
    RawServer server(
        {{{send(kHead + "Set-Cookie: a=1; Path=/\r\nSet-Cookie: b=2\r\nContent-Length: 2\r\n\r\nok")}, {send(kTwo)}}});
    Lane lane;
    lane.get(server.url());
    Request request;
    request.method = "GET";
    request.url = server.url();
    request.headers = {{"Cookie", "z=9"}};
    lane.send(request);
    EXPECT_NE(server.requests()[1].find("HTTP/1.1\r\nCookie: z=9; a=1; b=2\r\n"), std::string::npos);
    EXPECT_EQ(lane.client.cookies(server.url()),
              (std::vector<std::pair<std::string, std::string>>{{"a", "1"}, {"b", "2"}}));
}

TEST(Client, KeepsCookiesOfARedirect) {
    RawServer server({{{send(moved(302, "/y", "Set-Cookie: s=1\r\n"))}, {send(kTwo)}}});
    Lane lane;
    lane.get(server.url());
    EXPECT_NE(server.requests()[1].find("Cookie: s=1\r\n"), std::string::npos);
}

// What never leaves.

TEST(Client, RefusesInNodesWords) {
    Lane lane;
    const auto url = [&](const std::string& text) { return lane.get(text); };
    EXPECT_EQ(url(""), "runtime:extensions~request: request url is empty []");
    EXPECT_EQ(url("http://"), "Invalid URI \"http:///\" []");
    EXPECT_EQ(url("ftp://127.0.0.1/x"), "Invalid protocol: ftp: []");
    EXPECT_EQ(url("http://127.0.0.1:abc/x"),
              "Port should be >= 0 and < 65536. Received type string ('abc'). [ERR_SOCKET_BAD_PORT]");
    EXPECT_EQ(url("http://127.0.0.1:1/x"), "connect ECONNREFUSED 127.0.0.1:1 [ECONNREFUSED]");
    EXPECT_EQ(url("http://127.0.0.1:0/x"), "connect ECONNREFUSED 127.0.0.1 [ECONNREFUSED]");
    EXPECT_EQ(url("http://localhost:1/x"), "connect ECONNREFUSED 127.0.0.1:1 [ECONNREFUSED]");
    EXPECT_EQ(url("{{nope}}/x"), "getaddrinfo ENOTFOUND {{nope}} [ENOTFOUND]");
}

namespace {
// A network in which no connection ever comes about.
struct Nowhere : Connector {
    Awaitable<Exchange<Socket>> connect(std::string_view, std::uint16_t) override {
        const LaneExecutor executor = co_await boost::asio::this_coro::executor;
        boost::asio::basic_waitable_timer<Clock, boost::asio::wait_traits<Clock>, LaneExecutor> timer(executor);
        timer.expires_after(std::chrono::seconds(30));
        co_await timer.async_wait(boost::asio::use_awaitable_t<LaneExecutor>{});
        co_return tl::unexpected(Failure{Failure::Kind::connect, "", "waited to the end"});
    }
};
}  // namespace

TEST(Client, GivesUpConnectingAfterTheIdleLimit) {
    Nowhere nowhere;
    Lane lane({Millis(100), 1_MiB}, nowhere);
    const Instant began = Clock::now();
    EXPECT_EQ(lane.get("http://h/x"), "ETIMEDOUT [ETIMEDOUT]");
    EXPECT_LT(Clock::now() - began, std::chrono::seconds(10));
}
