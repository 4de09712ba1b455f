// What became of the entries of one Hurl file: from the last try of each to an outcome that shows no secret.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/causes.h"
#include "harness/check/outcome.h"
#include "harness/http/client.h"
#include "harness/hurl/evaluate.h"
#include "harness/scenario.h"

namespace assay::harness {

// What became of an entry's assertions: in the order of assertion_names(), as far as they were reached.
struct HurlTry {
    std::vector<std::optional<hurl::Fault>> judged;
    std::optional<hurl::Fault> fault;  // before, between or instead of assertions
    std::optional<http::Failure> failure;
    std::optional<check::Answer> answer;
    std::string method;
    std::string url;
    std::uint64_t request_size = 0;
    std::optional<http::Request> sent;         // before redirects, when exchanges are kept
    std::string cookies;                       // that the client's jar added to it
    const hurl::Response* response = nullptr;  // its answer; null: none
    bool timed_out = false;
    [[nodiscard]] bool failed() const {
        return fault || failure ||
               std::any_of(judged.begin(), judged.end(), [](const auto& each) { return each.has_value(); });
    }
};

// Why the entries after one that failed have no verdict.
std::string unreached_after(std::string_view file, std::uint32_t line);

// Each entry is delivered once, in the order of the file.
class HurlOutcomes {
 public:
    // `sequence`: of the file's first entry; counted on. All of it must outlive the outcomes.
    HurlOutcomes(const hurl::Compiled& compiled, const hurl::Variables& variables, ScenarioOptions::Keep keep,
                 const OutcomeSink& sink, ScenarioRun& totals, std::uint32_t& sequence);

    // What the entry at work has captured, and values that no report may show.
    void note_captured(const std::string& name) { fresh_.push_back(name); }
    void redact(std::string secret) { secrets_.push_back(std::move(secret)); }
    // The variable is no entry's output any more.
    void forget(const std::string& name) { captured_.erase(name); }

    // Gives the entry's sequence.
    std::uint32_t deliver(const suite::hurl::Entry& entry, HurlTry tried, std::uint32_t tries);
    void deliver_skipped(const suite::hurl::Entry& entry);
    // It follows from the entry of sequence `root`.
    void deliver_unreached(const suite::hurl::Entry& entry, const std::string& why, std::uint32_t root);

 private:
    [[nodiscard]] check::RequestOutcome new_outcome(const suite::hurl::Entry& entry);
    [[nodiscard]] std::vector<VariableRead> reads(const suite::hurl::Entry& entry) const;
    [[nodiscard]] std::shared_ptr<const check::Exchange> kept(const HurlTry& tried,
                                                              const check::RequestOutcome& outcome) const;
    void hand_over(const suite::hurl::Entry& entry, check::RequestOutcome outcome);
    [[nodiscard]] std::string message(const hurl::Fault& fault) const;
    [[nodiscard]] std::string redacted(std::string text) const;

    const hurl::Compiled& compiled_;
    const hurl::Variables& variables_;
    const ScenarioOptions::Keep keep_;
    const OutcomeSink& sink_;
    ScenarioRun& totals_;
    std::uint32_t& sequence_;
    std::vector<std::string> secrets_;
    const Writers writers_;  // of the file
    CauseFinder causes_;
    std::map<std::string, std::uint32_t, std::less<>> captured_;  // sequence of the entry that a variable comes from
    std::vector<std::string> fresh_;                              // captured by the entry at work
};

}  // namespace assay::harness
