// `assay image build --from BATCH`: everything that a batch needs from the store, made ahead of time.
//
// Reads the batch as `assay run` does, materialises each source for a moment to see its manifests, and builds each
// distinct dependency layer once, some at a time. What fails is a row of the table like what works.

#include <fcntl.h>
#include <fmt/format.h>

#include <atomic>
#include <cstdlib>
#include <map>
#include <optional>
#include <thread>

#include "base/tree.h"
#include "harness/batch/source.h"
#include "harness/services.h"
#include "images/catalog.h"
#include "images/debootstrap/make.h"
#include "images/manifest_files.h"
#include "images/tree.h"
#include "images/warm_template.h"
#include "tools/assay/evaluation_options.h"
#include "tools/assay/image.h"

namespace assay::tools {
namespace {

using Failure = images::LayerFailure;

// One layer to make, or why there is none.
struct Row {
    std::string image, what;
    std::optional<images::LayerRequest> request;
    std::size_t wanted_by = 0;
    std::string first;  // id of the first submission that wants it
    bool service = false;
    tl::expected<images::Layer, Failure> made;
    std::string warm;  // "made", or why there is no template; empty: not asked for
    Millis took{0};
};

Failure internal(const Error& error) {
    Failure failure;
    failure.what = error.to_string();
    return failure;
}

// The source's manifests, by a folder that is gone afterwards.
tl::expected<images::Manifests, Failure> manifests_of(const batch::Submission& submission) {
    char name[] = "/tmp/assay-image-XXXXXX";
    if (::mkdtemp(name) == nullptr) return tl::unexpected(internal(Error{"read source", errno, name, {}}));
    const Fd folder(::open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    auto source = batch::materialise(submission, folder.get());
    tl::expected<images::Manifests, Failure> manifests;
    if (source) {
        manifests = images::with_includes(std::move(source->manifests), folder.get());
    } else {
        Failure failure = internal(source.error().error);
        if (!source.error().fault) failure.reason = Failure::Reason::invalid_manifest;
        manifests = tl::unexpected(std::move(failure));
    }
    (void)remove_tree_at(AT_FDCWD, name);
    return manifests;
}

class WarmUp {
 public:
    WarmUp(images::LayerStore& store, const FromOptions& options) : store_(store), options_(options) {}

    Result<std::vector<Row>> plan() {
        ASSAY_TRY(const batch::Batch read, read_input(options_));
        for (const auto& bad : read.errors) add_failed(bad.id, {}, internal(bad.error));
        ASSAY_TRY(services_, service_recipes());
        for (const auto& submission : read.submissions) add(submission);
        std::vector<Row> rows;
        for (auto& [key, row] : rows_) rows.push_back(std::move(row));
        return rows;
    }

    void make(Row& row) const {
        const Instant begin = Clock::now();
        if (row.service) {
            row.made = store_.ensure_service(*services_.at(row.image));
        } else if (row.request) {
            row.made = store_.ensure(*row.request);
            if (row.made && options_.warm()) row.warm = warm_up(row.image, *row.made);
        }
        row.took = std::chrono::duration_cast<Millis>(Clock::now() - begin);
    }

 private:
    void add(const batch::Submission& submission) {
        const std::string image = options_.image.empty() ? submission.task->image : options_.image;
        auto manifests = manifests_of(submission);
        if (!manifests) return add_failed(submission.id, image, std::move(manifests.error()));
        if (const auto wanted = harness::wanted_services(*submission.task, *manifests, services_))
            for (const auto& service : *wanted) {
                Row& row = row_for(service->name, submission.id);
                row.image = row.what = service->name;
                row.service = true;
            }
        const auto recipe = images::find_image(image, store_.store());
        if (!recipe) return add_failed(submission.id, image, internal(recipe.error()));
        images::LayerRequest request{image, std::move(*manifests), submission.task->setup_cmds};
        const auto setup = images::plan_setup(*recipe, request.manifests, request.setup);
        if (!setup) {
            Failure failure = internal(setup.error());
            failure.reason = Failure::Reason::invalid_manifest;
            return add_failed(submission.id, image, std::move(failure));
        }
        if (!setup->layer) return;
        Row& row = row_for(image + " " + setup->layer->digest(), submission.id);
        row.image = image;
        row.what = setup->layer->digest().substr(0, 12);
        row.request = std::move(request);
    }

    Row& row_for(const std::string& key, const std::string& id) {
        Row& row = rows_[key];
        if (row.wanted_by++ == 0) row.first = id;
        return row;
    }

    void add_failed(const std::string& id, const std::string& image, Failure failure) {
        Row& row = row_for("failed " + id, id);
        row.image = image.empty() ? "-" : image;
        row.what = id;
        row.made = tl::unexpected(std::move(failure));
    }

    std::string warm_up(const std::string& image, const images::Layer& layer) const {
        const auto recipe = images::find_image(image, store_.store());
        if (!recipe || !recipe->warm) return {};
        if (std::string why = images::no_warm_templates(*recipe); !why.empty()) return why;
        const auto made = store_.ensure_warm(*recipe, layer);
        if (!made) return made.error().to_string();
        const std::string refused = images::warm_refusal(made->info());
        return refused.empty() ? "made" : refused;
    }

    images::LayerStore& store_;
    const FromOptions& options_;
    harness::ServiceRecipes services_;
    std::map<std::string, Row> rows_;  // sorted, so that the table does not depend on who was faster
};

void print(const Row& row) {
    const std::string wanted =
        row.wanted_by == 1 ? row.first : fmt::format("{} and {} more", row.first, row.wanted_by - 1);
    if (row.made && *row.made)
        fmt::print("{:<8} {:<12} {:<10} {:>9} {:>8}  {}{}\n", row.image, row.what, "ready",
                   format_bytes(row.made->info().size), format_duration(row.took), wanted,
                   row.warm.empty() ? "" : "; template: " + row.warm);
    else if (!row.made)
        fmt::print("{:<8} {:<12} {:<10} {:>9} {:>8}  {}: {}\n", row.image, row.what,
                   row.made.error().of_submission() ? "failed" : "fault", "-", format_duration(row.took), wanted,
                   row.made.error().to_string());
}

}  // namespace

int build_from(images::LayerStore& store, const FromOptions& options) {
    WarmUp warm_up(store, options);
    auto rows = warm_up.plan();
    if (!rows) return complain(rows.error(), kUsage);
    std::atomic<std::size_t> next{0};
    {
        std::vector<std::jthread> threads;
        for (unsigned i = 0; i < std::min<std::size_t>(std::max(options.jobs, 1u), rows->size()); ++i)
            threads.emplace_back([&] {
                for (std::size_t row = next++; row < rows->size(); row = next++) warm_up.make((*rows)[row]);
            });
    }
    std::size_t ready = 0, failed = 0, faults = 0;
    for (const Row& row : *rows) {
        print(row);
        ++(row.made ? ready : row.made.error().of_submission() ? failed : faults);
    }
    fmt::print(stderr, "{} ready, {} failed, {} faults\n", ready, failed, faults);
    return faults != 0 ? kIncomplete : failed != 0 ? kFailed : 0;
}

}  // namespace assay::tools
