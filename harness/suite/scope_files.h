// The files that give a run its variables: Postman environments and globals, and iteration data (CSV or JSON).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "harness/suite/variables.h"

namespace assay::suite {

struct ScopeFile {
    std::string name;  // pm.environment.name
    Scope scope;
};

// {"name": ..., "values": [{"key": ..., "value": ...}]}, as Postman exports it. As in newman, "enabled": false counts
// for nothing; "disabled": true does.
Result<ScopeFile> read_scope(std::string_view text, const std::string& file);
Result<ScopeFile> load_scope(const std::string& path);

// One scope a row: a JSON list of objects, else CSV with a header line. Unquoted numbers become numbers.
Result<std::vector<Scope>> read_data(std::string_view text, const std::string& file);
Result<std::vector<Scope>> load_data(const std::string& path);

}  // namespace assay::suite
