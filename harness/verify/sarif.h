// Verdicts as JSON: our own plain form, and SARIF 2.1.0 (OASIS) for editors and code hosts.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/verify/verdict.h"

namespace assay::verify {

// [{"rule", "applicable", "holds", "summary", "findings": [{"weight", "file", "line", "message", "evidence"}],
// "omitted"}]
nlohmann::ordered_json to_json(const std::vector<RuleVerdict>& verdicts);

struct SarifInput {
    std::string submission;  // its id; empty when there is only one. Becomes the first part of every path
    const std::vector<RuleVerdict>* verdicts = nullptr;
};

// One run of one tool. What breaks a rule is a result of level "error"; evidence in favour and what is forgiven have
// kind "pass" and level "none". Rules that do not apply give no result.
nlohmann::ordered_json to_sarif(const std::vector<SarifInput>& inputs, const std::string& tool_version);

// The same piece by piece, for a batch that is written as it is read: the one run without its results, and the results
// of one submission.
nlohmann::ordered_json sarif_run(const std::string& tool_version);
std::vector<nlohmann::ordered_json> sarif_results(const SarifInput& input);
extern const char* const kSarifSchema;  // the address that a file names

}  // namespace assay::verify
