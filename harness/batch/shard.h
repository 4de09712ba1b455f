// A part of a batch, for one of several machines.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace assay::batch {

// A submission belongs to the shard FNV-1a(id) mod count + 1: nothing but its id decides, so that shards need not know
// of each other and a batch may grow. FNV-1a, 64 bits: http://www.isthe.com/chongo/tech/comp/fnv/
struct Shard {
    std::uint32_t index = 1;  // from 1
    std::uint32_t count = 1;
    [[nodiscard]] bool holds(std::string_view id) const;
    [[nodiscard]] std::string text() const;  // "2/3"
};

// "2/3", or "auto": from what an array job has in its environment (Slurm's SLURM_ARRAY_TASK_*, GitLab's CI_NODE_*,
// Kubernetes' JOB_COMPLETION_INDEX with JOB_COMPLETIONS, which the job sets itself).
Result<Shard> read_shard(const std::string& text, const std::map<std::string, std::string>& environment);

}  // namespace assay::batch
