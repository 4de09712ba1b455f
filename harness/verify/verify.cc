#include "harness/verify/verify.h"

#include "harness/verify/rules/paper/clean_architecture.h"
#include "harness/verify/rules/paper/database.h"
#include "harness/verify/rules/paper/orm.h"

namespace assay::verify {
namespace {

RuleVerdict not_asked(const char* rule) {
    RuleVerdict verdict;
    verdict.rule = rule;
    verdict.summary = "the task does not ask for it";
    return verdict;
}

std::vector<RuleVerdict> verify_view(const paper::View& view, const Constraints& constraints) {
    return {
        constraints.clean_architecture ? paper::clean_architecture(view) : not_asked(paper::kCleanArchitecture),
        constraints.database ? paper::database(view, *constraints.database) : not_asked(paper::kDatabase),
        constraints.orm ? paper::orm(view, *constraints.orm) : not_asked(paper::kOrm),
    };
}

}  // namespace

std::vector<RuleVerdict> verify_paper(std::string_view patch, const Constraints& constraints) {
    return verify_view(paper::view_of_patch(patch), constraints);
}

std::vector<RuleVerdict> verify_paper(const AddedSource& tree, const Constraints& constraints) {
    return verify_view(paper::view_of_tree(tree), constraints);
}

}  // namespace assay::verify
