// One entry of a JSON-lines batch: {"id", "task": path or object, "source": {...}, "labels": {...}}.
//
// `source` is one of
//   {"dir": path}, {"tar": path}, {"patch": path}        what stands on this machine
//   {"patch": {"text": "diff --git ..."}}                 a patch itself
//   {"files": {"run.sh": "text", "logo.png": {"base64": "...", "executable": false}}}    the files themselves
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/units.h"
#include "harness/batch/json_text.h"
#include "harness/batch/readers.h"
#include "harness/batch/submission.h"

namespace assay::batch {

// What one entry may bring along in itself; larger sources are handed in as tar.
inline constexpr Bytes kInlineLimit = 64_MiB;

class EntryReader {
 public:
    struct Places {
        std::string name;               // for messages: "batch.jsonl"
        std::filesystem::path sources;  // that paths of sources are relative to
        std::filesystem::path tasks;    // that paths of tasks are relative to, and paths in tasks that stand in entries
    };

    EntryReader(Places places, TaskCache& tasks) : places_(std::move(places)), tasks_(tasks) {}

    // The entry in line `number`. `id` is set as soon as the entry's own is known to be good, for the error; without
    // one of its own an entry has the `id` that is given, unless that is empty. Whether it is unique is the caller's
    // affair.
    Result<Submission> read(std::string_view line, std::uint32_t number, std::string& id);
    Result<Submission> read(const JsonText& text, std::uint32_t number, std::string& id);

 private:
    Result<void> read_id(const nlohmann::json& object, std::string& id) const;
    Result<void> read_labels(const nlohmann::json& object, Submission& made) const;
    Result<std::shared_ptr<const Task>> task(const JsonText& text) const;
    Result<Source> source(const nlohmann::json& object) const;
    Result<Source> source_at(Source::Kind kind, const std::string& path) const;
    Result<Source> patch_text(const nlohmann::json& value) const;
    Result<Source> files(const nlohmann::json& value) const;
    Result<InlineFile> file(const std::string& path, const nlohmann::json& value) const;
    [[nodiscard]] tl::unexpected<Error> bad(const std::string& what, const std::string& remedy) const;

    Places places_;
    TaskCache& tasks_;
    std::uint32_t number_ = 0;
};

}  // namespace assay::batch
