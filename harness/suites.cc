#include "harness/suites.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "harness/hurl_request.h"
#include "harness/suite/hurl.h"
#include "harness/suite/located_json.h"
#include "harness/suite/postman.h"

namespace assay::harness {

namespace {

Result<AnySuite> read(const std::shared_ptr<script::Platform>& platform, const std::string& path) {
    if (is_hurl(path)) {
        ASSAY_TRY(auto hurl, load_hurl_suite(path));
        return AnySuite(std::move(hurl));
    }
    ASSAY_TRY(suite::Suite suite, suite::load_postman(path));
    ASSAY_TRY(LoadedSuite loaded, prepare(platform, std::move(suite)));
    const auto reference = reference_path(path);
    if (std::filesystem::exists(reference)) {
        ASSAY_TRY(const std::string text, suite::read_text(reference));
        ASSAY_CHECK(apply_reference(text, reference, loaded.suite, loaded.facts.plan));
    }
    return AnySuite(std::make_shared<const LoadedSuite>(std::move(loaded)));
}

// Every *.hurl in the folder and below it, by name.
Result<std::vector<std::string>> hurl_files(const std::string& folder) {
    namespace fs = std::filesystem;
    std::vector<std::string> files;
    std::error_code error;
    for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
        if (at->path().extension() == ".hurl" && at->is_regular_file(error)) files.push_back(at->path().string());
    if (error) return fail_errno(error.value(), "read suite", folder);
    if (files.empty()) return fail("read suite", folder + " has no *.hurl file", "name a folder of Hurl files");
    std::sort(files.begin(), files.end());
    return files;
}

}  // namespace

const std::string& name_of(const AnySuite& suite) {
    if (const auto* collection = std::get_if<std::shared_ptr<const LoadedSuite>>(&suite))
        return (*collection)->suite.name;
    return std::get<std::shared_ptr<const HurlSuite>>(suite)->name;
}

bool is_hurl(const std::string& path) {
    std::error_code error;
    return path.ends_with(".hurl") || std::filesystem::is_directory(path, error);
}

Result<std::shared_ptr<const HurlSuite>> load_hurl_suite(const std::string& path) {
    std::error_code error;
    std::vector<std::string> paths{path};
    if (std::filesystem::is_directory(path, error)) {
        ASSAY_TRY(paths, hurl_files(path));
    }
    auto suite = std::make_shared<HurlSuite>();
    suite->name = std::filesystem::path(path).lexically_normal().stem().string();
    for (const auto& each : paths) {
        ASSAY_TRY(auto file, suite::load_hurl(each));
        ASSAY_CHECK(check_supported(file));
        suite->assertions += suite::hurl::assertion_count(file);
        ASSAY_TRY(auto compiled, hurl::compile(std::move(file)));
        suite->files.push_back(std::move(compiled));
    }
    return std::shared_ptr<const HurlSuite>(std::move(suite));
}

Result<LoadedSuite> prepare(const std::shared_ptr<script::Platform>& platform, suite::Suite suite) {
    ASSAY_TRY(auto scripts, script::CompiledSuite::compile(platform, suite));
    auto facts = read_facts(suite);
    return LoadedSuite{std::move(suite), std::move(scripts), std::move(facts)};
}

namespace {

std::string stamp_of_file(const std::string& file) {
    struct stat info {};
    if (::stat(file.c_str(), &info) != 0) return "-";
    return file + " " + std::to_string(info.st_ino) + " " + std::to_string(info.st_size) + " " +
           std::to_string(info.st_mtim.tv_sec) + "." + std::to_string(info.st_mtim.tv_nsec) + "\n";
}

// Differs when a file of the suite was changed, added or removed.
std::string stamp_of(const std::string& path) {
    std::error_code error;
    if (!std::filesystem::is_directory(path, error))
        return stamp_of_file(path) + (is_hurl(path) ? "" : stamp_of_file(reference_path(path)));
    std::string stamp;
    if (const auto files = hurl_files(path))
        for (const std::string& file : *files) stamp += stamp_of_file(file);
    return stamp;
}

}  // namespace

Result<AnySuite> Suites::load(const std::string& path) {
    const std::string stamp = resident_ ? stamp_of(path) : std::string();
    std::lock_guard lock(mutex_);  // held while compiling: a second caller wants the same result
    if (const Loaded* found = loaded_.find(path); found != nullptr && found->stamp == stamp) return found->suite;
    return loaded_.put(path, {stamp, read(platform_, path)}).suite;
}

Result<std::shared_ptr<const LoadedSuite>> Suites::load_collection(const std::string& path) {
    ASSAY_TRY(const auto suite, load(path));
    if (const auto* collection = std::get_if<std::shared_ptr<const LoadedSuite>>(&suite)) return *collection;
    return fail("read collection", path + " is no Postman collection");
}

}  // namespace assay::harness
