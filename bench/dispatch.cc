#include "bench/dispatch.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <iterator>
#include <thread>

#include "bench/measure.h"
#include "harness/http/connectors.h"

namespace assay::bench {

namespace {

using nlohmann::json;

// One run of the bare client: connect, then each request's bytes and as many bytes as its answer has.
Result<void> replay_once(const Tape& tape, std::uint16_t port, int epoll) {
    Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port = htons(port);
    if (!socket || ::connect(socket.get(), reinterpret_cast<sockaddr*>(&at), sizeof at) != 0)
        return fail_errno(errno, "connect to the canned server");
    const int yes = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    epoll_event event{EPOLLIN | EPOLLET, {.fd = socket.get()}};
    if (::epoll_ctl(epoll, EPOLL_CTL_ADD, socket.get(), &event) != 0) return fail_errno(errno, "add to epoll");
    char bytes[65536];
    for (std::size_t i = 0; i < tape.requests.size(); ++i) {
        const std::string& request = tape.requests[i];
        if (::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
            return fail_errno(errno, "send to the canned server");
        for (std::size_t wanted = tape.answers[i].size(); wanted > 0;) {
            const ssize_t got = ::recv(socket.get(), bytes, sizeof bytes, MSG_DONTWAIT);
            if (got > 0) {
                wanted -= std::min(wanted, static_cast<std::size_t>(got));
            } else if (got < 0 && errno == EAGAIN) {
                ::epoll_wait(epoll, &event, 1, 1000);
            } else {
                return fail_errno(errno, "receive from the canned server");
            }
        }
    }
    return {};
}

Result<DispatchFigure> measure_floor(const Tape& tape, CannedServer& server, Millis span) {
    const Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
    if (!epoll) return fail_errno(errno, "make epoll");
    for (int warm = 0; warm < 5; ++warm) ASSAY_CHECK(replay_once(tape, server.port(), epoll.get()));
    DispatchFigure figure;
    figure.lanes = 1;
    const Micros server_before = server.cpu();
    const double before = thread_cpu_us();
    const Instant began = Clock::now();
    while (Clock::now() - began < span) {
        ASSAY_CHECK(replay_once(tape, server.port(), epoll.get()));
        ++figure.runs;
    }
    const auto runs = static_cast<double>(figure.runs);
    figure.cpu_us = (thread_cpu_us() - before) / runs;
    figure.runs_per_second = runs / std::chrono::duration<double>(Clock::now() - began).count();
    figure.server_cpu_us = static_cast<double>((server.cpu() - server_before).count()) / runs;
    return figure;
}

// What the suite itself put into a recorded request.
http::Request as_sent(const std::string& text, std::uint16_t port) {
    http::Request request;
    const auto end = text.find("\r\n\r\n");
    std::string_view head = std::string_view(text).substr(0, end);
    const auto line = head.substr(0, head.find("\r\n"));
    const auto blank = line.find(' ');
    request.method = line.substr(0, blank);
    request.url = fmt::format("http://127.0.0.1:{}{}", port, line.substr(blank + 1, line.rfind(' ') - blank - 1));
    request.body = text.substr(end + 4);
    while (!head.empty()) {
        const auto at = head.find("\r\n");
        head.remove_prefix(at == std::string_view::npos ? head.size() : at + 2);
        for (std::string_view name : {"Content-Type", "X-Requested-With", "Authorization"})
            if (head.starts_with(std::string(name) + ": "))
                request.headers.push_back(
                    {std::string(name),
                     std::string(head.substr(name.size() + 2, head.find("\r\n") - name.size() - 2))});
    }
    return request;
}

Result<DispatchFigure> measure_client(const Tape& tape, CannedServer& server, Millis span) {
    std::vector<http::Request> requests;
    for (const std::string& text : tape.requests) requests.push_back(as_sent(text, server.port()));
    boost::asio::io_context context(1);
    http::HostConnector connector(context.get_executor());
    std::string complaint;
    const auto run = [&]() -> http::Awaitable<void> {
        http::Client client(context.get_executor(), connector, {Millis(10000), 64_MiB});
        for (const http::Request& request : requests) {
            const auto response = co_await client.send(request);
            if (!response) complaint = response.error().message;
        }
    };
    const auto once = [&] {
        boost::asio::co_spawn(context, run(), boost::asio::detached);
        context.restart();
        context.run();
    };
    for (int warm = 0; warm < 5; ++warm) once();
    DispatchFigure figure;
    figure.lanes = 1;
    const Micros server_before = server.cpu();
    const double before = thread_cpu_us();
    const Instant began = Clock::now();
    while (Clock::now() - began < span) {
        once();
        ++figure.runs;
    }
    if (!complaint.empty()) return fail("measure the client", complaint);
    const auto runs = static_cast<double>(figure.runs);
    figure.cpu_us = (thread_cpu_us() - before) / runs;
    figure.runs_per_second = runs / std::chrono::duration<double>(Clock::now() - began).count();
    figure.server_cpu_us = static_cast<double>((server.cpu() - server_before).count()) / runs;
    return figure;
}

// The two in turn, and of each the measurement with the median rate, whole: whether the kernel puts a client beside its
// server or on another processor makes a factor of two, and it changes its mind every few seconds.
Result<void> measure_client_and_floor(const Tape& tape, CannedServer& server, Millis span, DispatchReport& report) {
    constexpr int kTurns = 9;
    std::vector<DispatchFigure> floors, clients;
    for (int turn = 0; turn < kTurns; ++turn) {
        ASSAY_TRY(floors.emplace_back(), measure_floor(tape, server, span * 2 / kTurns));
        ASSAY_TRY(clients.emplace_back(), measure_client(tape, server, span * 2 / kTurns));
    }
    const auto middle_of = [](std::vector<DispatchFigure>& figures) {
        const auto middle = figures.begin() + kTurns / 2;
        std::nth_element(figures.begin(), middle, figures.end(), [](const auto& one, const auto& other) {
            return one.runs_per_second < other.runs_per_second;
        });
        return *middle;
    };
    report.floor = middle_of(floors);
    report.client = middle_of(clients);
    return {};
}

// One GET, as the suite's own requests look, on some connections at once.
Result<LoadFigure> measure_load(const http::Request& request, unsigned connections, Millis span) {
    boost::asio::io_context context(1);
    http::HostConnector connector(context.get_executor());
    LoadFigure figure;
    figure.connections = connections;
    std::string complaint;
    const Instant began = Clock::now();
    const Instant end = began + span;
    const auto ask = [&]() -> http::Awaitable<void> {
        http::Client client(context.get_executor(), connector, {Millis(10000), 64_MiB});
        while (Clock::now() < end && complaint.empty()) {
            const auto response = co_await client.send(request);
            if (!response) complaint = response.error().message;
            ++figure.requests;
        }
    };
    const double before = thread_cpu_us();
    for (unsigned i = 0; i < connections; ++i) boost::asio::co_spawn(context, ask(), boost::asio::detached);
    context.run();
    if (!complaint.empty()) return fail("measure the client", complaint);
    const auto requests = static_cast<double>(figure.requests);
    figure.cpu_us = (thread_cpu_us() - before) / requests;
    figure.requests_per_second = requests / std::chrono::duration<double>(Clock::now() - began).count();
    return figure;
}

// The HTTP client, and wrk where it is installed, at an answer of the tape's usual kind.
Result<void> measure_loads(const Tape& tape, const DispatchOptions& options, DispatchReport& report) {
    const auto get = std::find_if(tape.requests.begin(), tape.requests.end(),
                                  [](const std::string& request) { return request.starts_with("GET "); });
    if (get == tape.requests.end()) return fail("measure the client", "the collection has no GET request");
    ASSAY_TRY(const auto server,
              CannedServer::start(repeating(tape.answers[static_cast<std::size_t>(get - tape.requests.begin())])));
    const http::Request request = as_sent(*get, server->port());
    ASSAY_TRY(report.client_load, measure_load(request, options.connections, options.span));
    const std::string program = installed_program("wrk");
    if (program.empty()) return {};
    std::vector<std::string> headers = {"User-Agent: PostmanRuntime/7.39.1", "Accept: */*", "Cache-Control: no-cache",
                                        "Accept-Encoding: gzip, deflate, br", "Connection: keep-alive"};
    for (const http::Header& header : request.headers) headers.push_back(header.name + ": " + header.value);
    ASSAY_TRY(report.wrk, measure_wrk(program, request.url, headers, options.connections, options.span));
    return {};
}

json to_json(const LoadFigure& figure) {
    return {{"connections", figure.connections},
            {"requests", figure.requests},
            {"requests_per_second", figure.requests_per_second},
            {"cpu_us_per_request", figure.cpu_us}};
}

json to_json(const DispatchFigure& figure) {
    return {{"lanes", figure.lanes},
            {"runs_each", figure.runs_each},
            {"runs", figure.runs},
            {"runs_per_second", figure.runs_per_second},
            {"cpu_us_per_run", figure.cpu_us},
            {"script_us_per_run", figure.script_us},
            {"server_cpu_us_per_run", figure.server_cpu_us}};
}

}  // namespace

Result<RecordedRun> record_run(const std::shared_ptr<script::Platform>& platform, const harness::LoadedSuite& suite) {
    auto tape = std::make_shared<Tape>();
    harness::ScenarioRun run;
    {
        ASSAY_TRY(const auto thinking, CannedServer::start(recording(*tape)));
        ASSAY_TRY(run, run_once(platform, suite, thinking->port()));
    }
    return RecordedRun{std::move(tape), run.requests, run.counts.total};
}

Result<DispatchReport> measure_dispatch(const DispatchOptions& options) {
    ASSAY_TRY(auto platform, script::Platform::create());
    harness::Suites suites(platform);
    ASSAY_TRY(const auto suite, suites.load_collection(options.collection));
    ASSAY_TRY(const RecordedRun recorded, record_run(platform, *suite));
    const Tape& tape = *recorded.tape;
    DispatchReport report;
    report.collection = options.collection;
    report.requests = recorded.requests;
    report.assertions = recorded.assertions;
    ASSAY_TRY(const auto server, CannedServer::start(replaying(recorded.tape)));
    ASSAY_CHECK(run_once(platform, *suite, server->port()));

    ASSAY_CHECK(measure_client_and_floor(tape, *server, options.span, report));
    ASSAY_CHECK(measure_loads(tape, options, report));
    const unsigned most = options.lanes != 0 ? options.lanes : std::max(1u, std::thread::hardware_concurrency());
    for (unsigned lanes = 1; lanes <= most; ++lanes) {
        ASSAY_TRY(const auto figure, measure_lanes(platform, *suite, *server, {lanes, 1, options.span}));
        report.lanes.push_back(figure);
    }
    ASSAY_TRY(const auto figure, measure_lanes(platform, *suite, *server, {most, options.runs_each, options.span}));
    report.lanes.push_back(figure);
    if (!options.newman.empty()) {
        ASSAY_TRY(report.newman, measure_newman(options.newman, options.collection, conduit_globals(server->port()),
                                                options.newman_runs));
    }
    return report;
}

json to_json(const DispatchReport& report) {
    json lanes = json::array();
    for (const DispatchFigure& figure : report.lanes) lanes.push_back(to_json(figure));
    json whole = {{"bench", "dispatch"},
                  {"collection", report.collection},
                  {"requests", report.requests},
                  {"assertions", report.assertions},
                  {"lanes", lanes},
                  {"floor", to_json(report.floor)},
                  {"client", to_json(report.client)},
                  {"client_load", to_json(report.client_load)}};
    if (report.wrk) whole["wrk"] = to_json(*report.wrk);
    if (report.newman)
        whole["newman"] = {{"seconds_per_run", report.newman->seconds}, {"cpu_us_per_run", report.newman->cpu_us}};
    return whole;
}

std::string to_text(const DispatchReport& report) {
    std::string text =
        fmt::format("{}: {} requests, {} assertions a run\n\n", report.collection, report.requests, report.assertions);
    const auto out = std::back_inserter(text);
    const auto row = [&](const std::string& name, double rate, double cpu, const std::string& scripts) {
        fmt::format_to(out, "{:<26}{:>10.{}f}{:>14.0f}{:>14}{:>12.1f}\n", name, rate, rate < 10 ? 2 : 0, cpu, scripts,
                       cpu / report.floor.cpu_us);
    };
    fmt::format_to(out, "{:<26}{:>10}{:>14}{:>14}{:>12}\n", "", "runs/s", "CPU us/run", "in scripts", "to floor");
    row("floor (bare client)", report.floor.runs_per_second, report.floor.cpu_us, "-");
    row("HTTP client alone", report.client.runs_per_second, report.client.cpu_us, "-");
    for (const DispatchFigure& figure : report.lanes)
        row(fmt::format("assay, {} lane{}, {} at once", figure.lanes, figure.lanes == 1 ? "" : "s", figure.runs_each),
            figure.runs_per_second, figure.cpu_us, fmt::format("{:.0f}", figure.script_us));
    if (report.newman) row("newman", 1 / report.newman->seconds, report.newman->cpu_us, "-");

    fmt::format_to(out, "\n{:<26}{:>10}{:>14}\n",
                   fmt::format("{} connections, one GET", report.client_load.connections), "req/s", "CPU us/req");
    const auto load = [&](const char* name, const LoadFigure& figure) {
        fmt::format_to(out, "{:<26}{:>10.0f}{:>14.2f}\n", name, figure.requests_per_second, figure.cpu_us);
    };
    load("HTTP client alone", report.client_load);
    if (report.wrk) {
        load("wrk, one thread", *report.wrk);
    } else {
        text += "wrk                       not measured: it is not installed (tools/setup bench)\n";
    }

    const DispatchFigure& one = report.lanes.front();
    const DispatchFigure& all = *std::max_element(
        report.lanes.begin(), report.lanes.end(),
        [](const auto& one_row, const auto& other) { return one_row.runs_per_second < other.runs_per_second; });
    fmt::format_to(
        out, "\nThe HTTP client reaches {:.0f} % of the bare client's rate (goal: 80 %), {:.0f} % a CPU second.\n",
        100 * report.client.runs_per_second / report.floor.runs_per_second,
        100 * report.floor.cpu_us / report.client.cpu_us);
    if (report.wrk)
        fmt::format_to(out, "It sends {:.0f} % of wrk's requests a CPU second (goal: 60 %).\n",
                       100 * report.wrk->cpu_us / report.client_load.cpu_us);
    fmt::format_to(out, "A run costs {:.2f} ms CPU (goal: 1.5), {:.0f} runs/s on {} lane{} (goal: 1,200 on two).\n",
                   one.cpu_us / 1000, all.runs_per_second, all.lanes, all.lanes == 1 ? "" : "s");
    if (report.newman) {
        fmt::format_to(out, "newman takes {:.0f} times the CPU a run; its rate is {:.0f} times lower (goal: 300).\n",
                       report.newman->cpu_us / one.cpu_us, all.runs_per_second * report.newman->seconds);
    } else {
        text += "newman was not measured: tests/conformance/newman_parity.py installs it, --newman names another.\n";
    }
    return text;
}

}  // namespace assay::bench
