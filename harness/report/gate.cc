#include "harness/report/gate.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace assay::report {

namespace {

constexpr std::array<std::string_view, 6> kMetrics = {"strict", "raw", "pass@1", "submissions", "succeeded", "faults"};
constexpr std::array<std::string_view, 6> kOps = {">=", "<=", "==", "!=", ">", "<"};

std::optional<double> value_of(const Table& table, std::string_view metric) {
    const Row all = table.rows().back();
    if (metric == "submissions") return static_cast<double>(all.submissions);
    if (metric == "succeeded") return static_cast<double>(all.succeeded);
    if (metric == "faults") return static_cast<double>(all.faults);
    if (all.submissions == all.faults) return std::nullopt;
    return metric == "strict" ? all.strict : metric == "raw" ? all.raw : all.pass_at_1;
}

std::string without_spaces(std::string_view text) {
    std::string out;
    std::copy_if(text.begin(), text.end(), std::back_inserter(out), [](char c) { return c != ' '; });
    return out;
}

}  // namespace

Result<Gate> Gate::parse(const std::string& text) {
    const auto wrong = [&] {
        return fail(
            "read --gate", "\"" + text + "\"",
            "give METRIC OP NUMBER, as pass@1>=80; metrics: strict, raw, pass@1, submissions, succeeded, faults");
    };
    Gate gate;
    gate.text_ = without_spaces(text);
    const auto at = gate.text_.find_first_of("<>=!");
    if (at == std::string::npos) return wrong();
    gate.metric_ = gate.text_.substr(0, at);
    const std::string rest = gate.text_.substr(at);
    const auto op = std::find_if(kOps.begin(), kOps.end(), [&](auto each) { return rest.starts_with(each); });
    if (op == kOps.end() || std::find(kMetrics.begin(), kMetrics.end(), gate.metric_) == kMetrics.end()) return wrong();
    gate.op_ = *op;
    const char* const last = rest.data() + rest.size();
    const auto [end, error] = std::from_chars(rest.data() + op->size(), last, gate.number_);
    if (error != std::errc{} || end != last) return wrong();
    return gate;
}

bool Gate::met(const Table& table) const {
    const auto value = value_of(table, metric_);
    if (!value) return false;
    if (op_ == ">=") return *value >= number_;
    if (op_ == "<=") return *value <= number_;
    if (op_ == "==") return *value == number_;
    if (op_ == "!=") return *value != number_;
    return op_ == ">" ? *value > number_ : *value < number_;
}

std::string Gate::explain(const Table& table) const {
    const auto value = value_of(table, metric_);
    return text_ + (value ? fmt::format(": it is {:g}", *value) : ": there is no verdict");
}

Result<std::vector<Gate>> read_gates(const std::vector<std::string>& texts) {
    std::vector<Gate> gates;
    for (const std::string& text : texts) {
        ASSAY_TRY(Gate gate, Gate::parse(text));
        gates.push_back(std::move(gate));
    }
    return gates;
}

std::vector<std::string> unmet(const std::vector<Gate>& gates, const Table& table) {
    std::vector<std::string> explained;
    for (const Gate& gate : gates)
        if (!gate.met(table)) explained.push_back(gate.explain(table));
    return explained;
}

}  // namespace assay::report
