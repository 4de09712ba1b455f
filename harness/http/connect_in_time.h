// A connection, or the end of the patience for it.
#pragma once

#include "harness/http/client.h"
#include "harness/http/idle_watch.h"
#include "harness/http/url.h"

namespace assay::http {

// To where `url` leads, which has a port. Everything must outlive the coroutine.
Awaitable<Exchange<Socket>> connect_in_time(LaneExecutor executor, Connector& connector, const Url& url,
                                            const IdleWatch& watch);

}  // namespace assay::http
