// What is known of one submission in the end: the line of results.jsonl.
//
// A record holds a verdict or a fault, never both: a verdict is about the submission, a fault is about us.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/units.h"
#include "harness/check/outcome.h"
#include "harness/check/plan.h"
#include "harness/verify/verdict.h"
#include "runtime/fault.h"
#include "runtime/readiness.h"
#include "runtime/services.h"
#include "sandbox/spec.h"

namespace assay::collect {

struct Verdict {
    check::Counts counts;                        // newman's own counting
    check::Reach reach;                          // what the suite is known to hold, beside it
    check::Causes causes;                        // where failures begin
    std::uint32_t requests = 0;                  // items executed
    std::uint32_t presumed = 0;                  // of these, not sent after timeouts in a row
    std::uint32_t cut_short = 0;                 // test scripts that met a limit: their assertions are not in counts
    std::vector<verify::RuleVerdict> structure;  // the applicable rules; empty with --verify off

    [[nodiscard]] bool structure_holds() const;
    [[nodiscard]] double raw_score() const;     // passed / total, 0 when there is none
    [[nodiscard]] double strict_score() const;  // raw score if every rule holds and no script was cut short, else 0
    [[nodiscard]] bool tests_passed() const;    // none failed, none was cut short, and there was at least one
    [[nodiscard]] bool succeeded() const;       // tests passed and every rule holds
};

// Why a submission failed, from evidence (sockets, exit status, kernel accounting, assertions).
struct Failure {
    std::string category;  // of the paper's taxonomy: "server_startup_failure", "constraint_violation", ...
    std::string cause;     // of a logic_error its root cause in that taxonomy: "auth_misconfiguration", ...; else empty
    std::string summary;   // one sentence
    std::string evidence;  // the log's end, the first failed assertion, file:line of a finding
};

// How a server's life went; empty parts did not happen.
struct ServerLife {
    std::optional<runtime::Readiness> readiness;
    std::optional<sandbox::Exit> exit;  // of the whole sandbox
    bool stopped_by_us = false;         // it was still running when the suite was done
    bool warm_template = false;         // its interpreter could continue from one
    std::string why_cold;               // empty with a template, and for images that have none
};

struct Phase {
    std::string name;  // "materialise", "dependencies", "launch", "ready", "suite", "stop"
    Micros wall{0};
    std::optional<sandbox::Usage> server;  // of the server in this phase alone; absent when it did not run
};

// One try at evaluating; a record with more than one says why the earlier ones were not believed.
struct Attempt {
    std::string reason;  // of repeating: empty for the last one
    check::Counts counts;
};

struct Record {
    std::string id;
    std::string task;
    std::string framework;
    int level = -1;  // number of constraints, -1 = unknown
    std::map<std::string, std::string> labels;
    std::variant<Verdict, runtime::Fault> outcome;
    std::optional<Failure> failure;
    ServerLife server;
    std::vector<runtime::ServiceLife> services;  // beside it; their logs are files of their own
    std::vector<Phase> phases;
    std::vector<Attempt> attempts;

    [[nodiscard]] const Verdict* verdict() const { return std::get_if<Verdict>(&outcome); }
    [[nodiscard]] const runtime::Fault* fault() const { return std::get_if<runtime::Fault>(&outcome); }
};

nlohmann::json to_json(const Record& record);
nlohmann::json to_json(const check::RequestOutcome& outcome);
nlohmann::json to_json(const sandbox::RefusedCall& refused);  // without its count

}  // namespace assay::collect
