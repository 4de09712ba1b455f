// From a submission's source to files in a folder.
//
// Source bytes are untrusted. Whatever they are, nothing outside the folder is read or written: symbolic links are
// only made when they stay inside, special files are refused, sizes and counts are bounded.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>

#include "base/result.h"
#include "base/units.h"
#include "harness/batch/submission.h"
#include "harness/verify/paper.h"

namespace assay::batch {

struct SourceLimits {
    Bytes total = 512_MiB;        // all files together
    Bytes file = 128_MiB;         // one file
    Bytes patch = 64_MiB;         // a patch's own text
    std::uint32_t files = 20000;  // folders included
    std::uint32_t depth = 64;     // nested folders
};

// Given to everything that is made. Another than the caller needs privilege; -1 = it stays the caller's.
struct Owner {
    uid_t uid = static_cast<uid_t>(-1);
    gid_t gid = static_cast<gid_t>(-1);
};

// What dependency layers are made of: file name -> bytes, of those that are there at the top of the tree:
// requirements.txt, package.json, package-lock.json, npm-shrinkwrap.json, .npmrc.
using Manifests = std::map<std::string, std::string>;

struct SourceTree {
    std::uint32_t files = 0;  // regular files and symbolic links
    Bytes bytes;
    bool has_run_sh = false;
    Manifests manifests;
    verify::Written added;  // for the verifiers; a folder's or tar's is only read when the task has constraints
};

// Why there is no tree. A rejected source (it does not apply, leaves the tree, is too large) is a failed submission;
// a fault (the disk, the machine, a file of the user that cannot be read) says nothing about it.
struct SourceError {
    bool fault = false;
    Error error;
};

// Fills the empty folder `directory`. A folder or tar source leaves out .git and node_modules anywhere, and task.json
// at the top; modes become 0755 or 0644, and run.sh 0755 when the task's set-up says `chmod +x run.sh`. A patch is
// applied to the submission's base, or to an empty tree, after the task's own when it has one. After an error the
// folder holds some part of the source. Blocks on the disk; threads may call it at once.
tl::expected<SourceTree, SourceError> materialise(const Submission& submission, int directory, Owner owner = {},
                                                  const SourceLimits& limits = {});

}  // namespace assay::batch
