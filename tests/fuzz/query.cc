// An answer's headers and body under the queries and filters of a Hurl suite: a value or a reason for any bytes, the
// same every time.
//
// The input is the answer: lines of "name: value" up to an empty line, then the body.
#include <cstdint>
#include <memory>

#include "harness/hurl/certificate.h"
#include "harness/hurl/evaluate.h"
#include "harness/suite/hurl.h"
#include "tests/fuzz/check.h"

namespace {

using namespace assay;
using namespace assay::hurl;

constexpr const char* kSuite = R"hurl(GET http://x
HTTP *
[Captures]
all: jsonpath "$"
deep: jsonpath "$..a"
body: body
[Asserts]
header "Location" exists
header "Set-Cookie" count > 1
cookie "a" == "b"
cookie "a[Expires]" isDate
cookie "a[Max-Age]" > 1
cookie "a[Domain]" exists
cookie "a[Secure]" exists
certificate "Subject" exists
body contains "a"
body matches /^\s*(\{|\[|<)(.|\n)*a+b*$/
bytes startsWith hex,7b;
rawbytes endsWith hex,7d;
sha256 == hex,00;
md5 == hex,00;
regex /"(\w+)":\s*("[^"]*"|\d+)/ exists
regex "(?i)<(a|b)>([^<]*)" == "a"
jsonpath "$" isObject
jsonpath "$.a" == 1
jsonpath "$.a" == "1"
jsonpath "$.a" > 1.5
jsonpath "$.a" == 123456789012345678901234567890
jsonpath "$['a'][0]" isList
jsonpath "$.a[-1]" isString
jsonpath "$.a[1:10:2]" count == 2
jsonpath "$.a[::-1]" includes 1
jsonpath "$..a[?@.b == 'x' && @.c > 1 || !@.d]" exists
jsonpath "$.a[?match(@.b, 'a.*')]" isEmpty
jsonpath "$.a[?length(@) > count(@.*)]" exists
jsonpath "$..*" count == 1
jsonpath "$.a" toInt == 1
jsonpath "$.a" toFloat == 1.0
jsonpath "$.a" toString == "1"
jsonpath "$.a" split "," nth 1 == "b"
jsonpath "$.a" replace "a" "aa" == "b"
jsonpath "$.a" replaceRegex /(a|b)*c?/ "$1$0" == "b"
jsonpath "$.a" regex "(\\d+)" toInt < 3
jsonpath "$.a" htmlUnescape == "<"
jsonpath "$.a" htmlEscape htmlUnescape == "<"
jsonpath "$.a" urlDecode == "<"
jsonpath "$.a" urlEncode urlDecode == "<"
jsonpath "$.a" urlQueryParam "x" == "y"
jsonpath "$.a" base64Decode base64Encode == "eA=="
jsonpath "$.a" base64UrlSafeDecode base64UrlSafeEncode == "eA"
jsonpath "$.a" base64Decode toHex == "00"
jsonpath "$.a" base64Decode charsetDecode "iso-8859-1" == "e"
jsonpath "$.a" base64Decode charsetDecode "gbk" == "e"
jsonpath "$.a" base64Decode charsetDecode "utf-16" == "e"
jsonpath "$.a" base64Decode utf8Decode utf8Encode == hex,00;
jsonpath "$.a" toDate "%Y-%m-%d %H:%M:%S" dateFormat "%d/%m/%Y %j %a %I%p" == "x"
jsonpath "$.a" toDate "%Y-%m-%dT%H:%M:%S%.f%z" dateFormat "%+" == "x"
jsonpath "$.a" toDate "%d %b %Y" daysBeforeNow > 600
jsonpath "$.a" toDate "%A, %e %B %y %U %s" isDate
jsonpath "$.a" isIsoDate
jsonpath "$.a" isIpv4
jsonpath "$.a" isIpv6
jsonpath "$.a" isUuid
jsonpath "$.a" jsonpath "$.b" == 1
jsonpath "$.a" xpath "string(//b)" == "c"
jsonpath "$.a" last startsWith "x"
xpath "//a" count == 1
xpath "string(//a[1])" == "b"
xpath "//*[@b='c']/following::*" exists
xpath "count(//*) + sum(//@a)" > 1
xpath "normalize-space(concat(//a, '-', name(/*)))" contains "x"
xpath "boolean(//_:a | //x:b)" == true
xpath "translate(substring-after(string(/), 'a'), 'ab', 'BA')" == "x"
)hurl";

std::shared_ptr<const Compiled> compiled_suite() {
    auto file = suite::read_hurl(kSuite, "fuzz.hurl");
    FUZZ_CHECK(file);
    auto compiled = compile(std::move(*file));
    FUZZ_CHECK(compiled);
    return *compiled;
}

Response answer(std::string_view bytes) {
    Response response;
    response.version = "HTTP/1.1";
    response.status = 200;
    response.url = "http://x/";
    while (!bytes.empty()) {
        const auto end = std::min(bytes.find('\n'), bytes.size());
        const std::string_view line = bytes.substr(0, end);
        bytes.remove_prefix(std::min(end + 1, bytes.size()));
        if (line.empty()) break;
        const auto colon = std::min(line.find(':'), line.size());
        std::string value(line.substr(std::min(colon + 1, line.size())));
        value.erase(0, value.find_first_not_of(' '));
        response.headers.emplace_back(line.substr(0, colon), std::move(value));
    }
    response.body = response.raw = bytes;
    return response;
}

// All that the suite makes of an answer.
std::string judged(const Compiled& compiled, const Response& response) {
    Variables variables;
    Evaluator evaluator(compiled, variables, {});
    evaluator.look_at(response);
    std::string said;
    for (const auto& assertion : compiled.file.entries[0].response->asserts) {
        const auto result = evaluator.assertion(assertion);
        if (!result) FUZZ_CHECK(!result.error().what.empty());
        said += result ? "holds\n" : result.error().what + ": " + result.error().message + "\n";
    }
    for (const auto& capture : compiled.file.entries[0].response->captures) {
        auto captured = evaluator.capture(capture);
        if (!captured) continue;
        said += described(captured->second);
        FUZZ_CHECK(captured->second == captured->second);
    }
    return said;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const auto compiled = compiled_suite();
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const Response response = answer(bytes);
    const std::string said = judged(*compiled, response);
    FUZZ_CHECK(said == judged(*compiled, response));
    (void)read_certificate(response.body);
    return 0;
}
