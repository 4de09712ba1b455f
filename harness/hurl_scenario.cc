// The run of a Hurl file, top to bottom. One outcome an entry: of a repeated or retried one the last try counts.
#include "harness/hurl_scenario.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <filesystem>

#include "harness/http/url.h"
#include "harness/hurl_detour.h"
#include "harness/hurl_exchange.h"
#include "harness/hurl_outcomes.h"
#include "harness/pause.h"
#include "harness/suite/hurl_variables.h"

namespace assay::harness {
namespace {

namespace asio = boost::asio;
namespace model = suite::hurl;
using http::Awaitable;
using hurl::Fault;

Awaitable<void> pause(Millis length) {
    if (length.count() > 0) co_await sleep_until(Clock::now() + length);
}

class FileRun {
 public:
    FileRun(const hurl::Compiled& compiled, http::LaneExecutor executor, http::Connector& connector,
            const HurlOptions& options, const OutcomeSink& sink, ScenarioRun& totals, std::uint32_t& sequence,
            std::uint32_t& timeouts_in_a_row)
        : compiled_(compiled),
          options_(options),
          totals_(totals),
          timeouts_in_a_row_(timeouts_in_a_row),
          detour_(connector),
          client_(std::move(executor), detour_, http::Limits{options.timeout_request, kHurlBodyLimit}),
          evaluator_(compiled, variables_,
                     {options.file_root.empty() ? folder(compiled.file.file) : options.file_root}),
          outcomes_(compiled, variables_, options.keep, sink, totals, sequence) {
        for (const auto& [name, value] : options.variables) variables_.set(name, value);
    }

    // Whether every entry ended well.
    Awaitable<bool> run();

 private:
    static std::string folder(const std::string& file) { return std::filesystem::path(file).parent_path().string(); }

    Awaitable<HurlTry> take(const model::Entry& entry, const HurlEntryOptions& options);
    Awaitable<HurlTry> attempt(const model::Entry& entry, const HurlEntryOptions& options);
    Awaitable<http::Exchange<hurl::Response>> exchange(http::Request& request, const HurlEntryOptions& options,
                                                       HurlTry& tried);
    Awaitable<http::Exchange<http::Response>> send(const http::Request& request, HurlTry& tried);
    void judge(const model::Response& expected, HurlTry& tried);

    const hurl::Compiled& compiled_;
    const HurlOptions& options_;
    ScenarioRun& totals_;
    std::uint32_t& timeouts_in_a_row_;
    Detour detour_;
    http::Client client_;
    hurl::Variables variables_;
    hurl::Evaluator evaluator_;
    HurlOutcomes outcomes_;
    hurl::Response response_;  // of the entry at work
};

Awaitable<bool> FileRun::run() {
    bool good = true;
    std::string why;  // the remaining entries are not reached; empty: go on
    std::uint32_t root = 0;
    for (const auto& entry : compiled_.file.entries) {
        if (!why.empty()) {
            outcomes_.deliver_unreached(entry, why, root);
            continue;
        }
        const auto options = entry_options(entry, options_.entry, evaluator_, variables_);
        if (options && (options->skip || options->repeat == 0)) {
            outcomes_.deliver_skipped(entry);
            continue;
        }
        // What an option sets is nobody's output.
        for (const auto& name : model::variables_defined(entry)) outcomes_.forget(name);
        HurlTry tried;
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
        root = outcomes_.deliver(entry, std::move(tried), tries);
        good = good && !failed;
        if (failed && !options_.continue_on_error) why = unreached_after(compiled_.file.file, entry.at.line);
    }
    co_return good;
}

Awaitable<HurlTry> FileRun::take(const model::Entry& entry, const HurlEntryOptions& options) {
    detour_.set(options);
    HurlTry tried = co_await attempt(entry, options);
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
Awaitable<HurlTry> FileRun::attempt(const model::Entry& entry, const HurlEntryOptions& options) {
    HurlTry tried;
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
    tried.response = &response_;
    evaluator_.look_at(response_);
    if (entry.response) judge(*entry.response, tried);
    co_return tried;
}

// Sends, and follows redirects when asked to.
Awaitable<http::Exchange<hurl::Response>> FileRun::exchange(http::Request& request, const HurlEntryOptions& options,
                                                            HurlTry& tried) {
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

Awaitable<http::Exchange<http::Response>> FileRun::send(const http::Request& request, HurlTry& tried) {
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
void FileRun::judge(const model::Response& expected, HurlTry& tried) {
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
        if (capture.redacted) outcomes_.redact(*captured->second.as<std::string>());
        outcomes_.note_captured(captured->first);
        variables_.set(std::move(captured->first), std::move(captured->second));
    }
    for (const auto& header : expected.headers) note(evaluator_.header(header));
    if (expected.body) note(evaluator_.expected_body(*expected.body));
    for (const auto& assertion : expected.asserts) note(evaluator_.assertion(assertion));
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
