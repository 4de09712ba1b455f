// What a Postman collection is known to hold, before it is run: its assertions (check/plan.h), and which items set
// which variables.
//
// Assertions are made by JavaScript, so the texts of the scripts tell only a part: names that stand in them, and how
// often, as long as no condition decides. A reference file beside the collection, written by a run over a server that
// passes, tells the rest.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "harness/causes.h"
#include "harness/check/outcome.h"
#include "harness/check/plan.h"
#include "harness/suite/model.h"

namespace assay::harness {

struct SuiteFacts {
    check::Plan plan;
    Writers writers;
};
SuiteFacts read_facts(const suite::Suite& suite);

// The reference's name beside a collection: "x.postman_collection.json" -> "x.postman_collection.assertions.json".
std::string reference_path(const std::string& collection);

// The reference as JSON text: of each item the names of the assertions that a run made. A run is good for it when every
// assertion passed and every item was visited; the Error says what was not.
Result<std::string> write_reference(const suite::Suite& suite, const std::vector<check::RequestOutcome>& run);

// Puts the reference's assertions in place of what the texts told. An Error when it is of another version of the
// collection. `file` is used in messages only.
Result<void> apply_reference(std::string_view text, const std::string& file, const suite::Suite& suite,
                             check::Plan& plan);

}  // namespace assay::harness
