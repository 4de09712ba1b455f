// From a submission's source to files in a folder.
//
// Source bytes are untrusted. Whatever they are, nothing outside the folder is read or written: symbolic links are
// only made when they stay inside, special files are refused, sizes and counts are bounded.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "harness/batch/submission.h"
#include "harness/verify/verdict.h"

namespace assay::batch {

struct SourceLimits {
    Bytes total = 512_MiB;  // all files together
    Bytes file = 128_MiB;   // one file
    Bytes patch = 64_MiB;   // a patch's own text
    std::uint32_t files = 20000;
    std::uint32_t depth = 64;  // nested folders
};

// Given to everything that is made. Needs privilege; none = it stays the caller's.
struct Owner {
    uid_t uid = 0;
    gid_t gid = 0;
};

// What dependency layers are made of: bytes of the files at the top of the tree, none = there is no such file.
struct Manifests {
    std::optional<std::string> requirements_txt;
    std::optional<std::string> package_json;
    std::optional<std::string> package_lock_json;
};

struct SourceTree {
    std::uint32_t files = 0;  // regular files, links and folders
    Bytes bytes;
    bool has_run_sh = false;
    Manifests manifests;
};

// The source itself is at fault: it does not apply, leaves the tree, is too large. A failed submission, not a fault.
struct SourceRejected {
    Error why;
};
using SourceError = std::variant<SourceRejected, Error>;

// Fills the empty folder `directory`. A folder or tar source leaves out .git and node_modules anywhere, and task.json
// at the top; modes become 0755 or 0644. A patch is applied to an empty tree, after the task's own when it has one.
// After an error the folder holds some part of the source. Blocks on the disk; threads may call it at once.
tl::expected<SourceTree, SourceError> materialise(const Submission& submission, int directory,
                                                  std::optional<Owner> owner = {}, const SourceLimits& limits = {});

// The study's verifiers over a submission: over the text of a patch, else over `directory`, where materialise has just
// put the source (nothing has run there yet).
Result<std::vector<verify::RuleVerdict>> verify_structure(const Submission& submission, int directory);

}  // namespace assay::batch
