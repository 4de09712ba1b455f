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
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/check/outcome.h"
#include "harness/suite/variables.h"

namespace assay::harness {

// For each variable the items (positions in the suite, ascending) whose test scripts may set it.
using Writers = std::map<std::string, std::vector<std::uint32_t>, std::less<>>;

// One a run. Steps are numbered as requests are, from 0.
class CauseFinder {
 public:
    explicit CauseFinder(const Writers& writers) : writers_(writers) {}

    // After the last script of the step `outcome.sequence`, each step once, in order. Costs nothing worth naming until
    // a step has failed. Fills `depends_on`, `follows` and `root_cause` of a failed one.
    void end_step(check::RequestOutcome& outcome, const suite::Scopes& scopes);

 private:
    struct Step {
        std::uint32_t position = 0;
        bool failed = false;
        std::optional<std::uint32_t> follows;  // also of a passed step: what it used may be wrong
        std::optional<std::uint32_t> root_cause;
    };

    std::vector<check::Dependency> dependencies(const suite::Scopes& scopes) const;
    void add(std::vector<check::Dependency>& all, const std::string& variable, std::uint32_t set_by, bool empty) const;
    [[nodiscard]] std::optional<std::uint32_t> should_have_set(const std::string& variable, std::uint32_t set_by) const;

    const Writers& writers_;
    std::vector<Step> steps_;
    bool trouble_ = false;
};

}  // namespace assay::harness
