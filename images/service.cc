#include "images/service.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <limits>

#include "images/recipe_reader.h"
#include "images/untrusted_json.h"

namespace assay::images {
namespace {

// The project that a line of requirements.txt names, as PEP 503 compares names; empty for an option or a comment.
std::string project_of(std::string_view line) {
    while (!line.empty() && std::isspace(static_cast<unsigned char>(line.front())) != 0) line.remove_prefix(1);
    std::string name;
    for (const char c : line) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte) != 0)
            name += static_cast<char>(std::tolower(byte));
        else if ((c == '-' || c == '_' || c == '.') && !name.empty())
            name += name.back() == '-' ? "" : "-";
        else
            break;
    }
    return name;
}

bool is_driver(const Service& service, std::string_view name) {
    return std::find(service.drivers.begin(), service.drivers.end(), name) != service.drivers.end();
}

bool requirements_name(const Service& service, std::string_view text) {
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        if (is_driver(service, project_of(text.substr(0, end)))) return true;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return false;
}

bool package_names(const Service& service, std::string_view text) {
    const auto json = parse_untrusted(text);
    if (!json || !json->is_object()) return false;
    for (const char* field : {"dependencies", "devDependencies", "optionalDependencies", "peerDependencies"})
        if (const auto found = json->find(field); found != json->end() && found->is_object())
            for (const auto& [name, version] : found->items())
                if (is_driver(service, name)) return true;
    return false;
}

}  // namespace

Result<Service> read_service(const RecipeReader& reader) {
    ASSAY_CHECK(reader.only({"port", "prepare", "command", "statements", "ready", "hello", "answer", "memory", "disk",
                             "processes", "usual_memory", "drivers", "server_env"}));
    Service service;
    ASSAY_TRY(const std::uint64_t port, reader.number("port", 1, 65535));
    if (port == 0) return tl::unexpected(reader.complain(nullptr, "'port' is missing"));
    service.port = static_cast<std::uint16_t>(port);
    ASSAY_TRY(service.prepare, reader.text("prepare", true));
    ASSAY_TRY(service.command, reader.texts("command", true));
    if (!service.command.front().starts_with('/'))
        return tl::unexpected(reader.complain(nullptr, "'command' must start with an absolute path"));
    ASSAY_TRY(service.statements, reader.texts("statements", false));
    ASSAY_TRY(service.ready, reader.text("ready", true));
    ASSAY_TRY(service.hello, reader.text("hello", false));
    ASSAY_TRY(service.answer, reader.text("answer", !service.hello.empty()));
    ASSAY_TRY(service.memory, reader.size("memory"));
    ASSAY_TRY(service.disk, reader.size("disk"));
    if (service.disk.count == 0) return tl::unexpected(reader.complain(nullptr, "'disk' is missing"));
    ASSAY_TRY(const std::uint64_t processes, reader.number("processes", 0, 1'000'000));
    service.processes = static_cast<std::uint32_t>(processes);
    ASSAY_TRY(service.usual_memory, reader.size("usual_memory"));
    ASSAY_TRY(service.drivers, reader.texts("drivers", false));
    ASSAY_TRY(service.server_env, reader.pairs("server_env"));
    return service;
}

bool names_driver(const Service& service, const std::map<std::string, std::string>& manifests) {
    for (const auto& [name, text] : manifests) {
        if (name == "package.json" ? package_names(service, text)
                                   : name.ends_with(".txt") && requirements_name(service, text))
            return true;
    }
    return false;
}

}  // namespace assay::images
