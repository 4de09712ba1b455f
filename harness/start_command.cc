#include "harness/start_command.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/fd.h"

namespace assay::harness {
namespace {

// Those that every image has. A shell that is asked for nothing else executes such a script in its own place; that
// shell, a millisecond of each start, is left out.
constexpr std::array<std::string_view, 7> kInterpreters = {
    "#!/usr/bin/env bash", "#!/bin/bash", "#!/usr/bin/bash", "#!/bin/bash -e",
    "#!/usr/bin/env sh",   "#!/bin/sh",   "#!/bin/sh -e"};

// A file of everybody's to execute, no link, that names one of these interpreters.
bool plain_script(int directory, const char* name) {
    const Fd file(::openat(directory, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
    struct stat info {};
    if (!file || ::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode) || (info.st_mode & 0777) != 0755)
        return false;
    std::array<char, 64> start{};
    const ssize_t got = ::pread(file.get(), start.data(), start.size(), 0);
    const std::string_view text(start.data(), got < 0 ? 0 : static_cast<std::size_t>(got));
    const std::size_t end = text.find('\n');
    return end != std::string_view::npos &&
           std::find(kInterpreters.begin(), kInterpreters.end(), text.substr(0, end)) != kInterpreters.end();
}

}  // namespace

StartCommand start_command(const std::vector<std::string>& setup, const std::vector<std::string>& run, int directory,
                           const std::string& work_dir) {
    if (setup.empty() && run.size() == 1 && run[0] == "./run.sh" && plain_script(directory, "run.sh"))
        return {{run[0]}, {{"PWD", work_dir}, {"SHLVL", "0"}, {"_", run[0]}}};
    std::string command;
    for (const std::string& each : setup) command += each + "\n";
    for (const std::string& each : run) command += each + "\n";
    return {{"/bin/bash", "-c", command}, {}};
}

}  // namespace assay::harness
