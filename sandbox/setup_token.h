// How calls that only setting up may make stand in one filter with those of the programs.
//
// The kernel ignores the sixth argument of calls that take five or fewer; a filter sees it. The base filter allows such
// a call (setup.policy) only when its sixth argument is a token: 64 random bits of one launcher, which seat and init
// keep in memory that no sandboxed program can read, and which exec wipes. Programs are refused the same call by
// the same filter, so that nothing needs to be installed per launch, and every refusal is seen by one listener.
// The token opens no more than the filter: what it allows still needs capabilities that programs do not hold.
#pragma once

#include <cstdint>

namespace assay::sandbox {

inline constexpr unsigned kTokenArgument = 5;
// Stands in the compiled filter; each launcher puts its own random token in its place.
inline constexpr std::uint64_t kTokenPlaceholder = 0x7a3bc1d45e96f20f;

}  // namespace assay::sandbox
