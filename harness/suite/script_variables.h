// Which variables a suite script uses, and where it leads a run, by its text alone.
//
// Known are the calls of pm's scopes, of the old interface, and {{name}} in texts. A scope that is used in another way
// (handed on, kept under another name, asked for a name that only a run knows) may be read or set in any way: what is
// not sure counts as that. Not seen are implicit JavaScript globals, cookies, and what the server remembers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace assay::suite {

struct ScriptVariables {
    std::vector<std::string> reads;  // each once
    std::vector<std::string> sets;   // or removes; each once
    bool reads_any = false;          // it may read others as well
    bool sets_any = false;
    std::vector<std::string> jumps;  // setNextRequest("name")
    bool jumps_any = false;          // with something else: null, a computed name
};

ScriptVariables script_variables(std::string_view source);

// The names in {{...}}, dynamic ones ($guid) left out.
std::vector<std::string> template_variables(std::string_view text);

}  // namespace assay::suite
