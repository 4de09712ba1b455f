// Network namespaces, recycled: making and destroying one costs more than everything else in a launch together.
//
// They belong to the launcher's user namespace. A sandbox lives in a user namespace below it and holds no capability
// here, so it can bind, listen and connect, but not change an address, a route, a filter or a sysctl. What it can
// leave behind is sockets, and those are counted before the next sandbox gets the namespace.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace assay::sandbox {

struct NetNs {
    std::uint64_t serial = 0;
    Fd ns;       // to enter it
    Fd counted;  // its /proc/net/sockstat, kept open: the kernel's own count, one read
    Fd diag;     // netlink socket inside it
    unsigned users = 0;
    bool recyclable = true;
    std::chrono::steady_clock::time_point idle_since;
};

class NetPool {
 public:
    // `proc`: the host's /proc, borrowed. `keep`: idle namespaces kept at most.
    NetPool(int proc, unsigned keep) : proc_(proc), keep_(keep) {}

    // A clean namespace with lo up, for one user; `fresh`: made now, and never used again.
    Result<NetNs*> acquire(bool fresh);
    void share(NetNs& net) { ++net.users; }
    void release(NetNs& net);

    // Enters it: sockets made and children cloned from now on belong to it.
    Result<void> enter(const NetNs& net);
    Result<std::vector<Fd>> make_sockets(const NetNs& net, std::uint32_t count);

 private:
    Result<std::unique_ptr<NetNs>> make();
    bool clean(NetNs& net);

    int proc_;
    unsigned keep_;
    std::uint64_t last_serial_ = 0;
    std::uint64_t current_ = 0;  // serial of the namespace that the launcher is in
    std::vector<std::unique_ptr<NetNs>> used_;
    std::vector<std::unique_ptr<NetNs>> idle_;      // proven clean
    std::vector<std::unique_ptr<NetNs>> draining_;  // without a user, but with sockets: of the parent, or dying
};

}  // namespace assay::sandbox
