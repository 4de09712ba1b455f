// JUnit XML, as Jenkins, GitLab and pytest's readers take it: a testsuite a request, a testcase an assertion.
//
// Shape: testsuites > testsuite(name, tests, failures, errors, skipped, time, timestamp) > testcase(name, classname,
// time) > failure | error | skipped, then system-out (the curl command) and system-err. Names of suites are newman's
// (newman 6.2.2). Other than newman's, counts are those of the elements, a request that failed or a script that threw
// is a testcase with an error, and what was not reached is a testcase with an error of type "unreached".
#pragma once

#include <string>

#include "harness/report/suite_run.h"

namespace assay::report {

[[nodiscard]] std::string junit_xml(const SuiteRun& run);

}  // namespace assay::report
