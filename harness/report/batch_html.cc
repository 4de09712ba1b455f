// Every text of a submission, a server or a task goes through html_text, without exception: the page is opened by
// people who did not write what is in it. A policy that allows no script and no load stands behind that.
#include <fmt/format.h>

#include <algorithm>

#include "harness/report/batch_formats.h"
#include "harness/report/curl.h"
#include "harness/report/html_style.h"
#include "harness/report/plain_text.h"
#include "harness/report/suite_run.h"
#include "harness/report/terminal.h"
#include "harness/report/test_lines.h"

namespace assay::report {

namespace {

constexpr std::size_t kTextShown = 4000;    // bytes of one message, body, evidence
constexpr std::size_t kRootsShown = 20;     // requests of one submission that are shown whole
constexpr std::size_t kFindingsShown = 50;  // of one rule

std::string shown(std::string_view text) { return html_text(shortened(text, kTextShown)); }
std::string pre(std::string_view text) { return text.empty() ? "" : fmt::format("<pre>{}</pre>\n", shown(text)); }

std::string plain(const nlohmann::json& value) {
    return value.is_string() ? value.get<std::string>()
                             : value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// --- the head of the page

std::string options_text(const BatchRun& run) {
    std::string text;
    for (const char* name : {"host", "shard", "jobs", "verify", "suite", "timeout_request_ms", "memory"}) {
        const auto found = run.manifest.find(name);
        const std::string value = found == run.manifest.end() ? std::string() : plain(*found);
        if (!value.empty()) text += fmt::format(", {} {}", name, html_text(value));
    }
    return text;
}

std::string table_text(const Table& table) {
    std::string text =
        "<table><tr><th>framework</th><th>level</th><th>submissions</th><th>assertions</th><th>A%</th><th>raw A%</th>"
        "<th>pass@1</th><th>faults</th></tr>\n";
    const auto rows = table.rows();
    for (std::size_t index = 0; index < rows.size(); ++index) {
        const Row& row = rows[index];
        const bool total = index + 1 == rows.size();
        const bool judged = row.submissions > row.faults;
        const auto percent = [&](double value) { return judged ? fmt::format("{:.1f}", value) : std::string("-"); };
        text += fmt::format(
            "<tr{}><td>{}</td><td>{}</td><td>{}</td><td>{}/{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
            total ? " class=\"all\"" : "",
            total                   ? "all"
            : row.framework.empty() ? "?"
                                    : html_text(row.framework),
            total           ? ""
            : row.level < 0 ? "?"
                            : fmt::format("L{}", row.level),
            row.submissions, row.counts.passed, row.counts.total, percent(row.strict), percent(row.raw),
            percent(row.pass_at_1), row.faults);
    }
    return text + "</table>\n";
}

std::string counts_text(const char* title, const char* column, const std::map<std::string, std::uint64_t>& counts) {
    if (counts.empty()) return {};
    std::vector<std::pair<std::string, std::uint64_t>> sorted(counts.begin(), counts.end());
    std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
    std::string text = fmt::format("<h2>{}</h2>\n<table><tr><th>{}</th><th>submissions</th></tr>\n", title, column);
    for (const auto& [name, count] : sorted)
        text += fmt::format("<tr><td>{}</td><td>{}</td></tr>\n", html_text(name), count);
    return text + "</table>\n";
}

std::string tiles_text(const BatchRun& run) {
    const Row all = run.table.rows().back();
    const auto tile = [](const std::string& value, const char* label) {
        return fmt::format("<div>{}<span>{}</span></div>\n", value, label);
    };
    return "<div class=\"tiles\">\n" + tile(std::to_string(all.submissions), "submissions") +
           tile(std::to_string(all.succeeded), "succeeded") + tile(std::to_string(all.faults), "faults") +
           tile(fmt::format("{}/{}", all.counts.passed, all.counts.total), "assertions passed") +
           tile(fmt::format("{:.1f} s", static_cast<double>(run.stopped_ms - run.started_ms) / 1000), "wall time") +
           "</div>\n";
}

std::string unfinished_text(const BatchRun& run) {
    if (run.unfinished.empty()) return {};
    std::string text = fmt::format("<p class=\"odd\">Incomplete: {} submissions were begun and have no result: ",
                                   run.unfinished.size());
    for (std::size_t index = 0; index < std::min<std::size_t>(run.unfinished.size(), 20); ++index)
        text += (index == 0 ? "" : ", ") + html_text(run.unfinished[index]);
    return text + (run.unfinished.size() > 20 ? ", ..." : "") + "</p>\n";
}

// --- one submission

std::string message_part(const char* mark, const std::vector<check::Exchange::Field>& headers,
                         const std::string& body) {
    std::string text;
    for (const auto& [name, value] : headers) text += fmt::format("{} {}: {}\n", mark, name, value);
    return body.empty() ? text : text + "\n" + shortened(body, kTextShown) + "\n";
}

std::string exchange_text(const check::RequestOutcome& outcome) {
    if (!outcome.exchange) return {};
    const auto& exchange = *outcome.exchange;
    std::string text = fmt::format("> {} {}\n", outcome.method, exchange.sent_url) +
                       message_part(">", exchange.request_headers, exchange.request_body);
    if (outcome.answer)
        text += fmt::format("< {}\n", outcome.answer->code) +
                message_part("<", exchange.response_headers, exchange.response_body);
    const std::string command = curl_command(outcome);
    return fmt::format("<pre>{}</pre>\n{}", html_text(text),
                       command.empty() ? "" : fmt::format("<pre>{}</pre>\n", html_text(command)));
}

std::string failure_text(const TestLine& line) {
    const char* word = line.state == TestLine::State::failed  ? "failed"
                       : line.state == TestLine::State::error ? "error"
                                                              : "unreached";
    std::string text = fmt::format("<p><span class=\"{}\">{}</span> {}</p>\n",
                                   line.state == TestLine::State::unreached ? "odd" : "bad", word, shown(line.name));
    if (line.state == TestLine::State::unreached) return text;
    const auto [expected, actual] = difference_of(line.message);
    if (expected.empty() && actual.empty()) return text + pre(line.message);
    return text + fmt::format("<pre><span class=\"minus\">- {}</span>\n<span class=\"plus\">+ {}</span></pre>\n",
                              shown(expected), shown(actual));
}

std::string request_text(const check::RequestOutcome& outcome) {
    const std::string answer = outcome.answer
                                   ? fmt::format("{}, {} ms", outcome.answer->code, outcome.answer->time.count())
                               : outcome.presumed ? outcome.error + " (presumed)"
                                                  : outcome.error;
    std::string text =
        fmt::format("<details open><summary>{} {} <span class=\"dim\">[{}] {}</span></summary>\n",
                    html_text(outcome.method), shown(full_name(outcome)), shown(answer), shown(outcome.url));
    for (const TestLine& line : lines_of(outcome))
        if (!line.good()) text += failure_text(line);
    return text + exchange_text(outcome) + "</details>\n";
}

bool bad(const check::RequestOutcome& outcome) {
    return !outcome.error.empty() || !outcome.script_errors.empty() || check::count(outcome).failed > 0;
}

std::string requests_text(const std::vector<check::RequestOutcome>& requests) {
    std::string text;
    std::size_t roots = 0, followers = 0;
    for (const auto& outcome : requests) {
        if (!bad(outcome)) continue;
        if (outcome.follows)
            ++followers;
        else if (++roots <= kRootsShown)
            text += request_text(outcome);
    }
    if (roots > kRootsShown)
        text += fmt::format("<p class=\"dim\">{} further requests failed.</p>\n", roots - kRootsShown);
    if (followers > 0)
        text +=
            fmt::format("<p class=\"dim\">{} requests failed that follow from an earlier failure.</p>\n", followers);
    return text;
}

std::string structure_text(const std::vector<verify::RuleVerdict>& structure) {
    std::string text;
    for (const auto& rule : structure) {
        if (rule.holds) continue;
        text += fmt::format("<p><span class=\"bad\">rule broken</span> {}</p>\n", html_text(rule.rule));
        std::string findings;
        std::size_t count = 0;
        for (const auto& finding : rule.findings)
            if (finding.weight == verify::Weight::breaks && ++count <= kFindingsShown)
                findings += finding_text(finding) + (finding.evidence.empty() ? "" : "  | " + finding.evidence) + "\n";
        if (count > kFindingsShown) findings += fmt::format("{} more\n", count - kFindingsShown);
        if (!findings.empty()) text += fmt::format("<pre>{}</pre>\n", html_text(findings));
    }
    return text;
}

std::string labels_text(const collect::Record& record) {
    std::string text = html_text(record.task);
    for (const auto& [name, value] : record.labels) text += fmt::format(", {} {}", html_text(name), html_text(value));
    return text;
}

class Html : public BatchFormat {
 public:
    std::string begin(const BatchRun& run) override {
        const std::string name = html_text(run.name.empty() ? "batch" : run.name);
        return fmt::format(
                   "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                   "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
                   "'unsafe-inline'\">\n<meta name=\"viewport\" content=\"width=device-width\">\n"
                   "<title>assay: {}</title>\n<style>{}</style>\n</head>\n<body>\n<h1>{}</h1>\n"
                   "<p class=\"dim\">{}, assay {}{}</p>\n",
                   name, kHtmlStyle, name, utc_time(run.started_ms), html_text(run.version), options_text(run)) +
               unfinished_text(run) + tiles_text(run) + table_text(run.table) +
               counts_text("Why submissions failed", "category", run.failures) +
               counts_text("Faults, which are about us and in no score", "step", run.faults) +
               "<h2>Submissions</h2>\n"
               "<input type=\"radio\" name=\"shown\" id=\"every\" checked><label for=\"every\"> all</label>\n"
               "<input type=\"radio\" name=\"shown\" id=\"failed\"><label for=\"failed\"> failed</label>\n"
               "<input type=\"radio\" name=\"shown\" id=\"faults\"><label for=\"faults\"> faults</label>\n"
               "<input type=\"radio\" name=\"shown\" id=\"passed\"><label for=\"passed\"> succeeded</label>\n"
               "<div class=\"list\">\n";
    }

    std::string add(const Evaluated& submission) override {
        const collect::Record& record = submission.record;
        const std::string id = shown(record.id);
        if (const auto* fault = record.fault())
            return fmt::format(
                "<details class=\"fault\"><summary><b>{}</b> <span class=\"odd\">fault</span> {}</summary>\n"
                "<p>{}: {}</p>\n{}</details>\n",
                id, labels_text(record), html_text(fault->step), shown(fault->reason),
                fault->retryable ? "<p class=\"dim\">can be tried again: --resume</p>\n" : "");
        const auto& verdict = *record.verdict();
        const bool good = verdict.succeeded();
        std::string text = fmt::format(
            "<details class=\"{}\"><summary><b>{}</b> <span class=\"{}\">{}</span> <span class=\"score\">{}/{}</span> "
            "<span class=\"dim\">{}</span></summary>\n",
            good ? "passed" : "failed", id, good ? "good" : "bad", good ? "succeeded" : "failed", verdict.counts.passed,
            verdict.counts.total, labels_text(record));
        text += fmt::format("<p class=\"dim\">strict score {:.3f}, raw {:.3f}, {} requests, {:.1f} s</p>\n",
                            verdict.strict_score(), verdict.raw_score(), verdict.requests,
                            static_cast<double>(submission.stopped_ms - submission.started_ms) / 1000);
        if (record.failure)
            text += fmt::format("<p><b>{}{}{}</b>: {}</p>\n{}", html_text(record.failure->category),
                                record.failure->cause.empty() ? "" : ": ", html_text(record.failure->cause),
                                shown(record.failure->summary), pre(record.failure->evidence));
        return text + structure_text(verdict.structure) + requests_text(submission.requests) + "</details>\n";
    }

    std::string end() override { return "</div>\n</body>\n</html>\n"; }
};

}  // namespace

std::unique_ptr<BatchFormat> html_batch() { return std::make_unique<Html>(); }

}  // namespace assay::report
