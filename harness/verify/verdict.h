// What a structural rule says: plain data, ordered, the same for every caller.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace assay::verify {

enum class Weight {
    breaks,    // this is why the rule does not hold
    supports,  // evidence in favour: shown, so that a verdict can be checked by hand
    forgiven,  // would break the rule, but the rule excuses it
};

struct Finding {
    std::string rule;  // id of the rule: "paper/database"
    Weight weight = Weight::breaks;
    std::string file;        // empty: the finding is about the submission as a whole
    std::uint32_t line = 0;  // 1-based in the new file; 0 = no line
    std::string message;     // one sentence
    std::string evidence;    // the text that was matched, shortened; may be empty
    bool operator==(const Finding&) const = default;
};

struct RuleVerdict {
    std::string rule;
    bool applicable = false;  // the task sets this constraint; verdicts of other rules are not made
    bool holds = true;
    std::string summary;  // one line
    std::vector<Finding> findings;
    std::uint64_t omitted = 0;  // further findings, beyond kMaxFindings, that were only counted
    bool operator==(const RuleVerdict&) const = default;
};

inline constexpr std::size_t kMaxFindings = 500;  // per rule and weight; an untrusted source could make millions

// Appends, or counts as omitted once the verdict has kMaxFindings of that weight.
void add_finding(RuleVerdict& verdict, Finding finding);

// True when every applicable rule holds.
bool all_hold(const std::vector<RuleVerdict>& verdicts);

const char* name_of(Weight weight);  // "breaks", "supports", "forgiven"

// At most `limit` bytes of untrusted text for a message: control characters become spaces, a cut ends in "...".
std::string excerpt(std::string_view text, std::size_t limit = 120);

}  // namespace assay::verify
