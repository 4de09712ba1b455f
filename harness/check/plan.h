// The assertions that a suite is known to hold: a denominator that no answer of a server can change.
//
// Plain data, made by whoever knows the suite: of a Postman collection from its scripts' texts or from a reference run,
// of a Hurl file from its asserts. newman's own counts stay beside it, untouched: a script that throws takes the
// assertions behind the throw out of newman's total, and here they are unreached.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/check/outcome.h"

namespace assay::check {

struct PlannedAssertion {
    std::string name;         // of a computed name what stands before the first thing that only a run knows
    std::string suffix;       // ... and after the last
    bool exact = true;        // `name` is the whole name
    std::uint32_t times = 1;  // in one visit of the item

    // As reports show it: "User has ..." when it is computed.
    [[nodiscard]] std::string shown() const;
};

struct ItemPlan {
    std::vector<PlannedAssertion> assertions;  // in the suite's order
    bool open = false;  // it may hold more, whose number only a run tells (under a condition, in a loop)
    [[nodiscard]] std::uint32_t known() const;
};

struct Plan {
    std::vector<ItemPlan> items;  // as the suite's items
    bool complete = false;        // a reference run told it: there is nothing more than is planned
};

// The planned assertions of the item that this visit of it did not come to, a name each time. Assertions of
// pre-request scripts are in no count.
std::vector<std::string> unreached(const ItemPlan& plan, const RequestOutcome& visit);
// What a run says beside newman's counts.
struct Reach {
    std::uint32_t known = 0;      // assertions that the selected items hold, in all iterations
    std::uint32_t unreached = 0;  // of these, not made
    std::uint32_t open = 0;       // items that may hold more than is known
    bool operator==(const Reach&) const = default;
};

// Of an item that was not visited at all.
std::vector<std::string> unreached(const ItemPlan& plan);

}  // namespace assay::check
