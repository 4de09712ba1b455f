// The options of `assay suite run` that concern Hurl files alone, by hurl's names.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "harness/hurl_scenario.h"

namespace assay::tools {

struct HurlFlags {
    std::vector<std::string> variables;
    std::vector<std::string> variables_files;
    std::string file_root;
    std::int64_t retry = 0;
    std::uint32_t retry_interval = 1000;
    std::uint32_t delay = 0;
    std::uint32_t max_time = 300'000;
    std::int64_t max_redirs = 50;
    bool location = false;
    bool location_trusted = false;
    bool compressed = false;
    bool continue_on_error = false;
    bool path_as_is = false;
    std::string user;
    std::vector<std::string> headers;
    std::vector<std::string> connect_to;
    std::vector<std::string> resolve;
};

void add_hurl_flags(CLI::App& command, HurlFlags& flags);
// `base_url` gives the variables APIURL (as it is) and host (its scheme, name and port); empty: neither.
Result<harness::HurlOptions> hurl_options(const HurlFlags& flags, const std::string& base_url);

}  // namespace assay::tools
