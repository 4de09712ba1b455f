// Writes the memory of the process that calls it to a file that restorer.cc can continue from (snapshot.h).
//
// Part of the library that is loaded into the interpreter (template.cc): one thread, no library but libc.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace assay::images::warm {

inline constexpr int kRefused = 3;  // exit status

// What template.cc knows of the process; the rest is read from the kernel.
struct Order {
    const char* out;              // the file
    std::uint64_t stack_pointer;  // of Header, and the next two
    std::uint64_t resume;
    std::uint64_t handover;
    std::uint64_t placed_bytes;
    const char* const* variables;  // names that were read while modules were imported
    std::size_t variable_count;
    char* names;  // paths by which the interpreter is executed, by spaces; taken to pieces
};

// Ends the process with kRefused; stderr says why.
[[noreturn]] void refuse(const char* why);

// 0 or an errno. What cannot be kept is refused.
int write_snapshot(const Order& order);

// Adds to the file which of its pages `other` has written to: a process that this one forked after write_snapshot, and
// that stands still. 0 or an errno; without it the file is as good, only slower to continue from.
int write_hot_pages(const Order& order, pid_t other);

}  // namespace assay::images::warm
