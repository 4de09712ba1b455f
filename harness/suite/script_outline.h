// What a suite script says by its text alone: the assertions that it holds, the variables that it may set.
//
// A reading of tokens and brackets, not a parser: strings, templates, comments and regular expressions are known,
// blocks are followed. What it is not sure of counts as "only a run tells", never as an assertion that is not there.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace assay::suite {

// A place that makes an assertion: pm.test("name", ...) or tests["name"] = ...
struct AssertionSite {
    std::string name;         // of a computed name: what stands before the first thing that only a run knows
    std::string suffix;       // ... and after the last one
    bool exact = true;        // the whole name is in the text
    std::uint32_t times = 1;  // in a run of the script that nothing ends early; 0 = only a run tells
    std::uint32_t line = 0;   // in the script, 1-based
    bool operator==(const AssertionSite&) const = default;
};

struct ScriptOutline {
    std::vector<AssertionSite> assertions;  // in the order of the text; names that a literal list gives are written out
    std::vector<std::string> sets;          // variables that it may set, in any scope; sorted, each once
};

ScriptOutline outline(std::string_view source);

}  // namespace assay::suite
