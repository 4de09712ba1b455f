#include "harness/doubts.h"

#include <utility>

namespace assay::harness {

void Doubts::at_readiness(const runtime::Sandbox& server, runtime::Readiness::State state, Millis timeout) {
    using State = runtime::Readiness::State;
    last_look_ = runtime::look_at_cpu(server.pidfd());
    if (state != State::silent && state != State::unhealthy) return;
    if (auto why = runtime::doubt({{}, {}, launched_on_}, last_look_, timeout); !why.empty())
        starved_ = "it was not ready in time: " + why;
}

void Doubts::at_timeout(const runtime::Sandbox& server, Millis timeout) {
    if (!starved_.empty()) return;
    const auto before = std::exchange(last_look_, runtime::look_at_cpu(server.pidfd()));
    if (auto why = runtime::doubt(before, last_look_, timeout); !why.empty()) starved_ = "a request timed out: " + why;
}

}  // namespace assay::harness
