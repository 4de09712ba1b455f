#include "harness/verify/verdict.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace assay::verify {

void add_finding(RuleVerdict& verdict, Finding finding) {
    const auto same = std::count_if(verdict.findings.begin(), verdict.findings.end(),
                                    [&](const Finding& known) { return known.weight == finding.weight; });
    if (static_cast<std::size_t>(same) >= kMaxFindings) {
        ++verdict.omitted;
        return;
    }
    finding.rule = verdict.rule;
    verdict.findings.push_back(std::move(finding));
}

bool all_hold(const std::vector<RuleVerdict>& verdicts) {
    return std::all_of(verdicts.begin(), verdicts.end(),
                       [](const RuleVerdict& verdict) { return !verdict.applicable || verdict.holds; });
}

const char* name_of(Weight weight) {
    switch (weight) {
        case Weight::breaks: return "breaks";
        case Weight::supports: return "supports";
        case Weight::forgiven: return "forgiven";
    }
    return "";
}

std::string excerpt(std::string_view text, std::size_t limit) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t' || text.front() == '\n'))
        text.remove_prefix(1);
    std::string shown;
    const bool cut = text.size() > limit;
    if (cut) {
        // Never in the middle of a UTF-8 sequence: continuation bytes are 10xxxxxx.
        std::size_t end = limit;
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
        text = text.substr(0, end);
    }
    shown.reserve(text.size() + 3);
    for (char c : text) shown.push_back(static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c);
    while (!shown.empty() && shown.back() == ' ') shown.pop_back();
    if (cut) shown += "...";
    return shown;
}

}  // namespace assay::verify
