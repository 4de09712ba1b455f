#include "harness/start_command.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "base/fd.h"

namespace assay::harness {
namespace {

// Those that every image has. A shell that is asked for nothing else executes such a script in its own place; that
// shell, a millisecond of each start, is left out. The first four are bash.
constexpr std::array<std::string_view, 7> kInterpreters = {
    "#!/usr/bin/env bash", "#!/bin/bash", "#!/usr/bin/bash", "#!/bin/bash -e",
    "#!/usr/bin/env sh",   "#!/bin/sh",   "#!/bin/sh -e"};
constexpr std::size_t kBash = 4;

constexpr std::size_t kScriptSize = 4096;  // of those that are read

struct Script {
    std::string text;  // its first kScriptSize bytes
    bool bash = false;
};

// A file of everybody's to execute, no link, that names one of these interpreters.
std::optional<Script> plain_script(int directory, const char* name) {
    const Fd file(::openat(directory, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
    struct stat info {};
    if (!file || ::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode) || (info.st_mode & 0777) != 0755)
        return std::nullopt;
    std::string text(kScriptSize, '\0');
    const ssize_t got = ::pread(file.get(), text.data(), text.size(), 0);
    text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    const std::size_t end = text.find('\n');
    const auto* known = std::find(kInterpreters.begin(), kInterpreters.end(), std::string_view(text).substr(0, end));
    if (end == std::string::npos || known == kInterpreters.end()) return std::nullopt;
    return Script{std::move(text), static_cast<std::size_t>(known - kInterpreters.begin()) < kBash};
}

}  // namespace

std::vector<StartCommand> start_commands(const StartWith& with, int directory) {
    std::vector<StartCommand> commands;
    std::optional<Script> script;
    if (with.setup.empty() && with.run.size() == 1 && with.run[0] == "./run.sh")
        script = plain_script(directory, "run.sh");
    if (script) {
        StartCommand itself{with.run, with.env};
        for (auto& one : Environment{{"PWD", with.work_dir}, {"SHLVL", "0"}, {"_", with.run[0]}})
            itself.env.push_back(std::move(one));
        if (auto end =
                script->bash && with.debian ? read_start_script(script->text, itself.env, with.work_dir) : std::nullopt)
            commands.push_back({std::move(end->argv), std::move(end->env)});
        commands.push_back(std::move(itself));
        return commands;
    }
    std::string command;
    for (const std::string& each : with.setup) command += each + "\n";
    for (const std::string& each : with.run) command += each + "\n";
    commands.push_back({{"/bin/bash", "-c", command}, with.env});
    return commands;
}

runtime::Task<tl::expected<runtime::Sandbox, runtime::NoLaunch>> launch_first(runtime::LauncherHost& launcher,
                                                                              std::vector<StartCommand> commands,
                                                                              sandbox::Spec& spec,
                                                                              const sandbox::Stdio& stdio,
                                                                              const runtime::OnRefused& on_refused) {
    for (std::size_t i = 0;; ++i) {
        spec.argv = std::move(commands[i].argv);
        spec.env = std::move(commands[i].env);
        auto launched = co_await launcher.launch(spec, stdio, on_refused);
        if (launched || i + 1 == commands.size() || std::holds_alternative<runtime::Fault>(launched.error()))
            co_return launched;
    }
}

}  // namespace assay::harness
