#include "harness/suites.h"

#include "harness/suite/postman.h"

namespace assay::harness {

namespace {

Result<std::shared_ptr<const LoadedSuite>> read(const std::shared_ptr<script::Platform>& platform,
                                                const std::string& path) {
    ASSAY_TRY(suite::Suite suite, suite::load_postman(path));
    ASSAY_TRY(auto scripts, script::CompiledSuite::compile(platform, suite));
    return std::make_shared<const LoadedSuite>(LoadedSuite{std::move(suite), std::move(scripts)});
}

}  // namespace

Result<std::shared_ptr<const LoadedSuite>> Suites::load(const std::string& path) {
    std::lock_guard lock(mutex_);  // held while compiling: a second caller wants the same result
    auto found = loaded_.find(path);
    if (found == loaded_.end()) found = loaded_.emplace(path, read(platform_, path)).first;
    return found->second;
}

}  // namespace assay::harness
