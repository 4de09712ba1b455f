// The run of a Hurl file, top to bottom. One outcome an entry: of a repeated or retried one the last try counts.
#include "harness/hurl_scenario.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <filesystem>
#include <map>

#include "harness/causes.h"
#include "harness/http/url.h"
#include "harness/hurl_detour.h"
#include "harness/hurl_exchange.h"
#include "harness/suite/hurl_variables.h"

namespace assay::harness {
namespace {

namespace asio = boost::asio;
namespace model = suite::hurl;
using http::Awaitable;
using hurl::Fault;

Awaitable<void> pause(Millis length) {
    if (length.count() <= 0) co_return;
    asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, http::LaneExecutor> timer(
        co_await asio::this_coro::executor, Clock::now() + length);
    co_await timer.async_wait(asio::use_awaitable_t<http::LaneExecutor>());
}

// What became of an entry's assertions: in the order of assertion_names(), as far as they were reached.
struct Try {
    std::vector<std::optional<Fault>> judged;
    std::optional<Fault> fault;  // before, between or instead of assertions
    std::optional<http::Failure> failure;
    std::optional<check::Answer> answer;
    std::string method;
    std::string url;
    std::uint64_t request_size = 0;
    std::optional<http::Request> sent;  // before redirects, when exchanges are kept
    std::string cookies;                // that the client's jar added to it
    bool answered = false;              // FileRun::response_ is its answer
    bool timed_out = false;
    [[nodiscard]] bool failed() const {
        return fault || failure ||
               std::any_of(judged.begin(), judged.end(), [](const auto& each) { return each.has_value(); });
    }
};

class FileRun {
 public:
    FileRun(const hurl::Compiled& compiled, http::LaneExecutor executor, http::Connector& connector,
            const HurlOptions& options, const OutcomeSink& sink, ScenarioRun& totals, std::uint32_t& sequence,
            std::uint32_t& timeouts_in_a_row)
        : compiled_(compiled),
          options_(options),
          sink_(sink),
          totals_(totals),
          sequence_(sequence),
          timeouts_in_a_row_(timeouts_in_a_row),
          detour_(connector),
          client_(executor, detour_, http::Limits{options.timeout_request, kHurlBodyLimit}),
          evaluator_(compiled, variables_,
                     {options.file_root.empty() ? folder(compiled.file.file) : options.file_root}),
          writers_(writers(compiled.file, sequence)),
          causes_(writers_, sequence) {
        for (const auto& [name, value] : options.variables) variables_.set(name, value);
    }

    // Whether every entry ended well.
    Awaitable<bool> run();

 private:
    static std::string folder(const std::string& file) { return std::filesystem::path(file).parent_path().string(); }
    // Each entry is one step, in the order of the file.
    static Writers writers(const model::File& file, std::uint32_t sequence) {
        Writers all;
        for (const auto& entry : file.entries) {
            for (auto& name : model::variables_captured(entry)) all[std::move(name)].push_back(sequence);
            ++sequence;
        }
        return all;
    }

    Awaitable<Try> take(const model::Entry& entry, const HurlEntryOptions& options);
    Awaitable<Try> attempt(const model::Entry& entry, const HurlEntryOptions& options);
    Awaitable<http::Exchange<hurl::Response>> exchange(http::Request& request, const HurlEntryOptions& options,
                                                       Try& tried);
    Awaitable<http::Exchange<http::Response>> send(const http::Request& request, Try& tried);
    void judge(const model::Response& expected, Try& tried);
    [[nodiscard]] std::shared_ptr<const check::Exchange> kept(const Try& tried,
                                                              const check::RequestOutcome& outcome) const;
    [[nodiscard]] std::vector<VariableRead> reads(const model::Entry& entry) const;
    void deliver(const model::Entry& entry, Try tried, std::uint32_t tries);
    void deliver_skipped(const model::Entry& entry);
    void deliver_unreached(const model::Entry& entry, const std::string& why, std::uint32_t root);
    [[nodiscard]] check::RequestOutcome new_outcome(const model::Entry& entry);
    void hand_over(const model::Entry& entry, check::RequestOutcome outcome);
    [[nodiscard]] std::string message(const Fault& fault) const;
    [[nodiscard]] std::string redacted(std::string text) const;

    const hurl::Compiled& compiled_;
    const HurlOptions& options_;
    const OutcomeSink& sink_;
    ScenarioRun& totals_;
    std::uint32_t& sequence_;
    std::uint32_t& timeouts_in_a_row_;
    Detour detour_;
    http::Client client_;
    hurl::Variables variables_;
    hurl::Evaluator evaluator_;
    std::vector<std::string> secrets_;  // of captures with `redact`
    hurl::Response response_;           // of the entry at work
    const Writers writers_;             // of the file
    CauseFinder causes_;
    std::map<std::string, std::uint32_t, std::less<>> captured_;  // sequence of the entry that a variable comes from
    std::vector<std::string> fresh_;                              // captured by the entry at work
};

std::string unreached(std::string_view file, std::uint32_t line) {
    return fmt::format("not reached: the entry at {}:{} failed", file, line);
}

Awaitable<bool> FileRun::run() {
    bool good = true;
    std::string why;  // the remaining entries are not reached; empty: go on
    std::uint32_t root = 0;
    for (const auto& entry : compiled_.file.entries) {
        if (!why.empty()) {
            deliver_unreached(entry, why, root);
            continue;
        }
        const auto options = entry_options(entry, options_.entry, evaluator_, variables_);
        if (options && (options->skip || options->repeat == 0)) {
            deliver_skipped(entry);
            continue;
        }
        // What an option sets is nobody's output.
        for (const auto& name : model::variables_defined(entry)) captured_.erase(name);
        Try tried;
        std::uint32_t tries = 1;
        if (!options) {
            tried.fault = options.error();
        } else if (options_.timeouts_in_a_row != 0 && timeouts_in_a_row_ >= options_.timeouts_in_a_row) {
            tried.failure = http::Failure{http::Failure::Kind::timeout, "ESOCKETTIMEDOUT", "ESOCKETTIMEDOUT"};
        } else {
            co_await pause(options->delay);
            for (std::int64_t round = 0; round < options->repeat; ++round) {
                tried = co_await take(entry, *options);
                while (tried.failed() && (options->retry < 0 || tries <= options->retry)) {
                    ++tries;
                    co_await pause(options->retry_interval);
                    tried = co_await take(entry, *options);
                }
                if (tried.failed()) break;
            }
        }
        const bool failed = tried.failed();
        root = sequence_;
        deliver(entry, std::move(tried), tries);
        good = good && !failed;
        if (failed && !options_.continue_on_error) why = unreached(compiled_.file.file, entry.at.line);
    }
    co_return good;
}

Awaitable<Try> FileRun::take(const model::Entry& entry, const HurlEntryOptions& options) {
    detour_.set(options);
    Try tried = co_await attempt(entry, options);
    timeouts_in_a_row_ = tried.timed_out ? timeouts_in_a_row_ + 1 : 0;
    co_return tried;
}

// A cookie in Netscape's format: domain, whether for sub-domains, path, secure, expiry, name, value.
void store_netscape(http::Client& client, const std::string& line) {
    std::vector<std::string> parts(1);
    for (const char c : line) {
        if (c == '\t')
            parts.emplace_back();
        else
            parts.back() += c;
    }
    if (parts.size() != 7) return;
    const auto& domain = parts[0];
    std::string cookie = fmt::format("{}={}; Path={}", parts[5], parts[6], parts[2]);
    if (parts[1] == "TRUE") cookie += "; Domain=" + domain;
    if (parts[3] == "TRUE") cookie += "; Secure";
    client.store_cookie(cookie, fmt::format("{}://{}{}", parts[3] == "TRUE" ? "https" : "http",
                                            domain.starts_with('.') ? domain.substr(1) : domain, parts[2]));
}

// One request and what is said of its answer.
Awaitable<Try> FileRun::attempt(const model::Entry& entry, const HurlEntryOptions& options) {
    Try tried;
    tried.method = entry.request.method;
    auto request = build_request(entry.request, options, evaluator_);
    if (!request) {
        tried.fault = std::move(request).error();
        co_return tried;
    }
    tried.url = request->url;
    if (entry.request.clear_cookies) client_.clear_cookies();
    if (entry.request.set_cookie) store_netscape(client_, *entry.request.set_cookie);
    tried.request_size = request->body.size();
    if (options_.keep != ScenarioOptions::Keep::none) {
        tried.sent = *request;
        for (const auto& [name, value] : client_.cookies(request->url))
            tried.cookies += fmt::format("{}{}={}", tried.cookies.empty() ? "" : "; ", name, value);
    }
    auto answered = co_await exchange(*request, options, tried);
    if (!answered) {
        tried.failure = std::move(answered).error();
        tried.timed_out = tried.failure->kind == http::Failure::Kind::timeout;
        co_return tried;
    }
    response_ = std::move(*answered);
    tried.answered = true;
    evaluator_.look_at(response_);
    if (entry.response) judge(*entry.response, tried);
    co_return tried;
}

// Sends, and follows redirects when asked to.
Awaitable<http::Exchange<hurl::Response>> FileRun::exchange(http::Request& request, const HurlEntryOptions& options,
                                                            Try& tried) {
    hurl::List redirects;
    for (;;) {
        auto received = co_await send(request, tried);
        if (!received) co_return tl::unexpected(std::move(received).error());
        const auto location = received->headers.find("location");
        const bool leads_on = options.location && received->code >= 300 && received->code < 400 && location;
        if (!leads_on) {
            auto response = response_of(std::move(*received), std::move(redirects));
            tried.answer = check::Answer{response.status, std::string(), response.duration, response.body.size()};
            co_return response;
        }
        if (options.max_redirs >= 0 && static_cast<std::int64_t>(redirects.size()) >= options.max_redirs)
            co_return tl::unexpected(http::Failure{http::Failure::Kind::redirects, "", "too many redirect"});
        const auto base = http::parse_url(request.url);
        const bool absolute = location->starts_with("http:") || location->starts_with("https:");
        const std::string next = absolute ? std::string(*location) : http::resolve_url(base, *location);
        redirects.push_back({hurl::Redirect{received->code, http::parse_url(next).href()}});
        redirect(request, received->code, next, options.location_trusted);
    }
}

Awaitable<http::Exchange<http::Response>> FileRun::send(const http::Request& request, Try& tried) {
    ++totals_.requests;
    tried.url = request.url;
    auto received = co_await client_.send(request);
    if (!received) ++totals_.failed_requests;
    if (!received && received.error().kind == http::Failure::Kind::timeout) {
        ++totals_.timeouts;
        if (options_.on_timeout) options_.on_timeout();
    }
    co_return received;
}

// In Hurl's order: what the response line says; when that holds, captures, then all the rest.
void FileRun::judge(const model::Response& expected, Try& tried) {
    const auto note = [&tried](hurl::Evaluated<void> judged) {
        tried.judged.push_back(judged ? std::nullopt : std::optional<Fault>(std::move(judged).error()));
    };
    if (expected.version != model::Response::Version::any) note(evaluator_.version(expected));
    if (expected.status) note(evaluator_.status(expected));
    if (tried.failed()) return;
    for (const auto& capture : expected.captures) {
        auto captured = evaluator_.capture(capture);
        if (!captured) {
            note(tl::unexpected(std::move(captured).error()));
            return;
        }
        note({});
        if (capture.redacted) secrets_.push_back(*captured->second.as<std::string>());
        fresh_.push_back(captured->first);
        variables_.set(std::move(captured->first), std::move(captured->second));
    }
    for (const auto& header : expected.headers) note(evaluator_.header(header));
    if (expected.body) note(evaluator_.expected_body(*expected.body));
    for (const auto& assertion : expected.asserts) note(evaluator_.assertion(assertion));
}

std::string FileRun::redacted(std::string text) const {
    for (const auto& secret : secrets_) {
        if (secret.empty()) continue;
        for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at + 3))
            text.replace(at, secret.size(), "***");
    }
    return text;
}

std::string FileRun::message(const Fault& fault) const {
    return redacted(fmt::format("{} ({}:{}:{})\n{}", fault.what, compiled_.file.file, fault.at.begin.line,
                                fault.at.begin.column, fault.message));
}

check::RequestOutcome FileRun::new_outcome(const model::Entry& entry) {
    check::RequestOutcome outcome;
    outcome.sequence = outcome.position = sequence_++;
    outcome.item = entry.name;
    outcome.folder = compiled_.file.name;
    outcome.method = entry.request.method;
    for (auto& name : model::assertion_names(entry)) outcome.assertions.push_back({std::move(name), {}, {}, false});
    return outcome;
}

// What the entry's text reads, as the variables are now.
std::vector<VariableRead> FileRun::reads(const model::Entry& entry) const {
    std::vector<VariableRead> all;
    for (auto& name : model::variables_read(entry)) {
        const auto from = captured_.find(name);
        VariableRead read{name, std::nullopt, variables_.find(name) == nullptr};
        if (from != captured_.end()) read.set_by = from->second;
        all.push_back(std::move(read));
    }
    return all;
}

void FileRun::hand_over(const model::Entry& entry, check::RequestOutcome outcome) {
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

void FileRun::deliver_skipped(const model::Entry& entry) {
    auto outcome = new_outcome(entry);
    outcome.skipped = true;
    for (auto& assertion : outcome.assertions) assertion.status = check::Status::skipped;
    hand_over(entry, std::move(outcome));
}

void FileRun::deliver_unreached(const model::Entry& entry, const std::string& why, std::uint32_t root) {
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

std::shared_ptr<const check::Exchange> FileRun::kept(const Try& tried, const check::RequestOutcome& outcome) const {
    const bool good = outcome.error.empty() && outcome.script_errors.empty() && check::count(outcome).failed == 0;
    if (!tried.sent || (options_.keep == ScenarioOptions::Keep::failed && good)) return nullptr;
    auto exchange = std::make_shared<check::Exchange>(
        exchange_of(*tried.sent, tried.cookies, tried.answered ? &response_ : nullptr));
    if (secrets_.empty()) return exchange;
    for (auto* text : {&exchange->request_json, &exchange->request_body, &exchange->response_body, &exchange->sent_url})
        *text = redacted(std::move(*text));
    for (auto* fields : {&exchange->request_headers, &exchange->response_headers})
        for (auto& field : *fields) field.value = redacted(std::move(field.value));
    return exchange;
}

void FileRun::deliver(const model::Entry& entry, Try tried, std::uint32_t tries) {
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
                                              : unreached(compiled_.file.file, entry.at.line);
        } else if (tried.judged[i]) {
            assertion.status = check::Status::failed;
            assertion.message = message(*tried.judged[i]);
        }
    }
    outcome.exchange = kept(tried, outcome);
    outcome.answer = std::move(tried.answer);
    hand_over(entry, std::move(outcome));
}

}  // namespace

Awaitable<ScenarioRun> run_hurl(const HurlSuite& suite, http::Connector& connector, const HurlOptions& options,
                                OutcomeSink sink) {
    const auto begun = Clock::now();
    const auto executor = co_await asio::this_coro::executor;
    ScenarioRun totals;
    std::uint32_t sequence = 0, timeouts_in_a_row = 0;
    for (const auto& file : suite.files) {
        FileRun run(*file, executor, connector, options, sink, totals, sequence, timeouts_in_a_row);
        const bool good = co_await run.run();
        if (!good && options.bail) {
            totals.bailed = true;
            break;
        }
    }
    // Every assertion of a file is delivered, whatever came before it; what --bail leaves out is not.
    totals.reach.known = static_cast<std::uint32_t>(suite.assertions);
    totals.reach.unreached = totals.reach.known - std::min(totals.reach.known, totals.counts.total);
    totals.elapsed = std::chrono::duration_cast<Micros>(Clock::now() - begun);
    co_return totals;
}

}  // namespace assay::harness
