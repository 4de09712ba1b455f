// The bearer token that a client on the network has to show.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace assay::serve {

// The first line of `file`, else `given`. An error names the remedy: there is none, or it is too short to be secret.
Result<std::string> read_token(const std::string& file, const std::string& given);

// Whether the value of an Authorization field shows it. Takes the same time for every wrong token of one length.
bool shows_token(std::string_view authorization, const std::string& token);

}  // namespace assay::serve
