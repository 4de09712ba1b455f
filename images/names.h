// Names of the trees that are images of their own (imported, or made by debootstrap), in the store's folder names/:
// one symbolic link a name, to the layer. A tree that has a name is not evicted.
//
// Thread-safe, and safe for several processes: every change is one system call.
#pragma once

#include <map>
#include <string>

#include "base/result.h"

namespace assay::images {

// Name -> key of the layer, whether that is there or not.
std::map<std::string, std::string> image_names(const std::string& store);
// Empty when nothing has the name.
std::string image_named(const std::string& store, const std::string& name);

// Names the layer, taking the name from another one. Call it while the layer is in use.
Result<void> name_image(const std::string& store, const std::string& name, const std::string& key);
// Missing is an error (code ENOENT).
Result<void> forget_image(const std::string& store, const std::string& name);

// a-z, 0-9, '.', '_' and '-', neither '.' nor '-' in front, at most 64.
bool is_image_name(std::string_view name);

}  // namespace assay::images
