// Each program is a child, waited for at once; its CPU time is what the kernel says of it when it has ended.
#include "bench/peer_clients.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <chrono>

#include "base/fd.h"

namespace assay::bench {

namespace {

struct Ended {
    std::string output;  // its stdout
    double seconds = 0;
    double cpu_us = 0;
};

Result<Ended> run_program(std::vector<std::string> words, const std::string& remedy) {
    ASSAY_TRY(Pipe pipe, make_pipe());
    std::vector<char*> argv;
    argv.reserve(words.size() + 1);
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, pipe.write.get(), STDOUT_FILENO);
    pid_t child = 0;
    const Instant began = Clock::now();
    const int code = ::posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (code != 0) return fail_errno(code, "start " + words.front(), {}, remedy);
    pipe.write.reset();
    auto output = read_all(pipe.read.get());
    int status = 0;
    rusage usage{};
    if (::wait4(child, &status, 0, &usage) != child) return fail_errno(errno, "wait for " + words.front());
    if (!output) return tl::unexpected(output.error());
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return fail("run " + words.front(), fmt::format("it ended with wait status {}", status), remedy);
    Ended ended;
    ended.output = std::move(*output);
    ended.seconds = std::chrono::duration<double>(Clock::now() - began).count();
    for (const timeval& time : {usage.ru_utime, usage.ru_stime})
        ended.cpu_us += static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
    return ended;
}

}  // namespace

Result<NewmanFigure> measure_newman(const std::string& command, const std::string& collection,
                                    const std::vector<std::pair<std::string, std::string>>& globals, unsigned runs) {
    std::vector<std::string> words;
    for (std::string_view rest = command; !rest.empty();) {
        const auto at = rest.find(' ');
        if (at != 0) words.emplace_back(rest.substr(0, at));
        rest.remove_prefix(at == std::string_view::npos ? rest.size() : at + 1);
    }
    for (const char* word : {"run", collection.c_str(), "--reporters", "json", "--reporter-json-export", "/dev/null",
                             "--timeout-request", "10000"})
        words.emplace_back(word);
    for (const auto& [name, value] : globals) {
        words.emplace_back("--global-var");
        words.emplace_back(name).append("=").append(value);
    }
    NewmanFigure figure;
    for (unsigned i = 0; i < runs; ++i) {
        ASSAY_TRY(const Ended ended,
                  run_program(words, "give newman's command with --newman; it has to pass the collection"));
        figure.seconds += ended.seconds;
        figure.cpu_us += ended.cpu_us;
    }
    figure.seconds /= runs;
    figure.cpu_us /= runs;
    return figure;
}

Result<LoadFigure> measure_wrk(const std::string& program, const std::string& url,
                               const std::vector<std::string>& headers, unsigned connections, Millis span) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(span).count();
    std::vector<std::string> words = {program, "-t1", fmt::format("-c{}", connections), fmt::format("-d{}s", seconds)};
    for (const std::string& header : headers) words.insert(words.end(), {"-H", header});
    words.push_back(url);
    ASSAY_TRY(const Ended ended, run_program(std::move(words), "run it by hand"));
    // "  12345 requests in 2.00s, 3.45MB read"
    LoadFigure figure;
    figure.connections = connections;
    const auto at = ended.output.find(" requests in ");
    const auto line = at == std::string::npos ? at : ended.output.rfind('\n', at);
    if (line != std::string::npos) {
        const auto digit = ended.output.find_first_not_of(" \n", line);
        std::from_chars(ended.output.data() + digit, ended.output.data() + at, figure.requests);
    }
    if (figure.requests == 0) return fail("read wrk's report", "no request ended", "run " + program + " by hand");
    figure.requests_per_second = static_cast<double>(figure.requests) / ended.seconds;
    figure.cpu_us = ended.cpu_us / static_cast<double>(figure.requests);
    return figure;
}

}  // namespace assay::bench
