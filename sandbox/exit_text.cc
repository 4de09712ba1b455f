#include "sandbox/exit_text.h"

#include <fmt/format.h>

namespace assay::sandbox {

std::string describe(const Exit& exit) {
    using How = Exit::How;
    switch (exit.how) {
        case How::exited: return fmt::format("exited with status {}", exit.code);
        case How::signaled: return fmt::format("was ended by signal {}", exit.code);
        case How::limit: return "met its limit of " + exit.limit;
        case How::killed: return "was stopped";
    }
    return {};
}

}  // namespace assay::sandbox
