// assay serve: a resident service that evaluates what it is handed over HTTP.
//
// Theory of operation: everything that `assay run` makes for a batch stays ready. HTTP is on the reactor, evaluations
// are TBB tasks as in a batch, what blocks is on a few threads of the Api. The main thread waits for signals. SIGTERM
// or SIGINT: no entry is taken and none is begun any more; what runs may end within --grace, a second signal does not
// wait. What is left stands in the journal as accepted, and --resume goes on with it.

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <boost/asio/signal_set.hpp>
#include <condition_variable>
#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "tools/assay/commands.h"
#include "tools/assay/environment.h"
#include "tools/assay/evaluator.h"
#include "tools/serve/server.h"
#include "tools/serve/token.h"

namespace assay::tools {

namespace {

struct ServeOptions : EvaluationOptions {
    std::vector<std::string> listen;
    std::string token_file;
    std::size_t queue = 1000;
    double grace = 30;  // seconds
};

constexpr int kUsage = 2, kIncomplete = 75, kInterrupted = 130;

// Counts SIGTERM and SIGINT; the main thread waits for them.
class Signals {
 public:
    explicit Signals(boost::asio::io_context& reactor) : set_(reactor, SIGINT, SIGTERM) { arm(); }

    void wait_for_first() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return count_ > 0; });
    }
    [[nodiscard]] bool second() {
        std::lock_guard lock(mutex_);
        return count_ > 1;
    }

 private:
    void arm() {
        set_.async_wait([this](const boost::system::error_code& error, int) {
            if (error) return;
            {
                std::lock_guard lock(mutex_);
                ++count_;
            }
            changed_.notify_all();
            arm();
        });
    }
    boost::asio::signal_set set_;
    std::mutex mutex_;
    std::condition_variable changed_;
    int count_ = 0;
};

// Bound before anything else is made: who cannot listen need not start.
struct Doors {
    std::vector<serve::Listener> listeners;
    std::string token;  // empty: nobody comes by network
};

Result<Doors> open_doors(const ServeOptions& options) {
    std::vector<serve::Address> addresses;
    bool network = false;
    for (const std::string& text : options.listen) {
        ASSAY_TRY(addresses.emplace_back(), serve::read_address(text));
        network = network || addresses.back().network();
    }
    if (addresses.empty()) addresses.push_back({default_socket(), {}, {}});
    Doors doors;
    if (network) {
        ASSAY_TRY(doors.token, serve::read_token(options.token_file, given_token()));
    }
    for (const auto& address : addresses) {
        ASSAY_TRY(serve::Listener listener, serve::Listener::open(address));
        doors.listeners.push_back(std::move(listener));
    }
    return doors;
}

Result<Setting> read_setting(const ServeOptions& options) {
    Setting setting;
    ASSAY_TRY(setting.policy, read_policy(options));
    ASSAY_TRY(setting.services, service_recipes());
    // Nobody knows what will be asked for: the one that needs most.
    std::uint64_t beside = 0;
    for (const auto& [name, recipe] : setting.services) beside = std::max(beside, recipe->service->usual_memory.count);
    ASSAY_TRY(setting.capacity, read_jobs(options.jobs, Bytes{beside}));
    return setting;
}

serve::Intake make_intake(const ServeOptions& options) {
    std::error_code error;
    const std::string here = std::filesystem::current_path(error).string();
    const std::string tasks = options.tasks.empty() ? here : std::filesystem::absolute(options.tasks, error).string();
    std::function<void(std::vector<batch::Submission>&)> adapt;
    if (!options.image.empty())
        adapt = [image = options.image](std::vector<batch::Submission>& all) { put_in_image(all, image); };
    return serve::Intake({here, tasks, options.suite, repositories_of(options), std::move(adapt)});
}

// Launchers of the images that there are, ahead: the first submission finds its own ready. One that this machine cannot
// run is told to the submissions that ask for it.
Result<void> start_launchers(const ServeOptions& options, harness::ImageHosts& images) {
    if (!options.image.empty()) {
        auto host = images.open(options.image);
        return host ? Result<void>() : tl::unexpected(host.error().error);
    }
    for (const char* name : {"python", "node"})
        if (auto host = images.open(name); !host)
            fmt::print(stderr, "assay: image {}: {}\n", name, host.error().error.to_string());
    return {};
}

// Held while the server lives: two would write one journal.
Result<Fd> hold_folder(const std::string& folder) {
    std::error_code made;
    std::filesystem::create_directories(folder, made);
    if (made) return fail_errno(made.value(), "make run folder", folder, "name another one with -o");
    Fd held(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!held) return fail_errno(errno, "hold run folder", folder);
    if (::flock(held.get(), LOCK_EX | LOCK_NB) != 0)
        return fail("hold run folder", "another server writes to " + folder, "name another one with -o");
    return held;
}

Result<void> restore(const std::string& folder, const serve::Intake& intake, serve::Desk& desk) {
    ASSAY_TRY(collect::HandedIn left, collect::read_handed_in(folder));
    fmt::print(stderr, "assay: {} submissions are done, {} are evaluated now\n", left.finished.size(),
               left.unfinished.size());
    for (auto& finished : left.finished) desk.restore(std::move(finished));
    for (const auto& unfinished : left.unfinished) desk.restore(intake.read_again(unfinished.id, unfinished.entry));
    return {};
}

void announce(const Doors& doors, const std::string& folder) {
    for (const auto& listener : doors.listeners) {
        fmt::print("{}\n", nlohmann::json{{"listening", listener.name()}, {"folder", folder}}.dump());
        fmt::print(stderr, "assay: listening on {}\n", listener.name());
    }
    std::fflush(stdout);
}

// Waits for the end. The process ends at once where evaluations are left: launchers see their socket close and end
// every sandbox.
int run_until_signal(Signals& signals, serve::Desk& desk, collect::Collector& collector, double grace) {
    signals.wait_for_first();
    desk.stop();
    const auto counts = desk.counts();
    fmt::print(stderr, "assay: ending; {} running, {} queued\n", counts.running, counts.queued);
    const Instant deadline = Clock::now() + Millis(static_cast<std::int64_t>(grace * 1000));
    constexpr Millis kLook{100};
    bool idle = desk.wait_idle(Clock::now());
    while (!idle && Clock::now() < deadline && !signals.second())
        idle = desk.wait_idle(std::min(deadline, Clock::now() + kLook));
    const auto written = collector.flush();
    if (!written) fmt::print(stderr, "assay: {}\n", written.error().to_string());
    const std::size_t queued = desk.counts().queued;
    if (!idle || queued > 0 || !written)
        fmt::print(stderr, "assay: not all that was accepted is done; go on with: --resume -o {}\n",
                   collector.folder());
    if (!idle) ::_exit(signals.second() ? kInterrupted : kIncomplete);
    return queued > 0 || !written ? kIncomplete : 0;
}

Result<int> serve_all(const ServeOptions& options) {
    if (options.resume && options.output.empty())
        return fail("resume", "no run folder was named", "name the run to continue with -o");
    // A bound on the size of files is a full disk, a client that left an error of its connection: neither ends us.
    for (const int each : {SIGXFSZ, SIGPIPE}) ::signal(each, SIG_IGN);
    ASSAY_TRY(const Setting setting, read_setting(options));
    ASSAY_TRY(Doors doors, open_doors(options));
    ASSAY_TRY(const auto foundation, Foundation::open(options, true));
    ASSAY_CHECK(start_launchers(options, foundation->images));
    const serve::Intake intake = make_intake(options);
    const std::string folder = run_folder(options);

    serve::Desk::Limits limits;
    limits.queue = options.queue;
    auto desk = std::make_shared<serve::Desk>(limits);
    auto metrics = std::make_shared<serve::Metrics>();
    auto news = std::make_shared<serve::JournalNews>();
    ASSAY_TRY(const Fd held, hold_folder(folder));
    // With --resume a first life may begin, too: who restarts a server need not know whether there was one.
    const bool continues = options.resume && std::filesystem::exists(folder + "/events.ndjson");
    if (continues) ASSAY_CHECK(restore(folder, intake, *desk));
    ASSAY_TRY(auto collector, collect::Collector::open(folder, describe(options), continues));
    collector->keep_trying();
    collector->add_sink(metrics);
    collector->add_sink(desk);
    collector->add_sink(news);

    Signals signals(foundation->reactor.context());
    Evaluator evaluator(*foundation, *collector, setting);
    harness::Session& session = evaluator.session();
    session.resident = true;
    desk->open(session, setting.capacity.most + session.scheduler.workers());
    int code = 0;
    {
        serve::Api api({session, *desk, intake, *metrics, *news});
        announce(doors, folder);
        serve::Server server(foundation->reactor.context(), api, doors.token);
        for (auto& listener : doors.listeners) server.add(std::move(listener));
        code = run_until_signal(signals, *desk, *collector, options.grace);
        session.scheduler.run(session.service_pool.stop());
        // Whoever waits for the last results has them on the way by now.
        api.close(Clock::now() + Millis(2000));
        // Connections and the listeners' coroutines stand on what ends here.
        foundation->reactor.stop();
    }
    return code;
}

}  // namespace

void add_serve(CLI::App& app, int& exit_code) {
    auto options = std::make_shared<ServeOptions>();
    CLI::App* serve =
        app.add_subcommand("serve", "Evaluate submissions that are handed in over HTTP, until it is ended");
    serve
        ->add_option("--listen", options->listen,
                     "unix:PATH or HOST:PORT; may be repeated (default: a unix socket in $XDG_RUNTIME_DIR/assay)")
        ->allow_extra_args(false);
    serve->add_option("--token-file", options->token_file,
                      "File with the bearer token that clients on the network must show; else $ASSAY_TOKEN");
    serve->add_option("--queue", options->queue, "Submissions that may wait")
        ->check(CLI::Range(1, 1000000))
        ->capture_default_str();
    serve->add_option("--grace", options->grace, "Seconds that running submissions have to end after SIGTERM")
        ->check(CLI::Range(0.0, 86400.0))
        ->capture_default_str();
    add_evaluation_options(*serve, *options, "Folder that the paths of tasks are relative to");
    serve->callback([options, &exit_code] {
        const auto code = serve_all(*options);
        if (!code) fmt::print(stderr, "assay: {}\n", code.error().to_string());
        exit_code = code ? *code : kUsage;
    });
}

}  // namespace assay::tools
