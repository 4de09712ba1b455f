// What a program prints, with exactly these arguments and variables.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <string>
#include <vector>

#include "base/fd.h"
#include "harness/start_script.h"

namespace assay::harness {

struct Printed {
    std::string output;  // standard output; what goes to standard error is not kept
    int status = -1;     // as of waitpid
};

inline Printed run_program(const std::string& program, std::vector<std::string> argv, const Environment& env,
                           const std::string& directory) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    const Fd reader(ends[0]);
    Fd writer(ends[1]);
    std::vector<std::string> variables;
    for (const auto& [name, value] : env) variables.push_back(name + "=" + value);
    std::vector<char*> arguments, entries;
    for (auto& each : argv) arguments.push_back(each.data());
    for (auto& each : variables) entries.push_back(each.data());
    arguments.push_back(nullptr);
    entries.push_back(nullptr);
    const pid_t child = ::fork();
    if (child == 0) {
        const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
        if (::chdir(directory.c_str()) == 0 && ::dup2(writer.get(), 1) == 1 && ::dup2(nowhere, 2) == 2)
            ::execve(program.c_str(), arguments.data(), entries.data());
        ::_exit(126);
    }
    writer.reset();
    Printed printed;
    printed.output = read_all(reader.get()).value_or("");
    EXPECT_EQ(::waitpid(child, &printed.status, 0), child);
    return printed;
}

}  // namespace assay::harness
