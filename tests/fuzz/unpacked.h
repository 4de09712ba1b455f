// What an unpacked archive may leave behind, whatever it held.
#pragma once

#include <sys/stat.h>

#include <filesystem>

#include "tests/fuzz/check.h"

// Only files, folders and links, writable by nobody else, without set-user bits.
inline void check_unpacked(const std::filesystem::directory_entry& entry) {
    struct stat info {};
    FUZZ_CHECK(::lstat(entry.path().c_str(), &info) == 0);
    FUZZ_CHECK(S_ISREG(info.st_mode) || S_ISDIR(info.st_mode) || S_ISLNK(info.st_mode));
    FUZZ_CHECK((info.st_mode & 07022) == 0 || S_ISLNK(info.st_mode));
}
