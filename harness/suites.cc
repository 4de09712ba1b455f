#include "harness/suites.h"

#include <filesystem>

#include "harness/suite/located_json.h"
#include "harness/suite/postman.h"

namespace assay::harness {

namespace {

Result<std::shared_ptr<const LoadedSuite>> read(const std::shared_ptr<script::Platform>& platform,
                                                const std::string& path) {
    ASSAY_TRY(suite::Suite suite, suite::load_postman(path));
    ASSAY_TRY(LoadedSuite loaded, prepare(platform, std::move(suite)));
    const auto reference = reference_path(path);
    if (std::filesystem::exists(reference)) {
        ASSAY_TRY(const std::string text, suite::read_text(reference));
        ASSAY_CHECK(apply_reference(text, reference, loaded.suite, loaded.facts.plan));
    }
    return std::make_shared<const LoadedSuite>(std::move(loaded));
}

}  // namespace

Result<LoadedSuite> prepare(const std::shared_ptr<script::Platform>& platform, suite::Suite suite) {
    ASSAY_TRY(auto scripts, script::CompiledSuite::compile(platform, suite));
    auto facts = read_facts(suite);
    return LoadedSuite{std::move(suite), std::move(scripts), std::move(facts)};
}

Result<std::shared_ptr<const LoadedSuite>> Suites::load(const std::string& path) {
    std::lock_guard lock(mutex_);  // held while compiling: a second caller wants the same result
    auto found = loaded_.find(path);
    if (found == loaded_.end()) found = loaded_.emplace(path, read(platform_, path)).first;
    return found->second;
}

}  // namespace assay::harness
