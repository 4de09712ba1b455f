#include "harness/http/request_writer.h"

#include <gtest/gtest.h>

using namespace assay::http;

namespace {

// The request as text, without newman's constant headers, or the refusal.
std::string written(const Request& request, std::string_view cookies = {}) {
    RequestWriter writer;
    const Url url = parse_url(request.url);
    if (auto refused = writer.begin(request, url, cookies)) return refused->message + " [" + refused->code + "]";
    std::string text(writer.write(url));
    if (const auto token = text.find("Postman-Token: ");
        token != std::string::npos && text.size() > token + 53 && text.compare(token + 15 + 36, 2, "\r\n") == 0)
        text.erase(token, 15 + 36 + 2);
    for (std::string_view constant :
         {"User-Agent: PostmanRuntime/7.39.1\r\n", "Accept: */*\r\n", "Cache-Control: no-cache\r\n", "Host: h\r\n",
          "Accept-Encoding: gzip, deflate, br\r\n", "Connection: keep-alive\r\n"})
        if (const auto at = text.find(constant); at != std::string::npos) text.erase(at, constant.size());
    return text;
}

std::string written(const std::string& method, const std::string& body, std::vector<Header> headers = {}) {
    Request request;
    request.method = method;
    request.url = "http://h/x";
    request.headers = std::move(headers);
    request.body = body;
    return written(request);
}

}  // namespace

TEST(RequestWriter, GivesALengthWhereNewmanDoes) {
    EXPECT_EQ(written("GET", ""), "GET /x HTTP/1.1\r\n\r\n");
    EXPECT_EQ(written("DELETE", ""), "DELETE /x HTTP/1.1\r\n\r\n");
    EXPECT_EQ(written("OPTIONS", ""), "OPTIONS /x HTTP/1.1\r\n\r\n");
    for (const std::string method : {"POST", "PUT", "PATCH", "FOO"})
        EXPECT_EQ(written(method, ""), method + " /x HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(written("delete", "x"), "DELETE /x HTTP/1.1\r\nContent-Length: 1\r\n\r\nx");
    EXPECT_EQ(written("POST", "abc", {{"Content-Length", "1"}}), "POST /x HTTP/1.1\r\nContent-Length: 1\r\n\r\nabc");
    EXPECT_EQ(written("POST", "abc", {{"Transfer-Encoding", "chunked"}}),
              "POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
}

TEST(RequestWriter, OfTwoHeadersTheFirstHasThePlaceTheLastTheRest) {
    EXPECT_EQ(written("GET", "", {{"X-A", "1"}, {"X-B", "1"}, {"X-A", "2"}, {"x-a", "3"}, {"", "z"}, {"X-C", ""}}),
              "GET /x HTTP/1.1\r\nx-a: 3\r\nX-B: 1\r\nX-C: \r\n\r\n");
}

TEST(RequestWriter, TheSuitesHeadersReplaceNewmans) {
    EXPECT_EQ(written("GET", "",
                      {{"user-agent", "me"},
                       {"accept", "a/b"},
                       {"HOST", "hh"},
                       {"connection", "close"},
                       {"accept-encoding", "identity"},
                       {"postman-token", "t"},
                       {"cache-control", "c"}}),
              "GET /x HTTP/1.1\r\nuser-agent: me\r\naccept: a/b\r\nHOST: hh\r\nconnection: close\r\n"
              "accept-encoding: identity\r\npostman-token: t\r\ncache-control: c\r\n\r\n");
}

TEST(RequestWriter, RefusesWhatNodeRefuses) {
    EXPECT_EQ(written("GET", "", {{"X A", "1"}}),
              "Header name must be a valid HTTP token [\"X A\"] [ERR_INVALID_HTTP_TOKEN]");
    EXPECT_EQ(written("GET", "", {{"X-A", "a\nb"}}),
              "Invalid character in header content [\"X-A\"] [ERR_INVALID_CHAR]");
    EXPECT_EQ(written("GET", "", {{"X-A", "\xe2\x82\xac"}}),
              "Invalid character in header content [\"X-A\"] [ERR_INVALID_CHAR]");
    EXPECT_EQ(written("F O", ""), "Method must be a valid HTTP token [\"F O\"] [ERR_INVALID_HTTP_TOKEN]");
}

TEST(RequestWriter, SendsHeaderValuesAsLatin1) {
    EXPECT_EQ(written("GET", "", {{"X-A", "\xc3\xa9"}}), "GET /x HTTP/1.1\r\nX-A: \xe9\r\n\r\n");
}

TEST(RequestWriter, PutsAFormsTypeAfterNewmansHeaders) {
    Request request;
    request.method = "POST";
    request.url = "http://h/x";
    request.body = "a=b";
    request.form_content_type = "application/x-www-form-urlencoded";
    EXPECT_EQ(written(request, "c=1"),
              "POST /x HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n"
              "Cookie: c=1\r\n\r\na=b");
    request.headers = {{"content-type", "application/json"}, {"X-A", "1"}};
    EXPECT_EQ(written(request),
              "POST /x HTTP/1.1\r\ncontent-type: application/x-www-form-urlencoded\r\nX-A: 1\r\nContent-Length: "
              "3\r\n\r\na=b");
    request.headers = {};
    request.form_content_type = "multipart/form-data; boundary=x";
    EXPECT_EQ(written(request, "c=1"),
              "POST /x HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=x\r\nCookie: c=1\r\n"
              "Content-Length: 3\r\n\r\na=b");
}

TEST(RequestWriter, PutsTheLengthOfNothingAfterTheCookies) {
    Request request;
    request.method = "POST";
    request.url = "http://h/x";
    EXPECT_EQ(written(request, "c=1"), "POST /x HTTP/1.1\r\nCookie: c=1\r\nContent-Length: 0\r\n\r\n");
}

TEST(RequestWriter, TakesCredentialsFromTheAddress) {
    Request request;
    request.method = "GET";
    request.url = "http://us%40er:pa:ss@h/x";
    EXPECT_EQ(written(request), "GET /x HTTP/1.1\r\nAuthorization: Basic dXNAZXI6cGE6c3M=\r\n\r\n");
    request.headers = {{"authorization", "mine"}};
    EXPECT_EQ(written(request), "GET /x HTTP/1.1\r\nauthorization: mine\r\n\r\n");
}

TEST(RequestWriter, MakesANewTokenForEachRequest) {
    RequestWriter writer;
    Request request;
    request.method = "GET";
    const Url url = parse_url("http://h/x");
    std::string tokens[2];
    for (std::string& token : tokens) {
        ASSERT_FALSE(writer.begin(request, url, {}));
        const std::string_view text = writer.write(url);
        token = text.substr(text.find("Postman-Token: ") + 15, 36);
        EXPECT_EQ(token[14], '4');
        EXPECT_NE(std::string_view("89ab").find(token[19]), std::string_view::npos);
        for (const std::size_t dash : {8, 13, 18, 23}) EXPECT_EQ(token[dash], '-');
    }
    EXPECT_NE(tokens[0], tokens[1]);
}

TEST(RequestWriter, SeesAWishToClose) {
    const auto closes = [](const std::string& value) {
        RequestWriter writer;
        Request request;
        request.method = "GET";
        request.headers = {{"Connection", value}};
        EXPECT_FALSE(writer.begin(request, parse_url("http://h/"), {}));
        return writer.asks_to_close();
    };
    EXPECT_TRUE(closes("close"));
    EXPECT_TRUE(closes("x, Close"));
    EXPECT_FALSE(closes("enclosed"));
    EXPECT_FALSE(closes("keep-alive"));
}
