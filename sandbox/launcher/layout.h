// Where things stand in the launcher's process and in the image root: the numbers and paths that its parts share.
#pragma once

namespace assay::sandbox {

// Descriptors with a fixed number, so that an init can keep what it needs and close everything else in one call.
// Seats share the launcher's table; an init begins in it and goes on in one of its own.
// Every other descriptor of the launcher is above kFirstFreeFd (0, 1, 2 are /dev/null).
inline constexpr int kControlFd = 3;      // the socket to the parent
inline constexpr int kReportFd = 4;       // write end: inits report here
inline constexpr int kLauncherPidFd = 5;  // readable once the launcher is gone
inline constexpr int kFirstFreeFd = 6;    // an init closes from here upwards
inline constexpr int kDiskFd = 6;         // made after that: its bounded tmpfs, to which no path may lead any more

// Inside the image root, below kHiddenRoot; all of it is covered before submission code runs.
inline constexpr const char* kStage = "/.assay/stage";
inline constexpr const char* kPrivate = "/.assay/private";  // mount point of a sandbox's bounded tmpfs
inline constexpr const char* kEmpty = "/.assay/empty";      // the cover
inline constexpr const char* kHostProc = "/.assay/proc";    // the kernel wants one visible before it mounts another
inline constexpr const char* kHiddenRootPath = "/.assay";

inline constexpr unsigned kInnerId = 1000;   // user and group inside every sandbox
inline constexpr unsigned kOuterId = 65000;  // outside, when the launcher runs as root

}  // namespace assay::sandbox
