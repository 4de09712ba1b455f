#include "harness/http/response_parser.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/unit/http/llhttp_cases.h"

using namespace assay::http;
using namespace assay::http::testing;
using Event = ResponseParser::Event;

namespace {

// What a parser tells of bytes that come in these pieces, in the words of llhttp_cases.h.
std::string told(bool to_head, const std::vector<std::string_view>& pieces) {
    ResponseParser parser;
    parser.begin(to_head);
    std::string text, body;
    bool in_body = false;
    const auto say = [&text](const std::string& what) { text += (text.empty() ? "" : " | ") + what; };
    for (std::string_view piece : pieces) {
        std::string_view part;
        for (bool more = true; more;) {
            switch (parser.next(piece, part)) {
                case Event::need_more: more = false; break;
                case Event::headers:
                    say(std::to_string(parser.code()) + " " + std::string(parser.reason()) +
                        (parser.keep_alive() ? " keep" : " close") + (parser.upgraded() ? " upgrade" : ""));
                    break;
                case Event::body:
                    body += part;
                    in_body = true;
                    break;
                case Event::complete:
                    say("= " + body);
                    body.clear();
                    in_body = false;
                    break;
                case Event::error:
                    if (in_body) say("~ " + body);
                    say("! " + std::string(parser.error().code) + " " + std::string(parser.error().reason));
                    return text;
            }
        }
    }
    if (in_body) say("~ " + body);
    return text;
}

std::vector<std::string_view> bytewise(std::string_view text) {
    std::vector<std::string_view> pieces;
    for (std::size_t i = 0; i < text.size(); ++i) pieces.push_back(text.substr(i, 1));
    return pieces;
}

std::string parse_fields(const std::string& text) {
    ResponseParser parser;
    parser.begin(false);
    std::string_view input = text, part;
    if (parser.next(input, part) != Event::headers) return "no headers";
    std::string listed;
    for (Field field : parser.fields()) listed += std::string(field.name) + "=" + std::string(field.value) + ";";
    return listed;
}

const std::string kHead = "HTTP/1.1 200 OK\r\n";

}  // namespace

TEST(ResponseParser, TellsWhatNodeTells) {
    for (const LlhttpCase& one : llhttp_cases()) EXPECT_EQ(told(one.to_head, {one.bytes}), one.told) << one.name;
}

TEST(ResponseParser, TellsTheSameOfSingleBytes) {
    for (const LlhttpCase& one : llhttp_cases()) {
        if (one.told.starts_with("101")) continue;  // what follows a switch of protocols is dropped piece by piece
        EXPECT_EQ(told(one.to_head, bytewise(one.bytes)), one.told) << one.name;
    }
}

TEST(ResponseParser, TrimsBlanksAroundValuesAndKeepsTheRest) {
    EXPECT_EQ(parse_fields(kHead + "A:b\r\nB:\tc d \t\r\nC:\r\nD: \xe9\r\nA: again\r\n\r\n"),
              "A=b;B=c d;C=;D=\xe9;A=again;");
}

TEST(ResponseParser, KeepsAThousandFieldsAndObeysTheOthers) {
    std::string text = kHead;
    for (int i = 0; i < 1500; ++i) text += "a: b\r\n";
    text += "Content-Length: 2\r\n\r\nok";
    ResponseParser parser;
    parser.begin(false);
    std::string_view input = text, part;
    ASSERT_EQ(parser.next(input, part), Event::headers);
    EXPECT_EQ(parser.fields().size(), 1000u);
    ASSERT_EQ(parser.next(input, part), Event::body);
    EXPECT_EQ(part, "ok");
    EXPECT_EQ(parser.next(input, part), Event::complete);
}

TEST(ResponseParser, RefusesSixteenKibibytesOfNamesValuesAndReason) {
    // "OK", "A" and "Content-Length", "2" count 18.
    const auto with_value = [](std::size_t size) {
        return told(false, {kHead + "A: " + std::string(size, 'x') + "\r\nContent-Length: 2\r\n\r\nok"});
    };
    EXPECT_EQ(with_value(16384 - 18 - 1), "200 OK keep | = ok");
    EXPECT_EQ(with_value(16384 - 18), "! HPE_HEADER_OVERFLOW Header overflow");
    EXPECT_EQ(told(false, {"HTTP/1.1 200 " + std::string(20000, 'x')}), "! HPE_HEADER_OVERFLOW Header overflow");
    EXPECT_EQ(told(false, {kHead + std::string(20000, 'x')}), "! HPE_HEADER_OVERFLOW Header overflow");
}

TEST(ResponseParser, RefusesSixteenKibibytesOfChunkExtensions) {
    const std::string head = kHead + "Transfer-Encoding: chunked\r\n\r\n2;";
    EXPECT_EQ(told(false, {head + std::string(20000, 'a') + "\r\nok\r\n0\r\n\r\n"}),
              "200 OK keep | ! HPE_CHUNK_EXTENSIONS_OVERFLOW Chunk extensions overflow");
}

TEST(ResponseParser, AClosedPeerEndsOnlyABodyWithoutLength) {
    const auto finish = [](std::string_view text) {
        ResponseParser parser;
        parser.begin(false);
        std::string_view part;
        while (parser.next(text, part) != Event::need_more) {
        }
        return parser.finish();
    };
    EXPECT_EQ(finish("HTTP/1.1 200 OK\r\n\r\nok"), Event::complete);
    EXPECT_EQ(finish("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nok"), Event::complete);
    EXPECT_EQ(finish("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok"), Event::need_more);
    EXPECT_EQ(finish("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n"), Event::need_more);
    EXPECT_EQ(finish("HTTP/1.1 200 OK\r\nConte"), Event::need_more);
    EXPECT_EQ(finish(""), Event::need_more);
}

// Mutants of the cases, the same in every run: never a body that was not in the input, and the same story however
// the bytes are cut.
TEST(ResponseParser, AnyCutOfAnyBytesTellsTheSame) {
    std::mt19937 random(20240811);
    const auto below = [&random](std::size_t n) { return static_cast<std::size_t>(random() % n); };
    const std::vector<std::string> tokens = {"\r\n",
                                             "\n",
                                             "\r",
                                             " ",
                                             "\t",
                                             ":",
                                             ",",
                                             ";",
                                             "=",
                                             "\"",
                                             "\\",
                                             "chunked",
                                             "close",
                                             "0\r\n\r\n",
                                             "2\r\nok\r\n",
                                             "f",
                                             "HTTP/1.1 200 OK\r\n",
                                             "100",
                                             "204",
                                             "Transfer-Encoding: ",
                                             "Content-Length: ",
                                             "Connection: ",
                                             std::string(1, '\0'),
                                             "\xff"};
    const auto& cases = llhttp_cases();
    std::size_t errors = 0, ends = 0;
    for (int round = 0; round < 100000; ++round) {
        const LlhttpCase& seed = cases[below(cases.size())];
        std::string text = seed.bytes;
        for (std::size_t change = below(4); change > 0; --change) {
            const std::size_t at = below(text.size() + 1);
            switch (below(4)) {
                case 0: text.insert(at, tokens[below(tokens.size())]); break;
                case 1: text.erase(at, below(6)); break;
                case 2: text.insert(at, 1, static_cast<char>(below(256))); break;
                default: text += cases[below(cases.size())].bytes; break;
            }
        }
        const std::string whole = told(seed.to_head, {text});
        errors += whole.find("! HPE_") != std::string::npos;
        ends += whole.find("= ") != std::string::npos;
        if (whole.find("101 ") != std::string::npos) continue;
        const std::size_t cut = below(text.size() + 1);
        const std::string_view view = text;
        ASSERT_EQ(told(seed.to_head, {view.substr(0, cut), view.substr(cut)}), whole) << text;
        ASSERT_EQ(told(seed.to_head, bytewise(view)), whole) << text;
    }
    EXPECT_GT(errors, 20000u);  // the mutants do reach both outcomes
    EXPECT_GT(ends, 15000u);
}
