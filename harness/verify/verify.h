// The door to the rules: one submission's source and its task's constraints in, a verdict a rule out.
//
// Pure: the same input gives the same verdicts, on any thread.
#pragma once

#include <string_view>
#include <vector>

#include "harness/verify/added.h"
#include "harness/verify/constraints.h"
#include "harness/verify/verdict.h"

namespace assay::verify {

// The study's three verifiers, exactly (`--verify paper`): always three verdicts, in the order clean architecture,
// database, ORM; those that the task does not ask for are not applicable. The patch is taken as text, as the study
// does; whether it applies is not asked here.
std::vector<RuleVerdict> verify_paper(std::string_view patch, const Constraints& constraints);
std::vector<RuleVerdict> verify_paper(const AddedSource& tree, const Constraints& constraints);

}  // namespace assay::verify
