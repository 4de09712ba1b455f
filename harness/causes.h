// Which failed steps of a run follow from which: the data flow of its variables, looked at when something has failed.
//
// A step that reads a variable which an earlier step set depends on that step. Its failures follow from the earlier
// step when that one failed, or follows from one that failed, or left the variable empty. A variable that is not there
// belongs to the last step whose scripts could have set it and did not.
//
// Not seen: implicit JavaScript globals that scripts share, cookies, what a script reads of the whole scope at once
// (the legacy objects `globals` and `environment`, toObject()), and what the server itself remembers.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/check/outcome.h"
#include "harness/suite/variables.h"

namespace assay::harness {

// For each variable the items (positions in the suite, ascending) whose test scripts may set it, or whose captures do.
using Writers = std::map<std::string, std::vector<std::uint32_t>, std::less<>>;

// A variable that a step has read.
struct VariableRead {
    std::string variable;
    std::optional<std::uint32_t> set_by;  // sequence of the step whose output it is; empty: nobody's
    bool empty = false;                   // it was not there, undefined or null
};

// One a run, or one for each part of it that has variables of its own. Steps are numbered as requests are; `first` is
// the number of the first one.
class CauseFinder {
 public:
    explicit CauseFinder(const Writers& writers, std::uint32_t first = 0) : writers_(writers), first_(first) {}

    // After the last script of the step `outcome.sequence`, each step once, in order. Costs nothing worth naming until
    // a step has failed. Fills `depends_on`, `follows` and `root_cause` of a failed one.
    void end_step(check::RequestOutcome& outcome, const suite::Scopes& scopes);
    // The same of a step whose reads the caller knows; asked for only when a step has failed.
    void end_step(check::RequestOutcome& outcome, const std::function<std::vector<VariableRead>()>& reads);

 private:
    struct Step {
        std::uint32_t position = 0;
        bool failed = false;
        std::optional<std::uint32_t> follows;  // also of a passed step: what it used may be wrong
        std::optional<std::uint32_t> root_cause;
    };

    [[nodiscard]] std::vector<check::Dependency> dependencies(const std::vector<VariableRead>& reads) const;
    [[nodiscard]] std::optional<std::uint32_t> should_have_set(const VariableRead& read) const;
    [[nodiscard]] const Step& step(std::uint32_t sequence) const { return steps_[sequence - first_]; }

    const Writers& writers_;
    std::uint32_t first_;
    std::vector<Step> steps_;
    bool trouble_ = false;
};

}  // namespace assay::harness
