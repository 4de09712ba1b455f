// The suites of a batch: each is read and compiled once, and shared by every run of it.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

#include "base/recent.h"
#include "harness/assertion_plan.h"
#include "harness/hurl/evaluate.h"
#include "harness/script/engine.h"
#include "harness/suite/model.h"

namespace assay::harness {

// A Postman collection with its scripts compiled. Immutable; shared by all lanes.
struct LoadedSuite {
    suite::Suite suite;
    std::shared_ptr<const script::CompiledSuite> scripts;
    SuiteFacts facts;
};

// One Hurl file, or a folder of them in the order of their names. Immutable; shared by all lanes.
struct HurlSuite {
    std::string name;
    std::vector<std::shared_ptr<const hurl::Compiled>> files;
    std::size_t assertions = 0;  // in all of them: known before anything is sent
};

using AnySuite = std::variant<std::shared_ptr<const LoadedSuite>, std::shared_ptr<const HurlSuite>>;
const std::string& name_of(const AnySuite& suite);

// A name that ends in ".hurl", or a folder. The suite needs no JavaScript engine then.
bool is_hurl(const std::string& path);
// Errors name file, line and column; an option that assay cannot honour is one.
Result<std::shared_ptr<const HurlSuite>> load_hurl_suite(const std::string& path);

// Reads its facts and compiles its scripts.
Result<LoadedSuite> prepare(const std::shared_ptr<script::Platform>& platform, suite::Suite suite);

// A reference file beside a collection (assertion_plan.h) is read with it. Thread-safe. An unreadable suite stays
// an error (file, line, remedy) for every submission that names it: in a batch, where all see the same. A resident
// service asks with each submission whether the files have changed since.
class Suites {
 public:
    explicit Suites(std::shared_ptr<script::Platform> platform, bool resident = false)
        : platform_(std::move(platform)), resident_(resident) {}
    Result<AnySuite> load(const std::string& path);
    Result<std::shared_ptr<const LoadedSuite>> load_collection(const std::string& path);

 private:
    std::shared_ptr<script::Platform> platform_;
    struct Loaded {
        std::string stamp;  // of its files; empty: nobody asks
        Result<AnySuite> suite;
    };
    const bool resident_;
    std::mutex mutex_;
    Recent<Loaded> loaded_{64};
};

}  // namespace assay::harness
