// Collections of a batch: each is read and compiled once, and shared by every run of it.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "harness/assertion_plan.h"
#include "harness/script/engine.h"
#include "harness/suite/model.h"

namespace assay::harness {

// A suite with its scripts compiled. Immutable; shared by all lanes.
struct LoadedSuite {
    suite::Suite suite;
    std::shared_ptr<const script::CompiledSuite> scripts;
    SuiteFacts facts;
};

// Reads its facts and compiles its scripts.
Result<LoadedSuite> prepare(const std::shared_ptr<script::Platform>& platform, suite::Suite suite);

// A reference file beside a collection (assertion_plan.h) is read with it. Thread-safe. An unreadable collection stays
// an error (file, line, remedy) for every submission that names it.
class Suites {
 public:
    explicit Suites(std::shared_ptr<script::Platform> platform) : platform_(std::move(platform)) {}
    Result<std::shared_ptr<const LoadedSuite>> load(const std::string& path);

 private:
    std::shared_ptr<script::Platform> platform_;
    std::mutex mutex_;
    std::map<std::string, Result<std::shared_ptr<const LoadedSuite>>> loaded_;
};

}  // namespace assay::harness
