// Targets of requests to assay serve: any bytes give a route whose names stay inside their folder, or a refusal.
#include <cstdint>

#include "harness/batch/read.h"
#include "tests/fuzz/check.h"
#include "tools/serve/route.h"
#include "tools/serve/token.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace assay::serve;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    (void)shows_token(bytes, "0123456789abcdef");
    for (const char* method : {"GET", "POST", "DELETE"}) {
        const auto route = route_of(method, bytes);
        if (!route) {
            FUZZ_CHECK(route.error().status >= 400 && route.error().status < 500);
            FUZZ_CHECK(!route.error().error.empty() && !route.error().remedy.empty());
            continue;
        }
        FUZZ_CHECK(route->id.empty() || assay::batch::id_problem(route->id).empty());
        FUZZ_CHECK(route->log.find('/') == std::string::npos && route->log != "." && route->log != "..");
        FUZZ_CHECK(route->log.find('\0') == std::string::npos);
        FUZZ_CHECK(route->wait >= assay::Millis(0) && route->wait <= assay::Millis(3600000));
        FUZZ_CHECK((route->action == Action::read_log) == !route->log.empty());
    }
    return 0;
}
