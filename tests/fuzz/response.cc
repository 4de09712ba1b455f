// A server's answer, byte for byte: however the network cuts it into pieces, the same is understood.
//
// The first byte of the input says where to cut; the rest is the stream.
#include <cstdint>
#include <string>

#include "harness/http/response_parser.h"
#include "tests/fuzz/check.h"

namespace {

using assay::http::ResponseParser;

// All that the parser told of the stream up to its end, an error or the first complete response.
std::string told(std::string_view stream, std::size_t step) {
    ResponseParser parser;
    parser.begin(false);
    std::string story, body;
    while (!stream.empty()) {
        std::string_view input = stream.substr(0, step);
        stream.remove_prefix(input.size());
        while (!input.empty()) {
            const std::size_t before = input.size();
            std::string_view piece;
            const auto event = parser.next(input, piece);
            FUZZ_CHECK(input.size() <= before);
            switch (event) {
                case ResponseParser::Event::need_more: FUZZ_CHECK(input.empty()); break;
                case ResponseParser::Event::headers:
                    story += "headers " + std::to_string(parser.code()) + " " + std::string(parser.reason()) + "\n";
                    break;
                case ResponseParser::Event::body: body += piece; break;
                case ResponseParser::Event::complete:
                    return story + body + "\ncomplete" + (parser.keep_alive() ? ", alive" : "");
                case ResponseParser::Event::error:
                    FUZZ_CHECK(!parser.error().code.empty());
                    return story + body + "\n" + std::string(parser.error().code);
            }
        }
    }
    const bool whole = parser.finish() == ResponseParser::Event::complete;
    return story + body + (whole ? "\ncomplete by the close" : "\ncut short");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::string_view stream(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::string once = told(stream, stream.size());
    FUZZ_CHECK(once == told(stream, 1));
    FUZZ_CHECK(once == told(stream, 1 + data[0] % 64U));
    return 0;
}
