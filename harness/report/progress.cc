#include "harness/report/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/units.h"

namespace assay::report {

namespace {

// One submission's outcome in one line of text.
std::string describe(const collect::Record& record) {
    if (const auto* fault = record.fault()) return fmt::format("fault    {}: {}", fault->step, fault->reason);
    const collect::Verdict& verdict = *record.verdict();
    std::string text = fmt::format("{} {:>4}/{:<4}", verdict.succeeded() ? "pass    " : "fail    ",
                                   verdict.counts.passed, verdict.counts.total);
    for (const auto& rule : verdict.structure)
        if (!rule.holds) text += "  breaks " + rule.rule;
    if (record.failure) {
        text += "  " + record.failure->category;
        if (!record.failure->cause.empty()) text += " (" + record.failure->cause + ")";
        text += ": " + record.failure->summary;
    }
    return text;
}

class Display : public collect::Sink {
 public:
    explicit Display(const ProgressOptions& options) : options_(options), begin_(Clock::now()) {}

 protected:
    void count(const collect::Record& record) {
        ++done_;
        if (record.verdict() == nullptr)
            ++faults_;
        else if (record.verdict()->succeeded())
            ++passed_;
    }
    [[nodiscard]] double seconds() const { return std::chrono::duration<double>(Clock::now() - begin_).count(); }

    ProgressOptions options_;
    Instant begin_;
    std::uint64_t done_ = 0, passed_ = 0, faults_ = 0;
};

class Plain : public Display {
 public:
    using Display::Display;
    void on_record(const collect::Record& record) override {
        count(record);
        fmt::print(stderr, "[{:>{}}/{}] {:>7.1f} s  {:<32} {}\n", done_, std::to_string(options_.total).size(),
                   options_.total, seconds(), record.id, describe(record));
    }
};

class Tty : public Display {
 public:
    using Display::Display;
    ~Tty() override {
        if (drawn_) fmt::print(stderr, "\r\x1b[K");
    }
    void on_record(const collect::Record& record) override {
        count(record);
        const bool good = record.verdict() != nullptr && record.verdict()->succeeded();
        const char* colour = !options_.colour            ? ""
                             : record.fault() != nullptr ? "\x1b[35m"
                             : good                      ? "\x1b[32m"
                                                         : "\x1b[31m";
        fmt::print(stderr, "\r\x1b[K{}{:<32} {}{}\n", colour, record.id, describe(record),
                   options_.colour ? "\x1b[0m" : "");
        draw();
    }
    void on_event(const std::string&) override {
        // Events are many: the line is redrawn at most ten times a second.
        if (Clock::now() - last_ > Millis(100)) draw();
    }

 private:
    void draw() {
        last_ = Clock::now();
        drawn_ = true;
        const double rate = seconds() > 0 ? static_cast<double>(done_) / seconds() : 0;
        fmt::print(stderr, "\r\x1b[K{}/{} done, {} passed, {} failed, {} faults, {:.1f}/s, {:.0f} s", done_,
                   options_.total, passed_, done_ - passed_ - faults_, faults_, rate, seconds());
        std::fflush(stderr);
    }
    Instant last_{};
    bool drawn_ = false;
};

class Json : public Display {
 public:
    using Display::Display;
    void on_record(const collect::Record& record) override {
        count(record);
        const nlohmann::json line = {{"done", done_},     {"total", options_.total}, {"passed", passed_},
                                     {"faults", faults_}, {"seconds", seconds()},    {"id", record.id}};
        fmt::print(stderr, "{}\n", line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    }
};

}  // namespace

std::shared_ptr<collect::Sink> make_progress(const ProgressOptions& options) {
    ProgressKind kind = options.kind;
    if (kind == ProgressKind::automatic) kind = ::isatty(STDERR_FILENO) != 0 ? ProgressKind::tty : ProgressKind::plain;
    switch (kind) {
        case ProgressKind::tty: return std::make_shared<Tty>(options);
        case ProgressKind::plain: return std::make_shared<Plain>(options);
        case ProgressKind::json: return std::make_shared<Json>(options);
        default: return std::make_shared<collect::Sink>();
    }
}

}  // namespace assay::report
