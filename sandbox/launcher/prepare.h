// From a Spec to a Plan: everything that the child will do, resolved into plain data beforehand.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "base/result.h"
#include "sandbox/launcher/child.h"
#include "sandbox/spec.h"

namespace assay::sandbox {

// The size of the bounded tmpfs, its default applied.
Bytes disk_limit(const Limits& limits);

// Owns what a Plan points to; keep it until the clone, which copies it. Not movable once filled.
class Prepared {
 public:
    Prepared() = default;
    Prepared(const Prepared&) = delete;
    Prepared& operator=(const Prepared&) = delete;

    // `filter`: struct sock_filter[] as bytes, outlives this. `count_processes`: no cgroup does it.
    Result<void> fill(const Spec& spec, const std::string& filter, bool count_processes);

    Plan plan;

    // What Report::op stands for, for messages: the target of that operation.
    [[nodiscard]] std::string describe(Step step, std::uint32_t op, const Spec& spec) const;

 private:
    const char* keep(std::string text) { return strings_.emplace_back(std::move(text)).c_str(); }
    void mount(Step step, const char* source, const char* target, const char* type, unsigned long flags,
               const char* data);
    void directory(const char* path, mode_t mode);
    Result<void> plan_mounts(const Spec& spec);
    void plan_program(const Spec& spec);
    void plan_limits(const Limits& limits, bool count_processes);

    std::deque<std::string> strings_;  // a deque never moves its elements
    std::vector<Op> ops_;
    std::vector<ResourceLimit> limits_;
    std::vector<const char*> programs_;
    std::vector<char*> argv_;
    std::vector<char*> shell_argv_;
    std::vector<char*> envp_;
};

}  // namespace assay::sandbox
