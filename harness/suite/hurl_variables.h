// Which variables an entry of a Hurl file reads and captures, as far as its text tells: all but names that are made of
// variables themselves.
#pragma once

#include <string>
#include <vector>

#include "harness/suite/hurl_model.h"

namespace assay::suite::hurl {

// Of the request, its options, and what is expected of the answer. Each name once, in the order of the file.
std::vector<std::string> variables_read(const Entry& entry);
std::vector<std::string> variables_captured(const Entry& entry);
// By an option `variable: name=value`.
std::vector<std::string> variables_defined(const Entry& entry);

}  // namespace assay::suite::hurl
