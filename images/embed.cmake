# cmake -DRECIPES=<file;...> -DOUTPUT=<file> -P embed.cmake: the recipes as C++ raw strings.
set(entries "")
foreach(file IN LISTS RECIPES)
  file(READ ${file} text)
  get_filename_component(folder ${file} DIRECTORY)
  get_filename_component(name ${folder} NAME)
  string(APPEND entries "    {\"${name}\", R\"recipe(${text})recipe\"},\n")
endforeach()
file(WRITE ${OUTPUT}.new "// Made by images/embed.cmake of images/*/recipe.toml.
#include \"images/embedded.h\"

namespace assay::images {
namespace {
constexpr EmbeddedRecipe kRecipes[] = {
${entries}};
}  // namespace

std::span<const EmbeddedRecipe> embedded_recipes() { return kRecipes; }

}  // namespace assay::images
")
file(RENAME ${OUTPUT}.new ${OUTPUT})
