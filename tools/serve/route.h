// From a request's method and target to what is asked for. Pure; any bytes give a route or a refusal.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/units.h"
#include "tools/serve/answer.h"

namespace assay::serve {

enum class Action { submit, look, withdraw, list_logs, read_log, events, health, metrics };

struct Route {
    Action action = Action::health;
    std::string id;          // of a submission
    std::string log;         // a file's name, without any /
    Millis wait{0};          // how long to hold the answer for results
    bool stream = false;     // results as they come, instead of one answer
    std::uint64_t from = 0;  // of the journal, in bytes
    bool follow = true;      // of the journal: go on at its end
};

// A target has at most 4 KiB. An id is one component of it, with %2F for /.
OrRefusal<Route> route_of(std::string_view method, std::string_view target);

}  // namespace assay::serve
