#include "harness/start_command.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "base/fd.h"
#include "tests/unit/harness/run_program.h"
#include "tests/unit/temp_dir.h"

using namespace assay;
using namespace assay::harness;

namespace {

const Environment kServers = {{"PATH", "/usr/local/bin:/usr/bin:/bin"}, {"PORT", "8080"}, {"LANG", "C.UTF-8"}};

class StartCommandTest : public ::testing::Test {
 protected:
    void write(const std::string& content, mode_t mode = 0755) const {
        ASSERT_EQ(::chmod(dir.write("run.sh", content).c_str(), mode), 0);
    }
    [[nodiscard]] std::vector<StartCommand> ways(const std::vector<std::string>& run,
                                                 const std::vector<std::string>& setup = {}, bool debian = true) const {
        const Fd folder(::open(dir.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        return start_commands({setup, run, kServers, dir.path(), debian}, folder.get());
    }
    // Where there is one way.
    [[nodiscard]] StartCommand of(const std::vector<std::string>& run,
                                  const std::vector<std::string>& setup = {}) const {
        auto all = ways(run, setup);
        EXPECT_EQ(all.size(), 1u);
        return std::move(all.back());
    }
    // What `argv` prints, in `dir` with these variables alone: its lines, sorted.
    [[nodiscard]] std::vector<std::string> run(std::vector<std::string> argv, const Environment& env) const {
        const std::string program = argv.at(0);
        const Printed printed = run_program(program, std::move(argv), env, dir.path());
        EXPECT_EQ(printed.status, 0);
        std::vector<std::string> lines;
        std::istringstream stream(printed.output);
        for (std::string line; std::getline(stream, line);) lines.push_back(line);
        std::sort(lines.begin(), lines.end());
        return lines;
    }
    TempDir dir;
};

const std::vector<std::string> kScript = {"./run.sh"};
const std::vector<std::string> kInShell = {"/bin/bash", "-c", "./run.sh\n"};

TEST_F(StartCommandTest, APlainScriptSeesWhatItWouldSeeFromAShell) {
    for (const char* first : {"#!/usr/bin/env bash", "#!/bin/bash", "#!/bin/sh", "#!/bin/sh -e"}) {
        write(std::string(first) + "\necho \"$0 $# $-\"\nenv\nexec cat /proc/self/cmdline\n");
        StartCommand start = of(kScript);
        EXPECT_EQ(start.argv, kScript) << first;
        const auto direct = run(start.argv, start.env);
        EXPECT_GT(direct.size(), 5u);
        EXPECT_EQ(direct, run(kInShell, kServers)) << first;
    }
}

TEST_F(StartCommandTest, WhatAShellHasToDoIsLeftToIt) {
    write("#!/usr/bin/env bash\n");
    EXPECT_EQ(of(kScript).argv, kScript);
    EXPECT_EQ(of({"bash run.sh"}).argv, (std::vector<std::string>{"/bin/bash", "-c", "bash run.sh\n"}));
    EXPECT_EQ(of({"./run.sh "}).argv.size(), 3u);
    EXPECT_EQ(of({"./run.sh", "sleep 1"}).argv.back(), "./run.sh\nsleep 1\n");
    EXPECT_EQ(of(kScript, {"node seed.js"}).argv.back(), "node seed.js\n./run.sh\n");
    EXPECT_EQ(of(kScript, {"node seed.js"}).env, kServers);
}

TEST_F(StartCommandTest, WhatAScriptExecutesComesFirstAndTheScriptAfterIt) {
    write("#!/usr/bin/env bash\nset -e\ncd \"$(dirname \"$0\")\"\nexec python3 app.py\n");
    const auto both = ways(kScript);
    ASSERT_EQ(both.size(), 2u);
    EXPECT_EQ(both[0].argv, (std::vector<std::string>{"python3", "app.py"}));
    EXPECT_EQ(both[1].argv, kScript);
    EXPECT_EQ(ways(kScript, {}, false).size(), 1u) << "an image of somebody's own: its bash is not known";
    EXPECT_EQ(ways(kScript, {"node seed.js"}).size(), 1u) << "something comes before it";
    write("#!/bin/sh\nexec python3 app.py\n");
    EXPECT_EQ(ways(kScript).size(), 1u) << "sh exports otherwise";
    write("#!/bin/bash\n# " + std::string(5000, 'x') + "\nexec python3 app.py\n");
    EXPECT_EQ(ways(kScript).size(), 1u) << "longer than what is read";
}

// The shell says what is wrong with it, and the log has that.
TEST_F(StartCommandTest, AScriptThatTheKernelWouldRefuseGoesToAShell) {
    EXPECT_EQ(of(kScript).argv, kInShell) << "none there";
    write("#!/usr/bin/env bash\n", 0644);
    EXPECT_EQ(of(kScript).argv, kInShell) << "not executable";
    write("exec node server.js\n");
    EXPECT_EQ(of(kScript).argv, kInShell) << "names no interpreter";
    write("#!/usr/bin/env bash\r\n");
    EXPECT_EQ(of(kScript).argv, kInShell) << "a carriage return in the interpreter's name";
    write("#!/usr/bin/env zsh\n");
    EXPECT_EQ(of(kScript).argv, kInShell) << "an interpreter that may not be there";
    write("#!/usr/bin/env bash");
    EXPECT_EQ(of(kScript).argv, kInShell) << "no end of line";
    ASSERT_EQ(::unlink((dir.path() + "/run.sh").c_str()), 0);
    ASSERT_EQ(::symlink("/bin/true", (dir.path() + "/run.sh").c_str()), 0);
    EXPECT_EQ(of(kScript).argv, kInShell) << "a link";
}

}  // namespace
