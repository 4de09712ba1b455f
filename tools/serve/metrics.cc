#include "tools/serve/metrics.h"

#include <fmt/format.h>

#include <iterator>

#include "images/untrusted_json.h"

namespace assay::serve {

void Metrics::on_event(const std::string& line) {
    // An entry may have such text in itself: who parses the line sees that.
    if (line.find(R"("event":"launched")") == std::string::npos) return;
    const auto event = images::parse_untrusted(line);
    if (!event || event->value("event", "") != "launched") return;
    std::lock_guard lock(mutex_);
    ++launches_;
}

void Metrics::on_record(const collect::Record& record) {
    std::lock_guard lock(mutex_);
    for (const auto& phase : record.phases) {
        Phase& sum = phases_[phase.name];
        sum.seconds += std::chrono::duration<double>(phase.wall).count();
        ++sum.count;
    }
    if (const auto* fault = record.fault()) {
        ++faults_[fault->step];
        return;
    }
    const collect::Verdict& verdict = *record.verdict();
    ++(verdict.succeeded() ? passed_ : failed_);
    assertions_passed_ += verdict.counts.passed;
    assertions_failed_ += verdict.counts.failed;
    assertions_skipped_ += verdict.counts.skipped;
}

void Metrics::count_answer(unsigned status) {
    std::lock_guard lock(mutex_);
    ++answers_[status];
}

namespace {

// One family: its head, then a sample for each call.
class Family {
 public:
    Family(std::string& out, std::string name, const char* type, const char* help) : out_(out), name_(std::move(name)) {
        out_ += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", name_, help, type);
    }
    template <typename Number>
    Family& add(Number value, const std::string& labels = {}) {
        out_ += fmt::format("{}{} {}\n", name_, labels.empty() ? "" : "{" + labels + "}", value);
        return *this;
    }

 private:
    std::string& out_;
    std::string name_;
};

// A label's value: names of ours, but nobody has to rely on that.
std::string label(const char* name, const std::string& value) {
    std::string text = std::string(name) + "=\"";
    for (const char c : value) {
        if (c == '\\' || c == '"') text += '\\';
        text += c == '\n' ? ' ' : c;
    }
    return text + "\"";
}

}  // namespace

std::string Metrics::text(const Gauges& gauges) const {
    std::string out;
    std::lock_guard lock(mutex_);
    std::uint64_t faulted = 0;
    for (const auto& [step, count] : faults_) faulted += count;
    Family(out, "assay_submissions", "gauge", "Submissions that are not done, by state.")
        .add(gauges.queued, label("state", "queued"))
        .add(gauges.running, label("state", "running"));
    Family(out, "assay_submissions_known", "gauge", "Submissions that can be asked for.").add(gauges.known);
    Family(out, "assay_submissions_done_total", "counter", "Submissions that are done, by outcome.")
        .add(passed_, label("outcome", "passed"))
        .add(failed_, label("outcome", "failed"))
        .add(faulted, label("outcome", "fault"));
    Family faults(out, "assay_faults_total", "counter", "Submissions without a verdict, by the step that failed.");
    for (const auto& [step, count] : faults_) faults.add(count, label("step", step));
    Family(out, "assay_assertions_total", "counter", "Assertions of verdicts, by status.")
        .add(assertions_passed_, label("status", "passed"))
        .add(assertions_failed_, label("status", "failed"))
        .add(assertions_skipped_, label("status", "skipped"));
    Family(out, "assay_queue_limit", "gauge", "Submissions that may wait.").add(gauges.queue_limit);
    Family(out, "assay_launches_total", "counter", "Servers that were started.").add(launches_);
    Family seconds(out, "assay_phase_seconds", "summary", "Wall time of submissions, by phase.");
    for (const auto& [name, phase] : phases_)
        out += fmt::format("assay_phase_seconds_sum{{{0}}} {1:.6f}\nassay_phase_seconds_count{{{0}}} {2}\n",
                           label("phase", name), phase.seconds, phase.count);
    Family(out, "assay_capacity_slots", "gauge", "Submissions that may be in work now.").add(gauges.slots);
    Family(out, "assay_capacity_slots_in_use", "gauge", "Submissions in work.").add(gauges.slots_in_use);
    Family(out, "assay_journal_failing", "gauge", "1 while the journal cannot be written.")
        .add(gauges.journal_fails ? 1 : 0);
    Family answers(out, "assay_http_answers_total", "counter", "Answers, by HTTP status.");
    for (const auto& [status, count] : answers_) answers.add(count, fmt::format("status=\"{}\"", status));
    Family(out, "assay_uptime_seconds", "gauge", "Since the service began.")
        .add(fmt::format("{:.3f}", std::chrono::duration<double>(Clock::now() - begin_).count()));
    return out;
}

}  // namespace assay::serve
