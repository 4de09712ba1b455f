// Reads task files: the study's JSON, of which "prompt", "description" and unknown fields are not kept.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "harness/batch/json_text.h"
#include "harness/batch/submission.h"

namespace assay::batch {

// `suite`, when not empty, is the path of a collection to use in place of the task's own.
Result<std::shared_ptr<const Task>> read_task(const std::string& path, const std::string& suite = {});

// The task at `pointer` ("" = the whole text). Paths in it are relative to `folder`.
Result<std::shared_ptr<const Task>> task_from_json(const JsonText& text, const std::string& pointer,
                                                   const std::string& folder, const std::string& suite = {});

// A task of the study of which only the name and the kind ("uv" or "node") are known: its commands, port and paths are
// those that all of the study's generation tasks share.
Result<std::shared_ptr<const Task>> standard_task(const std::string& name, std::string_view kind,
                                                  const std::string& suite);

}  // namespace assay::batch
