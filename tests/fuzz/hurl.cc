// A Hurl file, from any bytes: read or refused with a place, and what was read is whole.
#include <cstdint>

#include "harness/suite/hurl.h"
#include "tests/fuzz/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace assay::suite;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto file = read_hurl(text, "fuzz.hurl");
    if (!file) {
        FUZZ_CHECK(file.error().to_string().find("fuzz.hurl") != std::string::npos);
        return 0;
    }
    std::size_t assertions = 0;
    for (const auto& entry : file->entries) {
        FUZZ_CHECK(!entry.request.method.empty() && !entry.name.empty());
        assertions += hurl::assertion_names(entry).size();
        if (!entry.response) continue;
        for (const auto& assertion : entry.response->asserts) {
            FUZZ_CHECK(!assertion.source.empty());
            const auto& literal = assertion.query.pattern.literal;
            FUZZ_CHECK(!literal || *literal < file->patterns.size());
        }
    }
    FUZZ_CHECK(assertions == hurl::assertion_count(*file));
    return 0;
}
