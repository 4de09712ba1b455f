// A Postman collection, from any bytes: read or refused with a place, and what was read is whole.
#include <cstdint>

#include "harness/suite/postman.h"
#include "tests/fuzz/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace assay::suite;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto suite = read_postman(text, "fuzz.json");
    if (!suite) {
        FUZZ_CHECK(suite.error().to_string().find("fuzz.json") != std::string::npos);
        return 0;
    }
    for (const Item& item : suite->items) {
        for (const auto script : item.prerequest) FUZZ_CHECK(script < suite->scripts.size());
        for (const auto script : item.test) FUZZ_CHECK(script < suite->scripts.size());
        // What a script sees of a request must be readable when the script hands it back.
        const std::string json = request_json(item.request);
        const auto again = read_request(json);
        FUZZ_CHECK(again);
        FUZZ_CHECK(request_json(*again) == json);
    }
    return 0;
}
