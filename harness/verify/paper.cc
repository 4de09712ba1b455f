#include "harness/verify/paper.h"

#include "harness/verify/rules/paper/clean_architecture.h"
#include "harness/verify/rules/paper/database.h"
#include "harness/verify/rules/paper/orm.h"

namespace assay::verify {

std::vector<RuleVerdict> judge_paper(const Written& written, const Constraints& constraints) {
    std::vector<RuleVerdict> verdicts;
    if (constraints.level() == 0) return verdicts;
    paper::View view;
    if (written.patch) view = paper::view_of_patch(*written.patch);
    if (written.tree) view = paper::view_of_tree(*written.tree);
    if (constraints.clean_architecture) verdicts.push_back(paper::clean_architecture(view));
    if (constraints.database) verdicts.push_back(paper::database(view, *constraints.database));
    if (constraints.orm) verdicts.push_back(paper::orm(view, *constraints.orm));
    return verdicts;
}

}  // namespace assay::verify
