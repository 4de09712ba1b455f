// What a submission's set-up commands and manifests ask for, decided from their text alone. Pure functions.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "images/recipe.h"

namespace assay::images {

// File name -> bytes, of the submission's manifest files (Recipe::manifests, and what manifest_includes() names).
using Manifests = std::map<std::string, std::string>;

// What the layer is made from, with everything left out that does not change it: submissions that ask for the same
// packages share a layer whatever else their manifests say.
struct LayerContent {
    LayerKind kind = LayerKind::none;
    Manifests files;
    bool locked = false;  // npm ci: exactly the lock file, or an error

    [[nodiscard]] std::string digest() const;  // SHA-256 over all of it
};

struct Setup {
    std::optional<LayerContent> layer;  // nothing: no dependencies, or no command that installs them
    // To be run in the submission's own sandbox, in this order, before the server: commands that are not recognised,
    // and npm life-cycle scripts of the submission itself.
    std::vector<std::string> commands;
};

// Recognised are the ways to install all of the manifest (`uv pip install --system -r requirements.txt`, `pip install
// -r requirements.txt`, `npm install`, `npm ci`, with flags that change nothing here) and `chmod +x run.sh`, which is
// done when the source is materialised. No set-up commands at all means the image's usual one.
// Errors: a manifest that cannot be read as what it is, or that asks for what a layer cannot hold; detail has file
// and, where there is one, line.
Result<Setup> plan_setup(const Recipe& recipe, const Manifests& manifests, const std::vector<std::string>& commands);

// Whether pip told to use wheels alone runs no code for this content. A direct reference may be a source archive, and
// an option in the file may take the command's word back.
bool runs_wheels_only(const LayerContent& content);

// Files that a requirements.txt refers to by -r and -c, as written; the caller adds them to the manifests.
std::vector<std::string> manifest_includes(std::string_view requirements);

}  // namespace assay::images
