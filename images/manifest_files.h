// A submission's manifests with the files that they name.
#pragma once

#include "images/setup.h"

namespace assay::images {

// Adds what a requirements.txt includes by -r and -c, from the folder `directory` (a descriptor) of the source: inside
// the tree, since that was materialised without links that lead out of it. What is not there is left out.
Manifests with_includes(Manifests manifests, int directory);

}  // namespace assay::images
