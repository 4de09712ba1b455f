// Network namespaces: lo with two addresses, reused once they are proven clean, because making and destroying one costs
// more than everything else in a launch together.
//
// Those that are reused belong to the launcher's user namespace. A sandbox lives in a user namespace below it and holds
// no capability here, so it can bind, listen and connect, but not change an address, a route, a filter or a sysctl.
// What it can leave behind is sockets, and those are counted before the next sandbox gets the namespace.
//
// Those for one sandbox alone are made by its seat, whose user namespace they belong to: nothing of them is passed on.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "sandbox/launcher/identity.h"

namespace assay::sandbox {

struct NetNs {
    std::uint64_t serial = 0;
    Fd ns;               // to enter it
    Fd counted;          // its /proc/net/sockstat, kept open: the kernel's own count, one read
    unsigned users = 0;  // seats in it
};

// Makes the net namespace that the caller has just entered one for sandboxes: lo, addresses, settings. Null when that
// is done, else the step that failed, with errno. Allocates nothing: seats call it as well. `proc`: the host's.
const char* furnish_net(const Privilege& privilege, int proc);

class Nets {
 public:
    explicit Nets(const Identity& identity) : proc_(identity.proc.get()), privilege_(identity.privilege) {}

    Result<std::unique_ptr<NetNs>> make();
    // One that a seat has made and furnished: for a single sandbox, never proven clean.
    std::unique_ptr<NetNs> adopt(Fd ns);
    // Enters it: sockets made and seats cloned from now on belong to it.
    Result<void> enter(const NetNs& net);
    // TCP, non-blocking, unconnected.
    Result<std::vector<Fd>> make_sockets(const NetNs& net, std::uint32_t count);
    // No socket of any kind is left. Ends those in TIME_WAIT, which belong to nobody; sockets that the parent still
    // holds are its own to close.
    bool clean(const NetNs& net);

 private:
    int proc_;  // the host's, borrowed
    Privilege privilege_;
    std::uint64_t last_serial_ = 0;
    std::uint64_t current_ = 0;  // serial of the namespace that the launcher is in
};

}  // namespace assay::sandbox
