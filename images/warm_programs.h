// The two programs of warm templates (images/warm/), built into this one. Empty on machines that they do not exist for.
#pragma once

#include <string_view>

namespace assay::images {

std::string_view warm_library();   // template.cc: loaded into the interpreter that becomes a template
std::string_view warm_restorer();  // restorer.cc: stands at the interpreter's path, and continues from one

}  // namespace assay::images
