// The trees that patches of feature tasks are against, resolved for a whole batch before anything of it runs.
#pragma once

#include "harness/batch/submission.h"
#include "images/repositories.h"

namespace assay::batch {

// Gives every patch of a task that names a repository its base. A submission whose base cannot be had becomes an error
// of the batch; the others stay. Each commit is checked out once. Blocks on git.
void find_bases(Batch& batch, const images::Repositories& repositories);

}  // namespace assay::batch
