// One submission, top to bottom: the only code that sees both the running server and the verifiers.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "harness/batch/submission.h"
#include "harness/collect/collector.h"
#include "harness/image_hosts.h"
#include "harness/schedule.h"
#include "harness/services.h"
#include "harness/suites.h"
#include "images/dependencies.h"
#include "runtime/admission.h"
#include "runtime/layers.h"
#include "runtime/service_pool.h"

namespace assay::harness {

// How every submission of a batch is treated. Part of the run's manifest.
struct Policy {
    bool verify = true;                        // the paper's three verifiers
    Millis timeout_request{10000};             // idle time of a request; 0 = none. newman's --timeout-request
    Millis timeout_script{5000};               // of one script
    std::uint32_t timeouts_in_a_row = 3;       // then the rest of the requests is presumed to time out; 0 = never
    Millis ready_timeout{25000};               // the paper: 5 tries, 5 s apart
    sandbox::Limits limits;                    // of a server
    Bytes log_kept{std::uint64_t{256} << 10};  // of a server's output: head and tail, each
    Bytes output{std::uint64_t{1} << 30};      // a server that writes more to stdout and stderr is ended; 0 = no limit
    bool statements = false;                   // services log what they are asked: logs/<id>/postgres.log
    bool warm = false;                         // interpreters continue from warm templates where there are some
    bool newman_csv = false;                   // write logs/<id>/newman-run-report.csv
    std::vector<std::pair<std::string, std::string>> globals;  // beside APIURL: newman's --global-var
    std::string suite;                                         // instead of each task's collection; empty = the task's
};

// What the evaluations of a batch, or of a resident service, share. Everything in it is thread-safe.
struct Session {
    runtime::Reactor& reactor;
    Scheduler& scheduler;
    runtime::Admission& admission;
    Suites& suites;
    runtime::Layers& layers;
    images::LayerStore& layer_store;
    collect::Collector& collector;
    ImageHosts& images;
    const ServiceRecipes& services;
    runtime::ServicePool& service_pool;
    const Policy& policy;
    std::atomic<std::uint64_t> next_stage{1};
    std::atomic<std::size_t> not_admitted{0};  // submissions of the batch, so far
    bool resident = false;                     // there is no last submission: more may always come
};

// Evaluates one submission and posts its record, verdict or fault, to the collector. Never throws for what a
// submission did.
runtime::Task<void> evaluate(Session& session, const batch::Submission& submission);

// Evaluates all of a batch, in order of admission; returns when every record is posted.
runtime::Task<void> evaluate_all(Session& session, const std::vector<batch::Submission>& submissions,
                                 std::uint32_t at_once);

}  // namespace assay::harness
