// Which parts of a collection may run beside each other: its top-level folders and requests, put together where one
// needs what another leaves behind.
//
// Two parts belong together when one reads a variable that an earlier one may set (an earlier or later one when there
// are several iterations), before it has set it itself; when a script jumps from one into the other; when a script may
// do either and its text does not tell. Then they stay one part, in their order, with everything between two ends of a
// jump. Not seen are implicit JavaScript globals, cookies, and what the server itself remembers.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "harness/suite/model.h"

namespace assay::harness {

struct Part {
    std::string name;                // of its folders and requests: "Auth, Articles"
    std::vector<std::size_t> items;  // positions in the suite, in run order
};

struct Partition {
    std::vector<Part> parts;  // in the order of their first items
    // Why folders stay together: "Articles" reads "token", which "Auth" sets. One for each pair.
    std::vector<std::string> reasons;
};

// `items`: what is run of the suite (selected_items), `iterations`: how often.
Partition partition(const suite::Suite& suite, const std::vector<std::size_t>& items, std::uint32_t iterations);

}  // namespace assay::harness
