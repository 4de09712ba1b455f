#include "images/failure.h"

#include <array>
#include <utility>

namespace assay::images {
namespace {

using Reason = LayerFailure::Reason;
constexpr std::array kNames{
    std::pair{Reason::package_not_found, "package_not_found"},
    std::pair{Reason::version_not_found, "version_not_found"},
    std::pair{Reason::versions_conflict, "versions_conflict"},
    std::pair{Reason::invalid_manifest, "invalid_manifest"},
    std::pair{Reason::install_failed, "install_failed"},
    std::pair{Reason::egress_refused, "egress_refused"},
    std::pair{Reason::limit_exceeded, "limit_exceeded"},
    std::pair{Reason::registry_unreachable, "registry_unreachable"},
    std::pair{Reason::disk_full, "disk_full"},
    std::pair{Reason::tool_missing, "tool_missing"},
    std::pair{Reason::sandbox_failed, "sandbox_failed"},
    std::pair{Reason::offline, "offline"},
    std::pair{Reason::stopped, "stopped"},
    std::pair{Reason::internal, "internal"},
};

}  // namespace

bool LayerFailure::retryable() const noexcept {
    return reason == Reason::registry_unreachable || reason == Reason::sandbox_failed || reason == Reason::stopped;
}

std::string LayerFailure::to_string() const {
    std::string text(name_of(reason));
    if (!what.empty()) text += ": " + what;
    if (!remedy.empty()) text += " (" + remedy + ")";
    return text;
}

std::string_view name_of(Reason reason) {
    for (const auto& [value, name] : kNames)
        if (value == reason) return name;
    return "internal";
}

std::optional<Reason> reason_named(std::string_view name) {
    for (const auto& [value, text] : kNames)
        if (name == text) return value;
    return std::nullopt;
}

}  // namespace assay::images
