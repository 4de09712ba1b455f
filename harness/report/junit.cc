#include "harness/report/junit.h"

#include <fmt/format.h>

#include "harness/report/curl.h"
#include "harness/report/junit_suite.h"
#include "harness/report/plain_text.h"

namespace assay::report {

std::string junit_xml(const SuiteRun& run) {
    JunitTally all;
    std::string suites;
    for (const auto& outcome : run.outcomes) {
        JunitSuite suite(full_name(outcome));
        if (outcome.answer) suite.took(static_cast<double>(outcome.answer->time.count()) / 1000);
        suite.add(outcome, full_name(outcome), false);
        suite.output(curl_command(outcome));
        for (const auto& line : outcome.console) suite.console(line.level + ": " + line.text + "\n");
        all += suite.tally();
        suites += suite.text(run.started_ms);
    }
    return fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"{}\" {}>\n{}</testsuites>\n",
                       xml_text(run.name), all.attributes(), suites);
}

}  // namespace assay::report
