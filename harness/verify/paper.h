// The study's three verifiers, exactly (`--verify paper`): a submission's own text and its task's constraints in, a
// verdict a rule out.
//
// Pure: the same input gives the same verdicts, on any thread.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "harness/verify/added.h"
#include "harness/verify/constraints.h"
#include "harness/verify/verdict.h"

namespace assay::verify {

// What a submission wrote, in the form in which it came: one of the two. A patch is taken as text, as the study does;
// whether it applies is not asked here. Cheap to copy.
struct Written {
    std::shared_ptr<const std::string> patch;
    std::shared_ptr<const AddedSource> tree;
};

inline constexpr std::array<const char*, 3> kPaperRules{"paper/clean_architecture", "paper/database", "paper/orm"};

// The rules that the constraints ask for, in the order of kPaperRules; none for an unconstrained task.
std::vector<RuleVerdict> judge_paper(const Written& written, const Constraints& constraints);

}  // namespace assay::verify
