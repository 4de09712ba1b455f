// The recipes built into the program, made from images/*/recipe.toml by images/CMakeLists.txt.
#pragma once

#include <span>
#include <string_view>

namespace assay::images {

struct EmbeddedRecipe {
    std::string_view name;
    std::string_view text;
};

std::span<const EmbeddedRecipe> embedded_recipes();  // sorted by name

}  // namespace assay::images
