#include "images/diagnose.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <string_view>

#include "images/untrusted_json.h"

namespace assay::images {
namespace {

using Reason = LayerFailure::Reason;
using sandbox::Exit;

LayerFailure failure(Reason reason, std::string what, std::string subject = {}) {
    LayerFailure made;
    made.reason = reason;
    made.what = std::move(what);
    made.subject = std::move(subject);
    return made;
}

LayerFailure unreachable(std::string what) {
    auto made = failure(Reason::registry_unreachable, std::move(what));
    made.remedy = "check the network and the registry's settings (pip config list, npm config list)";
    return made;
}

// The rest of the line after `mark`, at its first occurrence.
std::optional<std::string> after(std::string_view text, std::string_view mark) {
    const auto at = text.find(mark);
    if (at == std::string_view::npos) return std::nullopt;
    text.remove_prefix(at + mark.size());
    return std::string(text.substr(0, text.find_first_of("\r\n")));
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

std::string first_word(const std::string& text) { return text.substr(0, text.find(' ')); }

// How the kernel or we ended it, whatever was printed.
std::optional<LayerFailure> from_exit(const StepOutcome& step) {
    if (step.disk_exceeded) return failure(Reason::limit_exceeded, "what is installed is larger than allowed");
    switch (step.exit.how) {
        case Exit::How::killed: return failure(Reason::stopped, "the installation was stopped");
        case Exit::How::limit:
            if (step.exit.limit != "wall_time")
                return failure(Reason::limit_exceeded, "the limit of " + step.exit.limit + " was reached");
            if (step.trusted || !step.proxy.failures.empty()) return unreachable("packages did not arrive in time");
            return failure(Reason::limit_exceeded, "the limit of wall_time was reached");
        case Exit::How::signaled:
            if (!step.trusted)
                return failure(Reason::install_failed, fmt::format("ended by signal {}", step.exit.code));
            return failure(Reason::internal, fmt::format("the installer was ended by signal {}", step.exit.code));
        case Exit::How::exited: break;
    }
    return std::nullopt;
}

// A host that is not allowed, when the failure is about it.
std::optional<LayerFailure> from_refusal(const StepOutcome& step) {
    for (const Proxy::Event& event : step.proxy.refused) {
        const std::string host = event.host.substr(0, event.host.rfind(':'));
        if (!contains(step.output, host) && !contains(step.report, host)) continue;
        auto made = failure(Reason::egress_refused, "needs " + event.host + ", which builds may not reach", host);
        made.remedy = "allow the host, if you trust it, with --allow-host " + event.host;
        return made;
    }
    return std::nullopt;
}

// ---------------------------------------------------------------------------------------------------- pip

// pip says "no matching distribution" for a registry that did not answer, too; its log knows better.
std::optional<std::string> failed_fetch(std::string_view log) {
    constexpr std::string_view mark = "Could not fetch URL ";
    for (auto at = log.find(mark); at != std::string_view::npos; at = log.find(mark, at + 1)) {
        std::string line(log.substr(at + mark.size(), log.find('\n', at) - at - mark.size()));
        if (!contains(line, ": 404 ")) return line;
    }
    return std::nullopt;
}

std::optional<LayerFailure> from_pip(const StepOutcome& step) {
    const std::string& text = step.output;
    for (const char* mark :
         {"ERROR: Invalid requirement: ", "ERROR: Could not open requirements file: ", "ERROR: Hashes are required",
          "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "error: no such option: ", ": error: "})
        if (auto rest = after(text, mark)) {
            std::string subject = *rest;  // 'six=1.0' (from line 1 of requirements.txt)
            if (subject.starts_with('\'')) subject = subject.substr(1, subject.find('\'', 1) - 1);
            return failure(Reason::invalid_manifest,
                           fmt::format("pip: {}{}", std::string_view(mark).substr(contains(mark, "ERROR") ? 7 : 0),
                                       contains(*rest, " (from line ") ? "'" + subject + "'" : *rest),
                           subject);
        }
    if (contains(text, "ResolutionImpossible") || contains(text, "resolution-too-deep")) {
        auto why = after(text, "ERROR: Cannot install ");
        return failure(Reason::versions_conflict, "pip: cannot install " + why.value_or("these versions together"));
    }
    if (auto rest = after(text, "Could not find a version that satisfies the requirement ")) {
        const std::string requirement = first_word(*rest);
        const bool some = !contains(*rest, "(from versions: none)") || contains(text, "Ignored the following versions");
        return failure(some ? Reason::version_not_found : Reason::package_not_found,
                       fmt::format("pip: no {} for {}", some ? "matching version" : "package", requirement),
                       requirement);
    }
    if (auto rest = after(text, "No matching distribution found for "))
        return failure(Reason::version_not_found, "pip: no matching version for " + *rest, first_word(*rest));
    if (contains(text, "is not a supported wheel on this platform"))
        return failure(Reason::version_not_found, "pip: a wheel for another platform");
    if (contains(text, "Cannot find command 'git'") || contains(text, "Running command git "))
        return failure(Reason::egress_refused, "a requirement by git, which builds may not reach");
    return std::nullopt;
}

// ---------------------------------------------------------------------------------------------------- npm

struct NpmError {
    std::string code;
    std::string summary;
    std::string detail;
};

std::optional<NpmError> npm_error(const std::string& report) {
    const auto json = parse_untrusted(report);
    if (!json || !json->is_object() || !json->contains("error") || !(*json)["error"].is_object()) return std::nullopt;
    const auto& error = (*json)["error"];
    auto text = [&](const char* name) {
        const auto found = error.find(name);
        if (found == error.end()) return std::string();
        return found->is_string() ? found->get<std::string>() : found->dump();
    };
    return NpmError{text("code"), text("summary"), text("detail")};
}

// The first line of `text` that says something, without npm's own decoration.
std::string first_line(std::string_view text) {
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        if (line.find_first_not_of(" \t\r") != std::string_view::npos) return std::string(line);
        text.remove_prefix(std::min(text.size(), line.size() + 1));
    }
    return {};
}

// "name" of "@scope/name@1.2.3".
std::string package_name(const std::string& text) { return text.substr(0, text.find('@', 1)); }

std::optional<LayerFailure> from_npm(const StepOutcome& step) {
    const auto error = npm_error(step.report);
    if (!error) return std::nullopt;
    const auto is = [&](std::initializer_list<std::string_view> codes) {
        return std::find(codes.begin(), codes.end(), error->code) != codes.end();
    };
    const std::string what = "npm: " + first_line(error->summary);
    if (is({"E404"})) {
        const auto named = after(error->detail, "'");
        const std::string package = named ? named->substr(0, named->find('\'')) : std::string();
        return failure(Reason::package_not_found, "npm: no package " + package, package_name(package));
    }
    if (is({"ETARGET", "ENOVERSIONS"})) {
        std::string package = after(error->summary, "No matching version found for ").value_or("");
        if (package.ends_with('.')) package.pop_back();
        return failure(Reason::version_not_found, what, package_name(package));
    }
    if (is({"EBADENGINE", "EBADPLATFORM", "EBADDEVENGINES"})) return failure(Reason::version_not_found, what);
    if (is({"ERESOLVE"})) {
        const auto why = after(error->detail, "Could not resolve dependency:\n");
        return failure(Reason::versions_conflict, why ? "npm: could not resolve " + *why : what);
    }
    if (is({"EJSONPARSE", "EUSAGE", "EINVALIDPACKAGENAME", "EINVALIDTAGNAME", "EUNSUPPORTEDPROTOCOL", "EINVALIDTYPE",
            "EDUPLICATEWORKSPACE", "EPACKAGEJSON", "EOVERRIDE", "EINTEGRITY"}))
        return failure(Reason::invalid_manifest, what);
    if (error->code == "128" || contains(error->detail, "git --no-replace-objects") || contains(error->summary, "git "))
        return failure(Reason::egress_refused, "a dependency by git, which builds may not reach");
    if (!step.trusted) return std::nullopt;
    if (is({"ENOSPC", "EDQUOT"})) return failure(Reason::disk_full, what);
    if (is({"ECONNREFUSED",
            "ECONNRESET",
            "ECONNABORTED",
            "ETIMEDOUT",
            "EHOSTUNREACH",
            "ENETUNREACH",
            "ENOTFOUND",
            "EAI_AGAIN",
            "EPIPE",
            "ERR_SOCKET_TIMEOUT",
            "EIDLETIMEOUT",
            "ERESPONSETIMEOUT",
            "ECONNECTIONTIMEOUT",
            "E401",
            "E403",
            "E408",
            "E429",
            "ERR_INVALID_ARG_VALUE",
            "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
            "CERT_HAS_EXPIRED",
            "SELF_SIGNED_CERT_IN_CHAIN",
            "UNABLE_TO_VERIFY_LEAF_SIGNATURE"}) ||
        (error->code.size() == 4 && error->code.starts_with("E5")))
        return unreachable(what);
    return std::nullopt;
}

}  // namespace

std::optional<LayerFailure> diagnose(const StepOutcome& step) {
    if (auto ended = from_exit(step)) return ended;
    if (step.exit.code == 0) return std::nullopt;
    if (auto refused = from_refusal(step)) return refused;
    if (!step.proxy.failures.empty()) {
        const Proxy::Event& event = step.proxy.failures.front();
        return unreachable(fmt::format("{}: {}", event.host, event.what));
    }
    if (!step.exit.limits_hit.empty())
        return failure(Reason::limit_exceeded, "the limit of " + step.exit.limits_hit.front() + " was reached");
    const bool pip = is_python(step.kind);
    if (pip && step.trusted)
        if (auto fetch = failed_fetch(step.log)) return unreachable("pip: " + *fetch);
    if (step.trusted && contains(step.output, "No space left on device"))
        return failure(Reason::disk_full, "no space left on device");
    if (auto known = pip ? from_pip(step) : from_npm(step)) return std::move(*known);
    if (!step.trusted) return failure(Reason::install_failed, fmt::format("exit status {}", step.exit.code));
    return failure(Reason::internal, fmt::format("the installer ended with status {}", step.exit.code));
}

bool worth_building_from_source(const LayerFailure& failed) {
    return failed.reason == Reason::package_not_found || failed.reason == Reason::version_not_found ||
           failed.reason == Reason::versions_conflict;
}

std::string locate(const std::string& file, const std::string& manifest, const std::string& subject) {
    if (subject.empty()) return {};
    std::size_t number = 1;
    for (std::string_view rest = manifest; !rest.empty(); ++number) {
        const auto line = rest.substr(0, rest.find('\n'));
        if (contains(line, subject)) return fmt::format("{}:{}: ", file, number);
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    }
    return {};
}

}  // namespace assay::images
