#include "harness/report/suite_run.h"

namespace assay::report {

std::string full_name(const check::RequestOutcome& outcome) {
    return outcome.folder.empty() ? outcome.item : outcome.folder + " / " + outcome.item;
}

std::vector<std::string> errors_of(const check::RequestOutcome& outcome) {
    std::vector<std::string> lines;
    if (!outcome.error.empty()) lines.push_back("request: " + outcome.error + (outcome.presumed ? " (presumed)" : ""));
    for (const auto& error : outcome.script_errors) {
        lines.push_back(error.listen + " script: " + error.kind + ": " + error.message +
                        (error.line == 0 ? "" : " (line " + std::to_string(error.line) + ")"));
    }
    return lines;
}

}  // namespace assay::report
