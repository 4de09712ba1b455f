// What the two halves of the sandbox say to each other, from any bytes: read whole, or refused.
//
// The first byte of the input says which message it is.
#include <cstdint>

#include "sandbox/wire.h"
#include "tests/fuzz/check.h"

namespace {

template <class Message>
void decode(std::string_view bytes) {
    using namespace assay::sandbox;
    const auto message = wire::decode<Message>(bytes);
    if (!message) return;
    // Encoded again it is as long, and the same message.
    const std::string again = wire::encode(*message);
    FUZZ_CHECK(again.size() == bytes.size());
    const auto same = wire::decode<Message>(again);
    FUZZ_CHECK(same && wire::encode(*same) == again);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    namespace wire = assay::sandbox::wire;
    if (size < 1) return 0;
    const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
    switch (data[0] % 6) {
        case 0: decode<wire::Hello>(rest); break;
        case 1: decode<wire::Launch>(rest); break;
        case 2: decode<wire::Failure>(rest); break;
        case 3: decode<wire::Used>(rest); break;
        case 4: decode<wire::CallRefused>(rest); break;
        default: decode<wire::End>(rest); break;
    }
    return 0;
}
