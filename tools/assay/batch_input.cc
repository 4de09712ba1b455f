#include "tools/assay/batch_input.h"

#include "harness/batch/base.h"
#include "harness/batch/read.h"
#include "tools/assay/environment.h"

namespace assay::tools {

void add_batch_input(CLI::App& command, BatchInput& input, const std::string& only, const std::string& tasks) {
    command
        .add_option("--suite", input.suite,
                    only + "This suite instead of each task's own: a collection, a Hurl file, a folder of them")
        ->check(CLI::ExistingPath);
    command.add_option("--tasks", input.tasks, only + tasks)->check(CLI::ExistingDirectory);
    command
        .add_option("--repositories", input.repositories,
                    only + "Folder of local mirrors, for feature tasks that name a repository; nothing is fetched")
        ->check(CLI::ExistingDirectory);
    command
        .add_option("--start", input.start,
                    only + "Interpreters: each from its beginning, or from a warm template of its layer")
        ->check(CLI::IsMember({"cold", "warm"}))
        ->capture_default_str();
}

images::Repositories repositories_of(const BatchInput& input) {
    images::Repositories::Options mirrors;
    mirrors.mirrors = input.repositories;
    mirrors.path = cache_folder() + "/repositories";
    return images::Repositories(std::move(mirrors));
}

Result<batch::Batch> read_input(const BatchInput& input) {
    ASSAY_TRY(batch::Batch read, batch::read_batch(input.batch, {input.tasks, input.suite}));
    batch::find_bases(read, repositories_of(input));
    return read;
}

}  // namespace assay::tools
