// Other sandboxes that are installed here, each with the same namespaces around the same program.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace assay::bench {

struct Peer {
    std::string name;
    std::vector<std::string> argv;
    std::shared_ptr<void> folder;  // its bundle; removed with the last copy
};

// `noop`: path of the program to run. Peers that are not installed are left out.
Result<std::vector<Peer>> installed_peers(const std::string& noop);

inline constexpr const char* kBubblewrap = "bubblewrap, the same namespaces";

}  // namespace assay::bench
