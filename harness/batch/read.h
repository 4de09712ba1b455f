// Turns a BATCH argument into submissions. What is wrong with one entry is that entry's error; the rest is read.
//
// - A folder that holds run.sh is one submission; its task.json is in it or in the folder above.
// - A file *.jsonl or *.ndjson: an object a line, {"id", "task": path or object, "source": {"dir"|"patch"|"tar": path},
//   "labels": {...}}; paths are relative to the file's folder.
// - The study's result tree, results/{uv|node}/{agent}/{model}/{task}/{date}/run_{n}/*.patch, or any folder of it:
//   known by its shape. Of a task's date folders the newest, by name, counts.
// - Any other folder: each sub-folder that is not hidden is a submission, with its own task.json or that beside it.
#pragma once

#include <string>

#include "base/result.h"
#include "harness/batch/submission.h"

namespace assay::batch {

struct ReadOptions {
    std::string tasks_dir;  // where task files are for a result tree: DIR/{kind}-{name}.json, or any file below DIR
    std::string suite;      // a collection for all submissions, in place of their tasks'; empty = the tasks'
};

// An error is about the batch as a whole: there is nothing at `path`, or nothing that can be read as a batch.
Result<Batch> read_batch(const std::string& path, const ReadOptions& options = {});

// Nothing when `id` can name a submission and its folder of logs, else what is wrong with it.
std::string id_problem(const std::string& id);

}  // namespace assay::batch
