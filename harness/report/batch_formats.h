// The formats of batch_report.h.
#pragma once

#include <memory>

#include "harness/report/batch_report.h"

namespace assay::report {

// A testsuite a submission; a testcase an assertion, a rule, or an error. A fault is an error of type "fault", so that
// it is no failed test. Only testsuites have counts: they are known before their cases are.
std::unique_ptr<BatchFormat> junit_batch();

// https://ctrf.io: a test an assertion or a rule; `suite` is the submission and the request. A fault has status
// "other", as an assertion that was not reached has.
std::unique_ptr<BatchFormat> ctrf_batch();

// TAP 14. The plan comes last.
std::unique_ptr<BatchFormat> tap_batch();

// SARIF 2.1.0 (OASIS): the findings of the structural rules, paths below the submission's id.
std::unique_ptr<BatchFormat> sarif_batch();

// One file that loads nothing, runs nothing, and shows no byte of a server as markup.
std::unique_ptr<BatchFormat> html_batch();

}  // namespace assay::report
