// A launcher over this host's own root, and short ways to run something in a sandbox of it.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "sandbox/launcher.h"

namespace assay::sandbox {

inline constexpr auto kPatience = std::chrono::seconds(20);  // for anything that must happen; a failure, not a pace

RootPlan test_root();  // the host's, with the probe at /probe
Launcher::Options test_options();
Spec shell(const std::string& script);
Spec program(std::vector<std::string> argv);

struct Outcome {
    std::optional<LaunchFailed> failed;
    Exit exit;
    std::string out;
    std::string err;
};

class Rig {
 public:
    explicit Rig(const RootPlan& plan = test_root(), const Launcher::Options& options = test_options());

    Launcher& launcher() { return *launcher_; }
    // Start to end, with stdout and stderr kept.
    Outcome run(const Spec& spec, const std::string& input = {});
    // The next reply within kPatience; fails the test when none comes. Refused calls are put aside.
    Reply next();
    // The next reply, which must be a T.
    template <class T>
    T expect() {
        Reply reply = next();
        T* wanted = std::get_if<T>(&reply);
        if (wanted != nullptr) return std::move(*wanted);
        if (auto* failed = std::get_if<LaunchFailed>(&reply)) ADD_FAILURE() << failed->error.to_string();
        ADD_FAILURE() << "another reply: " << reply.index();
        return {};
    }
    // Launches and expects it to run, without stdio.
    Launched start(const Spec& spec);
    Exit stop(SandboxId id);
    [[nodiscard]] const std::vector<RefusedCall>& refused() const { return refused_; }

 private:
    std::vector<RefusedCall> refused_;
    std::optional<Launcher> launcher_;
};

// Lines "name result" of the probe as a map.
std::map<std::string, std::string> probe_results(const std::string& text);
// The same probes outside any sandbox.
std::string probe_outside(const std::vector<std::string>& names);

bool as_root();
std::vector<int> children_of(int pid);
std::vector<int> inits_of(int launcher);  // its children that are pid 1 of a pid namespace of their own
int open_descriptors(int pid);
std::size_t cgroups_of_launcher(int launcher);  // folders that carry its pid in their name
bool eventually(const std::function<bool()>& holds);

}  // namespace assay::sandbox
