// The study's verifiers over a patch's text: a verdict for any bytes, findings inside the text, the same every time.
#include <algorithm>
#include <cstdint>

#include "harness/verify/paper.h"
#include "tests/fuzz/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace assay::verify;
    Written written;
    written.patch = std::make_shared<const std::string>(reinterpret_cast<const char*>(data), size);
    const auto lines = static_cast<std::uint64_t>(std::count(written.patch->begin(), written.patch->end(), '\n')) + 1;
    for (const char* task : {"a-openapi-clean_architecture-sqlite-sqlalchemy", "b-openapi-postgres-sequelize"}) {
        const auto constraints = parse_task_name(task);
        FUZZ_CHECK(constraints);
        const auto verdicts = judge_paper(written, *constraints);
        FUZZ_CHECK(verdicts.size() == static_cast<std::size_t>(constraints->level()));
        FUZZ_CHECK(verdicts == judge_paper(written, *constraints));
        for (const RuleVerdict& verdict : verdicts) {
            bool breaks = false;
            for (const Finding& finding : verdict.findings) {
                breaks = breaks || finding.weight == Weight::breaks;
                FUZZ_CHECK(finding.rule == verdict.rule && !finding.message.empty());
                FUZZ_CHECK(finding.line == 0 || !finding.file.empty());
                FUZZ_CHECK(finding.file.empty() || written.patch->find(finding.file) != std::string::npos);
                FUZZ_CHECK(finding.evidence.size() <= 130);
            }
            FUZZ_CHECK(verdict.holds != breaks);
            FUZZ_CHECK(verdict.findings.size() <= 3 * kMaxFindings);
            FUZZ_CHECK(verdict.findings.size() + verdict.omitted <= 20 * lines + 10);
        }
    }
    return 0;
}
