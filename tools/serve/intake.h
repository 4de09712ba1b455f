// From a request's body to entries: JSON is one, NDJSON any number. What is wrong with an entry is that entry's error.
#pragma once

#include <array>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "harness/batch/submission.h"
#include "images/repositories.h"
#include "tools/serve/answer.h"

namespace assay::serve {

// Of an entry without its id: the same content under the same id is the same submission.
using Digest = std::array<char, 32>;
Digest digest_of(const nlohmann::json& entry);

// One entry, as it was handed in.
struct HandIn {
    std::string id;  // its own, or a fresh one
    Digest content{};
    nlohmann::json entry;  // null when it is no JSON
    std::size_t bytes = 0;
    Result<batch::Submission> submission;
};

class Intake {
 public:
    struct Options {
        std::string sources;  // folder that paths of sources are relative to
        std::string tasks;    // the same for tasks
        std::string suite;    // instead of each task's own; empty: the task's
        images::Repositories repositories;
        std::function<void(std::vector<batch::Submission>&)> adapt;  // as the command line asks for: --image
    };
    explicit Intake(Options options) : options_(std::move(options)) {}

    // Blocks on the disk, and on git for feature tasks. A refusal is about the body as a whole. Thread-safe.
    [[nodiscard]] OrRefusal<std::vector<HandIn>> read(std::string_view body, std::string_view content_type) const;
    // An entry that was accepted before, again: the files that it names may have changed or gone.
    [[nodiscard]] HandIn read_again(const std::string& id, const nlohmann::json& entry) const;

 private:
    [[nodiscard]] HandIn read_entry(std::string_view line, std::uint32_t number) const;
    void resolve(HandIn& made) const;

    Options options_;
};

}  // namespace assay::serve
