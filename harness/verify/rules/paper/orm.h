// The study's third verifier: the ORM that the task asks for is used.
//
// Over all added lines, without those of lock files; case is ignored. SQLAlchemy: the word anywhere. Sequelize:
// `require('sequelize')`, `from 'sequelize'`, a quoted sequelize before a ':', `new Sequelize(`; quotes of either
// kind, white space (line breaks included) where these forms allow it. Holds when there is any evidence.
#pragma once

#include "harness/verify/constraints.h"
#include "harness/verify/rules/paper/view.h"
#include "harness/verify/verdict.h"

namespace assay::verify::paper {

inline constexpr const char* kOrm = "paper/orm";

RuleVerdict orm(const View& view, Orm expected);

}  // namespace assay::verify::paper
