// Why there is no layer: the submission's failure (its manifest asks for what cannot be had) or a fault of ours.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace assay::images {

struct LayerFailure {
    enum class Reason {
        // The submission's: asking again gives the same.
        package_not_found,  // no package of that name
        version_not_found,  // no such version, or none for this Python or Node
        versions_conflict,  // its requirements contradict each other
        invalid_manifest,   // not a requirements file, not JSON, a lock that does not fit, ...
        install_failed,     // a package's own build or install script failed
        egress_refused,     // it needs a host that builds may not reach
        limit_exceeded,     // of memory, disk, processes or time, while packages' own code ran
        // Faults of ours.
        registry_unreachable,
        disk_full,
        tool_missing,
        sandbox_failed,
        offline,  // the layer is not there, and we were told not to fetch
        stopped,
        internal
    };
    Reason reason = Reason::internal;
    std::string what;     // one line
    std::string subject;  // the requirement or package that it is about, as the tool names it; may be empty
    std::string remedy;   // may be empty
    std::string log;      // host path of the build's log; empty when no build was started
    std::vector<std::string> last_lines;

    // The submission's failure, a verdict; otherwise a fault.
    [[nodiscard]] bool of_submission() const noexcept { return reason < Reason::registry_unreachable; }
    // Worth another try without anybody doing anything.
    [[nodiscard]] bool retryable() const noexcept;
    [[nodiscard]] std::string to_string() const;  // "package_not_found: what (remedy)"
};

std::string_view name_of(LayerFailure::Reason reason);
std::optional<LayerFailure::Reason> reason_named(std::string_view name);

}  // namespace assay::images
