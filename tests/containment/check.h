// The conformance suite of the sandbox's contract: what one check is, and the table of all.
//
// Each check asks the kernel for one thing that the contract refuses, and says whether it was granted. It runs twice:
// inside a sandbox, where it must be refused, and outside, where it must be granted, which proves that it can fail.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace assay::containment {

// What the driver prepared on the host: paths, ports, process numbers, names, by key. An absent one reads as "".
using Facts = std::map<std::string, std::string>;
std::string fact(const Facts& facts, const char* key);

struct Answer {
    bool granted = false;
    std::string detail;  // errno's name, or what was found
};

// Where a check is granted outside a sandbox, when the bare host refuses it to this caller as well.
enum class Outside {
    plain,         // nothing is arranged: every host grants it to everybody
    own_root,      // root of user, mount, pid, net, ipc and uts namespaces of its own: the right is a capability's
    stand_in,      // likewise, with a file or folder of ours mounted over `path`: the right is root's alone
    answered,      // where this host's kernel or settings refuse it, a seccomp filter answers the call with success
    answered_only  // always so: the real call would touch the whole machine
};

struct Check {
    const char* name;  // "group.name"
    Answer (*ask)(const Facts&);
    Outside outside = Outside::plain;
    const char* path = nullptr;     // of a stand-in: a folder when `content` is null, else a file
    const char* content = nullptr;  // of a stand-in file
    long call = -1;                 // answered: the system call's number
};

using Table = std::vector<Check>;
Table file_checks();
Table process_checks();
Table kernel_checks();
Table network_checks();
Table information_checks();
Table resource_checks();   // each in a sandbox of its own, with the limits below
Table neighbour_checks();  // for what leave_traces() left in another sandbox

std::vector<Check> all_checks();

// What resource checks ask for, and the limit that must stand in their way.
struct Excess {
    std::uint64_t limit;
    std::uint64_t asked;
};
inline constexpr Excess kMemory{64u << 20, 160u << 20};  // bytes
inline constexpr Excess kProcesses{32, 80};
inline constexpr Excess kFiles{128, 300};
inline constexpr Excess kFileSize{4u << 20, 8u << 20};  // bytes
inline constexpr Excess kDisk{8u << 20, 12u << 20};     // bytes
inline constexpr Excess kInodes{1000, 2000};
inline constexpr Excess kCpuTime{1, 2};   // seconds
inline constexpr Excess kWallTime{1, 2};  // seconds

// Leaves one of everything that could be found by another sandbox, and stays. `linger` false: in a daemon, while the
// caller returns. Prints the daemon's number.
int leave_traces(bool linger);
void remove_traces();

// Becomes what `check` needs outside; false when the host refuses even that.
bool arrange(const Check& check, const Facts& facts);

// --- answers
// -----------------------------------------------------------------------------------------------------------
Answer granted(std::string detail = {});
Answer refused(std::string detail);
Answer outcome(long result);  // of a call that succeeds where it is allowed
// Of a call with arguments that no kernel accepts: any complaint but "not you" and "no such call" means that it looked.
Answer reached(long result);
Answer can_open(const std::string& path, int flags);
Answer found(bool there, std::string what);
std::string read_text(const std::string& path, std::size_t most = 1 << 20);  // "" when it cannot be read

}  // namespace assay::containment
