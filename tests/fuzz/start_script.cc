// A submission's start script: what it executes, or nothing, for any bytes; and nothing that bash would have to be
// asked for.
#include "harness/start_script.h"

#include <algorithm>
#include <cstdint>

#include "tests/fuzz/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace assay::harness;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const Environment env = {{"PATH", "/usr/bin:/bin"}, {"PORT", "8080"}, {"WORDS", "two words"}, {"EMPTY", ""},
                             {"PWD", "/app"},           {"SHLVL", "0"},   {"_", "./run.sh"}};
    const auto end = read_start_script(text, env, "/app");
    if (!end) return 0;
    FUZZ_CHECK(!end->argv.empty() && !end->argv[0].empty() && end->argv[0].find('/') == std::string::npos);
    const auto value_of = [&](std::string_view name) {
        const auto at =
            std::find_if(end->env.begin(), end->env.end(), [&](const auto& one) { return one.first == name; });
        return at == end->env.end() ? std::string() : at->second;
    };
    // These decide what is found and where: no script that is read may have changed them.
    FUZZ_CHECK(value_of("PATH") == "/usr/bin:/bin" && value_of("PWD") == "/app" && value_of("SHLVL") == "0");
    // Whatever comes after what it executes is not looked at.
    FUZZ_CHECK(text.find("exec") != std::string_view::npos);
    const auto again = read_start_script(std::string(text) + "\x01\n(\n", env, "/app");
    FUZZ_CHECK(again && again->argv == end->argv && again->env == end->env);
    return 0;
}
