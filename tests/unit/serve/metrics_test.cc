#include "tools/serve/metrics.h"

#include <gtest/gtest.h>

using namespace assay;
using namespace assay::serve;

namespace {

bool has(const std::string& text, const std::string& line) {
    return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

}  // namespace

TEST(Metrics, CountsRecordsByOutcome) {
    Metrics metrics;
    collect::Record record;
    collect::Verdict verdict;
    verdict.counts = {5, 4, 1, 0};
    record.outcome = verdict;
    record.phases = {{"ready", Micros(1500000), {}}};
    metrics.on_record(record);
    metrics.on_record(record);
    record.phases.clear();
    record.outcome = runtime::Fault{"a \"step\"", "reason", true};
    metrics.on_record(record);
    metrics.count_answer(429);
    const std::string text = metrics.text({3, 2, 9, 10, 1, 4, true});
    for (const char* line :
         {R"(assay_submissions{state="queued"} 3)", R"(assay_submissions{state="running"} 2)",
          "assay_submissions_known 9", R"(assay_submissions_done_total{outcome="failed"} 2)",
          R"(assay_submissions_done_total{outcome="fault"} 1)", R"(assay_faults_total{step="a \"step\""} 1)",
          R"(assay_assertions_total{status="passed"} 8)", R"(assay_phase_seconds_sum{phase="ready"} 3.000000)",
          R"(assay_phase_seconds_count{phase="ready"} 2)", "assay_capacity_slots 4", "assay_capacity_slots_in_use 1",
          "assay_journal_failing 1", R"(assay_http_answers_total{status="429"} 1)",
          "# TYPE assay_phase_seconds summary"})
        EXPECT_TRUE(has(text, line)) << line << "\n" << text;
}

TEST(Metrics, CountsLaunchesAndNotTheirNames) {
    Metrics metrics;
    metrics.on_event(R"({"event":"launched","sandbox":1,"seq":3})");
    metrics.on_event(R"({"entry":{"labels":{"event":"launched"}},"event":"accepted","seq":4})");
    EXPECT_TRUE(has(metrics.text({}), "assay_launches_total 1"));
}
