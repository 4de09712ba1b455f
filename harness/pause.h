// Waiting on a lane.
#pragma once

#include "base/units.h"
#include "harness/http/client.h"

namespace assay::harness {

http::Awaitable<void> sleep_until(Instant when);

}  // namespace assay::harness
