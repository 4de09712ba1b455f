// Where packages come from on this host, found out at run time by asking pip and npm themselves.
//
// What a builder gets of it: the registries' addresses, timeouts and certificates. Never credentials: packages' own
// code runs there. A registry that wants a password cannot be used.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "images/allow_list.h"
#include "images/proxy.h"
#include "images/recipe.h"

namespace assay::images {

using Environment = std::map<std::string, std::string>;

struct Registries {
    std::vector<std::pair<std::string, std::string>> env;  // for the installer, inside
    std::vector<sandbox::RootStep> steps;                  // certificates and folders of packages, for its root
    AllowList allow;
    Upstream upstream;
    std::vector<std::string> notes;  // for the build's log
};

// Runs pip or npm on the host with `env`, the caller's own environment (a quarter of a second for npm). `more_hosts`:
// further entries of the allow-list.
Result<Registries> find_registries(LayerKind kind, const Environment& env, const std::vector<std::string>& more_hosts);

// The host's own proxy, from HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY in either case. Errors: not http://.
Result<Upstream> upstream_from(const Environment& env);

// A URL without "user:password@".
std::string without_user(const std::string& url);

}  // namespace assay::images
