// One client's connection: request after request, with bounds on their size and time. The only file that knows Beast.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>

#include "base/fd.h"
#include "runtime/task.h"
#include "tools/serve/api.h"

namespace assay::serve {

struct Bounds {
    std::uint32_t head = 16 * 1024;  // bytes of request line and header
    Bytes body = 64_MiB;
    Millis idle{30000};   // from the last answer to the end of the next header
    Millis read{120000};  // of one body
    Millis write{60000};  // of an answer, or a piece of one
};

// Serves the accepted socket until the client leaves, breaks the rules, or is too slow. `token` empty: none is asked
// for. Runs on the reactor; everything given outlives the io_context's last handler.
runtime::Task<void> serve_connection(boost::asio::io_context& reactor, Fd socket, bool network,
                                     const std::string& token, const Bounds& bounds, Api& api);

}  // namespace assay::serve
