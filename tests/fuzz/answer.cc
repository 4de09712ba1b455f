// What a server says within well-framed HTTP, from any bytes: an encoded body, a Set-Cookie, a Location.
//
// The first byte of the input says which of them the rest is.
#include <algorithm>
#include <cstdint>
#include <string>

#include "harness/http/content_decoding.h"
#include "harness/http/cookie_jar.h"
#include "harness/http/text.h"
#include "harness/http/url.h"
#include "tests/fuzz/check.h"

namespace {

using namespace assay;
using namespace assay::http;

constexpr WallTime kNow{std::chrono::milliseconds(1'700'000'000'000)};

// However it expands, no more comes out than is allowed.
void decode(Coding coding, std::string_view body) {
    constexpr std::uint64_t kLimit = 100'000;
    for (const CutShort cut : {CutShort::accepted, CutShort::refused}) {
        const auto decoded = decode_content(coding, body, Bytes{kLimit}, cut);
        if (decoded) {
            FUZZ_CHECK(decoded->size() <= kLimit);
        } else {
            FUZZ_CHECK(decoded.error().too_large || !decoded.error().message.empty());
        }
    }
}

// Cookies one a line, from two pages: what comes back is a header's value, and only of cookies that were stored.
void store(std::string_view lines) {
    const Url page = parse_url("http://conduit:8080/api/users/login?x=1");
    const Url other = parse_url("https://api.example.com/");
    CookieJar jar;
    std::size_t given = 0;
    while (!lines.empty()) {
        const auto end = std::min(lines.find('\n'), lines.size());
        jar.store(lines.substr(0, end), given % 2 == 0 ? page : other, kNow);
        ++given;
        lines.remove_prefix(std::min(end + 1, lines.size()));
    }
    FUZZ_CHECK(jar.all().size() <= given);
    const auto matching = jar.matching(page, kNow);
    FUZZ_CHECK(matching.size() <= jar.all().size());
    FUZZ_CHECK(jar.header(page, kNow).empty() || !matching.empty());
}

// A redirect's target is always a URL that can be asked for or refused, and percent-encoded once it stays so.
void locate(std::string_view location) {
    const Url base = parse_url("http://conduit:8080/api/a?b=c#d");
    const Url target = parse_url(resolve_url(base, latin1_to_utf8(location)));
    FUZZ_CHECK(target.path.starts_with('/'));
    for (const char c : target.target()) FUZZ_CHECK(c > 0x20 && c < 0x7F);
    (void)target.port_number();
    const Url again = parse_url(target.href());
    FUZZ_CHECK(again.target() == target.target() || target.host.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
    switch (data[0] % 6) {
        case 0: decode(Coding::gzip, rest); break;
        case 1: decode(Coding::deflate, rest); break;
        case 2: decode(Coding::brotli, rest); break;
        case 3: store(rest); break;
        case 4: locate(rest); break;
        default: FUZZ_CHECK(repair_utf8(repair_utf8(rest)) == repair_utf8(rest)); break;
    }
    return 0;
}
