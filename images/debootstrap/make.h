// A recipe with base = "debootstrap": a Debian system of its own, from the packages of the host's apt sources.
#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "images/recipe.h"
#include "images/store.h"

namespace assay::images {

struct DebootstrapOrder {
    const Recipe& recipe;                            // has a bootstrap
    std::map<std::string, std::string> environment;  // of the caller: proxies
    Millis patience{900'000};                        // of the whole build
};

// The recipe's tree, made when the store has none. Needs the Debian package mmdebstrap; as an ordinary user also
// uidmap, with entries in /etc/subuid and /etc/subgid. Blocks for minutes; one at a time, however many processes ask.
Result<Layer> ensure_debootstrap(Store& store, const DebootstrapOrder& order);

// Lines of a sources list for the suite, its updates and security fixes, from what `apt-get indextargets` printed as
// "URI RELEASE COMPONENT". Pure.
std::vector<std::string> sources_for(const std::string& suite, const std::string& targets);

}  // namespace assay::images
