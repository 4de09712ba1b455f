// The work of waiting.cc, and the three ways of doing it.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "base/units.h"

namespace assay::bench {

struct Work {
    unsigned scenarios = 1000;
    unsigned waits = 32;
    unsigned in_flight = 0;  // scenarios at once, 0 = all
    unsigned workers = 2;
    Micros shortest{1000};  // span of the timers' delays
    Micros longest{5000};
    bool posted = false;  // waits are ended by a thread that posts, not by timers

    [[nodiscard]] unsigned slots() const { return in_flight == 0 ? scenarios : std::min(in_flight, scenarios); }
    // Scenarios of one slot, one after the other.
    [[nodiscard]] unsigned share(unsigned slot) const {
        return scenarios / slots() + (slot < scenarios % slots() ? 1 : 0);
    }
    [[nodiscard]] std::uint64_t resumes() const { return std::uint64_t{scenarios} * waits; }
};

inline std::uint64_t mix(std::uint64_t value) {
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
    return value ^ (value >> 31);
}

// What a scenario carries over its waits: 384 bytes, all of them read and written between two waits.
struct Live {
    std::array<std::uint64_t, 48> words;
    explicit Live(std::uint64_t seed) {
        for (auto& word : words) word = mix(++seed);
    }
    void step() {
        std::uint64_t carry = words.back();
        for (auto& word : words) carry = word = mix(word ^ carry);
    }
    [[nodiscard]] std::uint64_t result() const { return words.back(); }
};

class Variant {
 public:
    virtual ~Variant() = default;
    virtual std::uint64_t run(const Work& work) = 0;  // the sum of all results
};

// "suspended", "coroutines" or "lanes": see waiting.cc.
std::unique_ptr<Variant> make_variant(const std::string& name, unsigned workers);

}  // namespace assay::bench
