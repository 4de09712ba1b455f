// What a service counts of itself, and that as Prometheus' text.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "harness/collect/collector.h"

namespace assay::serve {

// As they are now.
struct Gauges {
    std::size_t queued = 0, running = 0, known = 0, queue_limit = 0;
    std::uint32_t slots_in_use = 0, slots = 0;
    bool journal_fails = false;
};

// Counts from its construction on. Thread-safe.
class Metrics : public collect::Sink {
 public:
    void on_event(const std::string& line) override;
    void on_record(const collect::Record& record) override;
    void count_answer(unsigned status);

    [[nodiscard]] std::string text(const Gauges& gauges) const;

 private:
    struct Phase {
        double seconds = 0;
        std::uint64_t count = 0;
    };
    mutable std::mutex mutex_;
    const Instant begin_ = Clock::now();
    std::uint64_t passed_ = 0, failed_ = 0, launches_ = 0;
    std::uint64_t assertions_passed_ = 0, assertions_failed_ = 0, assertions_skipped_ = 0;
    std::map<std::string, std::uint64_t> faults_;  // by step: names of ours
    std::map<std::string, Phase> phases_;          // likewise
    std::map<unsigned, std::uint64_t> answers_;    // by status
};

}  // namespace assay::serve
