#include "harness/verify/sarif.h"

#include <iterator>

namespace assay::verify {
namespace {

using nlohmann::ordered_json;

struct RuleText {
    const char* id;
    const char* name;
    const char* description;
};

constexpr RuleText kRules[] = {
    {"paper/clean_architecture", "CleanArchitecture",
     "At least three of the layers routes, services, models, repositories exist, and none imports a higher one."},
    {"paper/database", "Database", "The database of the task is used, and the other one is not."},
    {"paper/orm", "Orm", "The ORM of the task is used."},
};

// A path as a URI reference: everything but the unreserved characters and '/' is percent-encoded.
std::string uri_of(const std::string& path) {
    constexpr char kHex[] = "0123456789ABCDEF";
    std::string uri;
    for (char c : path) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                           c == '.' || c == '_' || c == '~' || c == '/';
        if (plain)
            uri.push_back(c);
        else
            uri.append({'%', kHex[byte >> 4], kHex[byte & 15]});
    }
    return uri;
}

// Text from a submission may be of any bytes; JSON may not.
std::string utf8(const std::string& text) {
    const ordered_json dumped = text;
    return ordered_json::parse(dumped.dump(-1, ' ', false, ordered_json::error_handler_t::replace)).get<std::string>();
}

ordered_json result_of(const std::string& submission, const Finding& finding) {
    ordered_json result;
    result["ruleId"] = finding.rule;
    result["kind"] = finding.weight == Weight::breaks ? "fail" : "pass";
    result["level"] = finding.weight == Weight::breaks ? "error" : "none";
    result["message"]["text"] = utf8(finding.message);
    if (!finding.file.empty()) {
        ordered_json place;
        place["artifactLocation"]["uri"] = uri_of(submission.empty() ? finding.file : submission + "/" + finding.file);
        place["artifactLocation"]["uriBaseId"] = "SOURCE";
        if (finding.line > 0) {
            place["region"]["startLine"] = finding.line;
            if (!finding.evidence.empty()) place["region"]["snippet"]["text"] = utf8(finding.evidence);
        }
        result["locations"] = ordered_json::array({{{"physicalLocation", place}}});
    }
    result["properties"]["weight"] = name_of(finding.weight);
    if (!submission.empty()) result["properties"]["submission"] = utf8(submission);
    return result;
}

}  // namespace

ordered_json to_json(const std::vector<RuleVerdict>& verdicts) {
    ordered_json all = ordered_json::array();
    for (const RuleVerdict& verdict : verdicts) {
        ordered_json findings = ordered_json::array();
        for (const Finding& finding : verdict.findings)
            findings.push_back({{"weight", name_of(finding.weight)},
                                {"file", utf8(finding.file)},
                                {"line", finding.line},
                                {"message", utf8(finding.message)},
                                {"evidence", utf8(finding.evidence)}});
        all.push_back({{"rule", verdict.rule},
                       {"applicable", verdict.applicable},
                       {"holds", verdict.holds},
                       {"summary", verdict.summary},
                       {"findings", std::move(findings)},
                       {"omitted", verdict.omitted}});
    }
    return all;
}

const char* const kSarifSchema = "https://json.schemastore.org/sarif-2.1.0.json";

ordered_json sarif_run(const std::string& tool_version) {
    ordered_json rules = ordered_json::array();
    for (const RuleText& rule : kRules)
        rules.push_back({{"id", rule.id}, {"name", rule.name}, {"shortDescription", {{"text", rule.description}}}});
    ordered_json run;
    run["tool"]["driver"] = {{"name", "assay"}, {"version", tool_version}, {"rules", std::move(rules)}};
    run["originalUriBaseIds"]["SOURCE"]["description"]["text"] = "The submission's own folder.";
    run["columnKind"] = "unicodeCodePoints";
    return run;
}

std::vector<ordered_json> sarif_results(const SarifInput& input) {
    std::vector<ordered_json> results;
    for (const RuleVerdict& verdict : *input.verdicts) {
        for (const Finding& finding : verdict.findings) {
            results.push_back(result_of(input.submission, finding));
            for (std::size_t index = 0; index < std::size(kRules); ++index)
                if (finding.rule == kRules[index].id) results.back()["ruleIndex"] = index;
        }
    }
    return results;
}

ordered_json to_sarif(const std::vector<SarifInput>& inputs, const std::string& tool_version) {
    ordered_json run = sarif_run(tool_version);
    run["results"] = ordered_json::array();
    for (const SarifInput& input : inputs)
        for (ordered_json& result : sarif_results(input)) run["results"].push_back(std::move(result));
    ordered_json sarif;
    sarif["$schema"] = kSarifSchema;
    sarif["version"] = "2.1.0";
    sarif["runs"] = ordered_json::array({std::move(run)});
    return sarif;
}

}  // namespace assay::verify
