#include "images/registries.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/fd.h"
#include "images/command.h"

namespace assay::images {
namespace {

using Json = nlohmann::json;
using Step = sandbox::RootStep;

constexpr Millis kPatience{60'000};
constexpr std::uint64_t kCertificateLimit = 4u << 20;

// pip's own constants and its merged configuration: files of the host, the user and the environment.
constexpr const char* kAskPip = R"python(
import json
from pip._internal.configuration import Configuration
from pip._internal.models.index import PyPI
configuration = Configuration(isolated=False)
configuration.load()
merged = {}
for key, value in configuration.items():
    merged.update(value if isinstance(value, dict) else {key: value})
print(json.dumps({"index": PyPI.simple_url, "files": PyPI.file_storage_domain, "config": merged}))
)python";

std::optional<std::string> lookup(const Environment& env, std::initializer_list<const char*> names) {
    for (const char* name : names)
        if (const auto found = env.find(name); found != env.end() && !found->second.empty()) return found->second;
    return std::nullopt;
}

std::vector<std::string> words_of(const std::string& text) {
    std::vector<std::string> words;
    for (std::size_t at = 0; (at = text.find_first_not_of(" \t\r\n", at)) != std::string::npos;) {
        const auto end = std::min(text.find_first_of(" \t\r\n", at), text.size());
        words.push_back(text.substr(at, end - at));
        at = end;
    }
    return words;
}

// Collects what goes into the builder. Files of the host get paths of their own in there, so that neither /home nor
// /tmp of the host is needed.
class Collector {
 public:
    explicit Collector(Registries& registries) : into_(registries) {}

    void set(const std::string& name, std::string value) { into_.env.emplace_back(name, std::move(value)); }

    Result<void> allow(const std::string& url, const std::string& whence) {
        auto added = into_.allow.add(url);
        if (!added) added.error().detail = whence + ": " + added.error().detail;
        return added;
    }

    // A registry's address: allowed, and handed on without credentials.
    Result<std::string> registry(const std::string& url, const std::string& whence) {
        ASSAY_CHECK(allow(url, whence));
        std::string plain = without_user(url);
        if (plain != url) into_.notes.push_back(whence + ": credentials are not given to builds");
        return plain;
    }

    // A file of certificates, by the variable that names it inside. What cannot be read is left out.
    void certificates(const std::string& variable, const std::string& path) {
        const std::string inside = file(path);
        if (!inside.empty()) set(variable, inside);
    }

    // A directory of the host, read-only; empty when there is none.
    std::string folder(const std::string& path) {
        struct stat info {};
        if (::stat(path.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) return {};
        std::string inside = fmt::format("/run/assay/folder.{}", ++count_);
        Step step{};
        step.kind = Step::Kind::bind_ro;
        step.source = path;
        step.target = inside;
        into_.steps.push_back(std::move(step));
        return inside;
    }

 private:
    std::string file(const std::string& path) {
        if (const auto known = files_.find(path); known != files_.end()) return known->second;
        auto content = read_file(path, kCertificateLimit);
        if (!content) {
            into_.notes.push_back("certificates: " + content.error().to_string());
            return {};
        }
        std::string inside = fmt::format("/run/assay/certificates.{}", ++count_);
        Step step{};
        step.kind = Step::Kind::file;
        step.target = inside;
        step.content = std::move(*content);
        into_.steps.push_back(std::move(step));
        files_[path] = inside;
        return inside;
    }

    Registries& into_;
    std::map<std::string, std::string> files_;
    unsigned count_ = 0;
};

// Later ones win: files before the environment, [global] before [install].
std::optional<std::string> pip_setting(const Json& config, const std::string& name) {
    for (const char* section : {":env:", "install", "global"})
        if (const auto found = config.find(fmt::format("{}.{}", section, name)); found != config.end())
            if (found->is_string() && !found->get_ref<const std::string&>().empty()) return found->get<std::string>();
    return std::nullopt;
}

Result<void> ask_pip(const Environment& env, Collector& collect) {
    ASSAY_TRY(const std::string answer, ask_host({"/usr/bin/python3", "-c", kAskPip}, env, kPatience));
    const Json json = Json::parse(answer, nullptr, false);
    if (!json.is_object() || !json.contains("config") || !json["config"].is_object())
        return fail("ask pip for its registry", answer.substr(0, 200));
    const Json& config = json["config"];

    const auto index = pip_setting(config, "index-url");
    if (index) {
        ASSAY_TRY(std::string url, collect.registry(*index, "pip's index-url"));
        collect.set("PIP_INDEX_URL", std::move(url));
    } else if (!pip_setting(config, "no-index")) {
        ASSAY_CHECK(collect.allow(json.value("index", ""), "pip's index"));
        ASSAY_CHECK(collect.allow(json.value("files", ""), "pip's file host"));
    }
    std::string extra;
    for (const std::string& one : words_of(pip_setting(config, "extra-index-url").value_or(""))) {
        ASSAY_TRY(const std::string url, collect.registry(one, "pip's extra-index-url"));
        extra += (extra.empty() ? "" : " ") + url;
    }
    if (!extra.empty()) collect.set("PIP_EXTRA_INDEX_URL", extra);

    std::string links;
    for (const std::string& one : words_of(pip_setting(config, "find-links").value_or(""))) {
        std::string place;
        if (one.find("://") == std::string::npos) {
            place = collect.folder(one);
        } else if (one.starts_with("file://")) {
            place = collect.folder(one.substr(7));
        } else {
            ASSAY_TRY(place, collect.registry(one, "pip's find-links"));
        }
        if (!place.empty()) links += (links.empty() ? "" : " ") + place;
    }
    if (!links.empty()) collect.set("PIP_FIND_LINKS", links);

    for (const auto& [name, variable] :
         {std::pair{"no-index", "PIP_NO_INDEX"}, std::pair{"trusted-host", "PIP_TRUSTED_HOST"},
          std::pair{"default-timeout", "PIP_DEFAULT_TIMEOUT"}, std::pair{"timeout", "PIP_DEFAULT_TIMEOUT"},
          std::pair{"retries", "PIP_RETRIES"}})
        if (auto value = pip_setting(config, name)) collect.set(variable, *value);
    if (const auto cert = pip_setting(config, "cert")) collect.certificates("PIP_CERT", *cert);
    return {};
}

Result<void> ask_npm(const Environment& env, Collector& collect) {
    ASSAY_TRY(const std::string answer, ask_host({"/usr/bin/npm", "config", "list", "--json"}, env, kPatience));
    const Json config = Json::parse(answer, nullptr, false);
    if (!config.is_object() || !config.contains("registry"))
        return fail("ask npm for its registry", answer.substr(0, 200));
    const auto text = [&](const std::string& name) -> std::string {
        const auto found = config.find(name);
        if (found == config.end() || found->is_null()) return {};
        return found->is_string() ? found->get<std::string>() : found->dump();
    };
    for (const auto& [name, value] : config.items()) {
        if ((name != "registry" && !(name.starts_with('@') && name.ends_with(":registry"))) || !value.is_string())
            continue;
        ASSAY_TRY(std::string url, collect.registry(value.get<std::string>(), "npm's " + name));
        collect.set("npm_config_" + name, std::move(url));
    }
    for (const char* name : {"strict-ssl", "fetch-retries", "fetch-timeout", "maxsockets", "replace-registry-host"})
        if (const std::string value = text(name); !value.empty()) {
            std::string variable = "npm_config_" + std::string(name);
            std::replace(variable.begin(), variable.end(), '-', '_');
            collect.set(variable, value);
        }
    if (const std::string cafile = text("cafile"); !cafile.empty()) collect.certificates("npm_config_cafile", cafile);
    // Native modules compile against headers that are here already, instead of fetching them from yet another host.
    const std::string nodedir = text("nodedir").starts_with("/usr") ? text("nodedir") : "/usr";
    if (::access((nodedir + "/include/node/node_api.h").c_str(), R_OK) == 0) collect.set("npm_config_nodedir", nodedir);
    return {};
}

}  // namespace

std::string without_user(const std::string& url) {
    const auto scheme = url.find("://");
    if (scheme == std::string::npos) return url;
    const auto path = url.find_first_of("/?#", scheme + 3);
    const auto at = url.rfind('@', path == std::string::npos ? std::string::npos : path);
    if (at == std::string::npos || at < scheme) return url;
    return url.substr(0, scheme + 3) + url.substr(at + 1);
}

Result<Upstream> upstream_from(const Environment& env) {
    Upstream upstream;
    const auto read = [](const std::string& text) -> Result<Url> {
        const auto url = parse_url(text.find("://") == std::string::npos ? "http://" + text : text);
        if (!url || url->scheme != "http")
            return fail("read the host's proxy", without_user(text),
                        "only proxies of the form http://host:port are supported");
        return *url;
    };
    if (const auto https = lookup(env, {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"})) {
        ASSAY_TRY(upstream.https, read(*https));
    }
    if (const auto http = lookup(env, {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"})) {
        ASSAY_TRY(upstream.http, read(*http));
    }
    std::string direct = lookup(env, {"no_proxy", "NO_PROXY"}).value_or("");
    std::replace(direct.begin(), direct.end(), ',', ' ');
    upstream.direct = words_of(direct);
    return upstream;
}

Result<Registries> find_registries(LayerKind kind, const Environment& env, const std::vector<std::string>& more_hosts) {
    Registries registries;
    ASSAY_TRY(registries.upstream, upstream_from(env));
    Collector collect(registries);
    if (is_python(kind)) {
        ASSAY_CHECK(ask_pip(env, collect));
    } else if (kind == LayerKind::node_modules) {
        ASSAY_CHECK(ask_npm(env, collect));
    }
    for (const char* variable : {"SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"})
        if (const auto path = lookup(env, {variable})) collect.certificates(variable, *path);
    for (const std::string& host : more_hosts) ASSAY_CHECK(collect.allow(host, "--allow-host"));
    return registries;
}

}  // namespace assay::images
