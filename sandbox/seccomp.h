// From policies to the bytes that the kernel takes. Compiled once, in the parent half; launchers only install them.
//
// One filter, `base`, stands over a launcher and everything below it: it allows what any policy allows and, to those
// who hold the token (setup_token.h), what setting sandboxes up needs. It has two forms that decide alike. One answers
// a refused call with its errno; the other hands it to a listener, which answers as the first would. Calls that are
// noted come to the listener as well, and it lets them through. A policy that allows less than the others together has
// a second filter of its own, installed last before exec, which refuses the difference (unreported: of two filters the
// stricter answer counts, and that is the errno).
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "sandbox/policy.h"

namespace assay::sandbox {

enum class Form {
    answering,  // refusals are SECCOMP_RET_ERRNO
    reporting   // refusals and what is noted are SECCOMP_RET_USER_NOTIF; what is declined stays SECCOMP_RET_ERRNO
};

struct CompiledPolicy {
    std::string name;
    std::string program;  // struct sock_filter[] as bytes, for this machine's architecture; empty: base is enough
};

struct CompiledPolicies {
    std::string base;            // answering
    std::string base_reporting;  // the same, reporting
    // Call number, and the first argument that rules about it look at: refusals of it are told apart by that.
    std::vector<std::pair<std::int32_t, std::uint32_t>> looked_at;
    std::vector<CompiledPolicy> policies;  // to be installed over `base`
};

// The rules of the first filter, and of the second one for `policy`. `setup` allows, to who holds the token.
Policy base_policy(const std::vector<Policy>& policies, const Policy& setup);
Result<Policy> policy_over_base(const Policy& policy, const Policy& base);

// One policy by itself. `otherwise_allow`: what no rule names is allowed, instead of refused with the default.
Result<std::string> compile_policy(const Policy& policy, Form form = Form::answering, bool otherwise_allow = false);

Result<CompiledPolicies> compile_policies(const std::vector<PolicySource>& sources);

// Every embedded policy, compiled on the first call (some milliseconds); thread-safe.
const Result<CompiledPolicies>& compiled_policies();

// The kernel's name of a call ("socket"); "i386:socketcall" of another architecture, "call 1234" of a number that has
// none. `arch` is an AUDIT_ARCH_ constant.
std::string call_name(std::uint32_t arch, std::int32_t number);

}  // namespace assay::sandbox
