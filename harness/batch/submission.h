// One entry of a batch, as plain data: which source, for which task, under which labels.
//
// Values are made by the readers (read.h), are immutable from then on and may be shared by threads.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "harness/verify/constraints.h"

namespace assay::batch {

// What a submission was asked to be. Source of the fields: the task files of the constraint-decay study.
struct Task {
    std::string name;                     // "flask-openapi-clean_architecture-sqlite"
    std::string where;                    // for messages: the task's file, "batch.jsonl:3", or "the name NAME"
    std::string image;                    // "python" (dockerFolder uv or a Python framework), "node", or the task's own
    verify::Constraints constraints;      // from the name; level 0 when the name does not have the study's form
    std::vector<std::string> setup_cmds;  // "uv pip install --system -r requirements.txt", "chmod +x run.sh"
    std::vector<std::string> run_cmds;    // not empty; "./run.sh"
    std::uint16_t port = 0;               // that the server listens on; never 0
    std::string base_url;                 // path before every route, "/api"; may be empty
    std::string healthcheck;              // path, from the root: "/api/health-check"; may be empty
    std::string collection;               // absolute path of the Postman collection
    std::vector<std::string> services;  // beside the server, by name: "redis"; PostgreSQL also follows from constraints
    std::string base_patch;             // text of the diff that prepares the tree (feature tasks); empty = none
    std::string repo_url;     // of a feature task: the repository that is changed, an address or a folder; else empty
    std::string repo_commit;  // the commit that a submission's diff is against; empty when repo_url is
    std::string folder;       // that paths of the task are relative to
    nlohmann::json metadata = nullptr;  // "taskMetadata" as it stands in the file
};

// A file that a batch entry brings along in itself.
struct InlineFile {
    std::string path;  // as it was written: not checked yet
    std::string bytes;
    bool executable = false;
};

struct Source {
    // none: a run of the study's result tree in which the agent left no patch. It fails, as it does in the study.
    enum class Kind { dir, patch, tar, files, none } kind = Kind::dir;
    std::string path;  // absolute; of `none` the run's folder; of what stands in the entry, where that is: "NAME:LINE"
    std::shared_ptr<const std::string> text{};               // of `patch`, when it stands in the entry itself
    std::shared_ptr<const std::vector<InlineFile>> files{};  // of `files`
};

struct Submission {
    std::string id;  // unique in its batch; a valid relative path: "flask-ok", "uv/agent/model/task/date/run_1"
    std::shared_ptr<const Task> task;
    Source source;
    std::map<std::string, std::string> labels;  // agent, model, run, date, ...: free; numbers as they were written
    std::string base{};                         // folder with the tree that a patch is against; empty = an empty tree
};

// An entry that cannot be run. The rest of the batch can.
struct EntryError {
    std::string id;  // its own, or "FILE:LINE" when it has none of its own; never empty, never another entry's
    Error error;     // detail "FILE:LINE: what"
};

struct Batch {
    enum class Form { single, folder, json_lines, result_tree } form = Form::folder;
    std::vector<Submission> submissions;  // in a fixed order: by name, or the file's
    std::vector<EntryError> errors;
};

const char* name_of(Batch::Form form);  // "folder of submissions", ...

}  // namespace assay::batch
