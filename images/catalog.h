// Images by name, ready to be used: a recipe, or what `assay image import` stored, with its tree held in the store.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "images/recipe.h"
#include "images/store.h"

namespace assay::images {

// As find_recipe(); an image with a tree of its own has that in use while the Recipe lives, and an `env` that is the
// house's, then its own configuration's, then the recipe's. A name that no recipe has is that of an imported image.
// Errors say how the tree is made when it is not there.
Result<Recipe> find_image(std::string_view name, Store& store, const std::string& folder = {});

// Completes `recipe` with a tree that is there already, published or not yet.
struct ImageAbout;
Result<void> complete_env(Recipe& recipe, const ImageAbout& about);

// Of the store: names a debootstrap recipe's tree has, as long as its suite and packages, and this machine's kind, are
// the same.
std::string bootstrap_key(const Bootstrap& bootstrap, const Recipe& house);

// Tools that building a layer of `kind` needs in the image's own tree; nothing to check for images of the host's files.
Result<void> check_layer_tools(const Recipe& recipe, LayerKind kind);

}  // namespace assay::images
