// Directory trees below a descriptor, without following a symbolic link.
#pragma once

#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace assay {

// Removes `name` below `at` and all that is in it, whatever its modes and however deep. A missing name is no error.
Result<void> remove_tree_at(int at, const std::string& name);

// Makes `name` below `at` and opens it. It must not exist.
Result<Fd> make_directory_at(int at, const std::string& name, unsigned mode = 0755);

}  // namespace assay
