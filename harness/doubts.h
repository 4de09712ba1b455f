// Whether deadlines that passed in one attempt are to be believed: not when others kept the server from the CPU while
// it ran. One lane's or worker's at a time.
#pragma once

#include <string>

#include "base/units.h"
#include "runtime/launchers.h"
#include "runtime/readiness.h"
#include "runtime/starvation.h"

namespace assay::harness {

class Doubts {
 public:
    // In this order: just before the launch; when waiting for readiness ended; at each request that timed out, while
    // the thread that was late still lives and its waiting can be seen.
    void at_launch() { launched_on_ = runtime::read_cpu_times(); }
    void at_readiness(const runtime::Sandbox& server, runtime::Readiness::State state, Millis timeout);
    void at_timeout(const runtime::Sandbox& server, Millis timeout);

    // Why a passed deadline is not believed; empty = everything is.
    [[nodiscard]] const std::string& starved() const noexcept { return starved_; }

 private:
    runtime::CpuTimes launched_on_;
    runtime::CpuLook last_look_;
    std::string starved_;
};

}  // namespace assay::harness
