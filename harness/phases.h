// The wall time of each phase of an evaluation, in order, and what the server used in it. Not thread-safe.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "harness/collect/record.h"
#include "sandbox/spec.h"

namespace assay::harness {

class Phases {
 public:
    // Ends the phase that is open.
    void begin(std::string name);
    void end();

    void server_started() { counted_.reset(); }
    // The server's counters as they stand now, at the end of the phase.
    void used(const sandbox::Usage& now);
    // The last word. On a host that counts nothing before the end it is about no phase.
    void used_in_all(const sandbox::Usage& end) {
        if (counted_) used(end);
    }

    [[nodiscard]] std::vector<collect::Phase> take();

 private:
    std::string open_;
    Instant since_;
    std::optional<sandbox::Usage> counted_;
    std::optional<sandbox::Usage> server_;
    std::vector<collect::Phase> done_;
};

}  // namespace assay::harness
