// Reader of Hurl files, the grammar of Hurl 8.
//
// Errors name file, line and column, and say what Hurl says there. Pure; nothing is opened but the file itself.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "harness/suite/hurl_model.h"

namespace assay::suite {

// `file` is used in messages and for the name.
Result<hurl::File> read_hurl(std::string_view text, const std::string& file);
Result<hurl::File> load_hurl(const std::string& path);

}  // namespace assay::suite
