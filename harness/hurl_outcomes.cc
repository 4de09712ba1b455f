#include "harness/hurl_outcomes.h"

#include <fmt/format.h>

#include <utility>

#include "harness/hurl_exchange.h"
#include "harness/suite/hurl_variables.h"

namespace assay::harness {
namespace {

namespace model = suite::hurl;
using hurl::Fault;

// Each entry is one step, in the order of the file.
Writers writers(const model::File& file, std::uint32_t sequence) {
    Writers all;
    for (const auto& entry : file.entries) {
        for (auto& name : model::variables_captured(entry)) all[std::move(name)].push_back(sequence);
        ++sequence;
    }
    return all;
}

}  // namespace

std::string unreached_after(std::string_view file, std::uint32_t line) {
    return fmt::format("not reached: the entry at {}:{} failed", file, line);
}

HurlOutcomes::HurlOutcomes(const hurl::Compiled& compiled, const hurl::Variables& variables, ScenarioOptions::Keep keep,
                           const OutcomeSink& sink, ScenarioRun& totals, std::uint32_t& sequence)
    : compiled_(compiled),
      variables_(variables),
      keep_(keep),
      sink_(sink),
      totals_(totals),
      sequence_(sequence),
      writers_(writers(compiled.file, sequence)),
      causes_(writers_, sequence) {}

std::string HurlOutcomes::redacted(std::string text) const {
    for (const auto& secret : secrets_) {
        if (secret.empty()) continue;
        for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at + 3))
            text.replace(at, secret.size(), "***");
    }
    return text;
}

std::string HurlOutcomes::message(const Fault& fault) const {
    return redacted(fmt::format("{} ({}:{}:{})\n{}", fault.what, compiled_.file.file, fault.at.begin.line,
                                fault.at.begin.column, fault.message));
}

check::RequestOutcome HurlOutcomes::new_outcome(const model::Entry& entry) {
    check::RequestOutcome outcome;
    outcome.sequence = outcome.position = sequence_++;
    outcome.item = entry.name;
    outcome.folder = compiled_.file.name;
    outcome.method = entry.request.method;
    for (auto& name : model::assertion_names(entry)) outcome.assertions.push_back({std::move(name), {}, {}, false});
    return outcome;
}

// What the entry's text reads, as the variables are now.
std::vector<VariableRead> HurlOutcomes::reads(const model::Entry& entry) const {
    std::vector<VariableRead> all;
    for (auto& name : model::variables_read(entry)) {
        const auto from = captured_.find(name);
        VariableRead read{name, std::nullopt, variables_.find(name) == nullptr};
        if (from != captured_.end()) read.set_by = from->second;
        all.push_back(std::move(read));
    }
    return all;
}

void HurlOutcomes::hand_over(const model::Entry& entry, check::RequestOutcome outcome) {
    // An entry that was not reached follows from the one that ended the file, whatever it would have read.
    const auto follows = outcome.follows, root = outcome.root_cause;
    causes_.end_step(outcome, [&] { return reads(entry); });
    if (follows) {
        outcome.follows = follows;
        outcome.root_cause = root;
    }
    for (auto& name : fresh_) captured_.insert_or_assign(std::move(name), outcome.sequence);
    fresh_.clear();
    totals_.counts += check::count(outcome);
    totals_.reach.known += static_cast<std::uint32_t>(outcome.assertions.size());
    totals_.script_errors += static_cast<std::uint32_t>(outcome.script_errors.size());
    sink_(std::move(outcome));
}

void HurlOutcomes::deliver_skipped(const model::Entry& entry) {
    auto outcome = new_outcome(entry);
    outcome.skipped = true;
    for (auto& assertion : outcome.assertions) assertion.status = check::Status::skipped;
    hand_over(entry, std::move(outcome));
}

void HurlOutcomes::deliver_unreached(const model::Entry& entry, const std::string& why, std::uint32_t root) {
    auto outcome = new_outcome(entry);
    outcome.follows = outcome.root_cause = root;
    totals_.reach.unreached += static_cast<std::uint32_t>(outcome.assertions.size());
    outcome.skipped = true;
    for (auto& assertion : outcome.assertions) {
        assertion.status = check::Status::failed;
        assertion.message = why;
    }
    hand_over(entry, std::move(outcome));
}

std::shared_ptr<const check::Exchange> HurlOutcomes::kept(const HurlTry& tried,
                                                          const check::RequestOutcome& outcome) const {
    const bool good = outcome.error.empty() && outcome.script_errors.empty() && check::count(outcome).failed == 0;
    if (!tried.sent || (keep_ == ScenarioOptions::Keep::failed && good)) return nullptr;
    auto exchange = std::make_shared<check::Exchange>(exchange_of(*tried.sent, tried.cookies, tried.response));
    if (secrets_.empty()) return exchange;
    for (auto* text : {&exchange->request_json, &exchange->request_body, &exchange->response_body, &exchange->sent_url})
        *text = redacted(std::move(*text));
    for (auto* fields : {&exchange->request_headers, &exchange->response_headers})
        for (auto& field : *fields) field.value = redacted(std::move(field.value));
    return exchange;
}

std::uint32_t HurlOutcomes::deliver(const model::Entry& entry, HurlTry tried, std::uint32_t tries) {
    auto outcome = new_outcome(entry);
    outcome.url = redacted(std::move(tried.url));
    outcome.request_size = tried.request_size;
    const bool sent = !outcome.url.empty();
    if (tried.failure) {
        outcome.error = tried.failure->message;
        outcome.presumed = !sent;
        if (!sent) {
            ++totals_.presumed;
            ++totals_.failed_requests;
        }
    }
    if (tried.fault) {
        outcome.script_errors.push_back(
            {"request", tried.fault->what, message(*tried.fault), tried.fault->at.begin.line});
        outcome.skipped = !sent;
    }
    if (tries > 1) outcome.console.push_back({"info", fmt::format("{} tries", tries)});
    for (std::size_t i = 0; i < outcome.assertions.size(); ++i) {
        auto& assertion = outcome.assertions[i];
        if (i >= tried.judged.size()) {
            ++totals_.reach.unreached;
            assertion.status = check::Status::failed;
            assertion.message = tried.failure ? fmt::format("not reached: {}", outcome.error)
                                              : unreached_after(compiled_.file.file, entry.at.line);
        } else if (tried.judged[i]) {
            assertion.status = check::Status::failed;
            assertion.message = message(*tried.judged[i]);
        }
    }
    outcome.exchange = kept(tried, outcome);
    outcome.answer = std::move(tried.answer);
    const auto sequence = outcome.sequence;
    hand_over(entry, std::move(outcome));
    return sequence;
}

}  // namespace assay::harness
