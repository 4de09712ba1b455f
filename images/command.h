// Programs of the host that are asked something: python3, npm. Trusted, short, blocking.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/units.h"

namespace assay::images {

// What it printed on stdout, exit status 0. Errors: it cannot be started, ends otherwise (detail: its last line on
// stderr), or takes longer than `timeout` (it is killed then). argv[0] is an absolute path; the working directory is /.
Result<std::string> ask_host(const std::vector<std::string>& argv, const std::map<std::string, std::string>& env,
                             Millis timeout);

}  // namespace assay::images
