#include "tools/assay/suite_hurl.h"

#include "harness/suite/located_json.h"

namespace assay::tools {

namespace {

// One name=value a line; empty lines and comments are skipped.
Result<void> read_variables(const std::string& file, harness::HurlOptions& options) {
    ASSAY_TRY(const auto text, suite::read_text(file));
    std::size_t number = 0;
    for (std::string_view rest = text; !rest.empty();) {
        const auto end = rest.find('\n');
        std::string_view line = rest.substr(0, end);
        rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
        ++number;
        while (!line.empty() && (line.back() == '\r' || line.back() == ' ' || line.back() == '\t'))
            line.remove_suffix(1);
        line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
        if (line.empty() || line.front() == '#') continue;
        auto variable = hurl::parse_variable(line);
        if (!variable)
            return fail("read variables", file + ":" + std::to_string(number) + ": " + variable.error().detail,
                        variable.error().remedy);
        options.variables.push_back(std::move(*variable));
    }
    return {};
}

}  // namespace

void add_hurl_flags(CLI::App& command, HurlFlags& flags) {
    const std::string group = "Hurl files";
    command.add_option("--variable", flags.variables, "A variable: name=value")->allow_extra_args(false)->group(group);
    command.add_option("--variables-file", flags.variables_files, "A file with one name=value a line")
        ->allow_extra_args(false)
        ->check(CLI::ExistingFile)
        ->group(group);
    command
        .add_option("--file-root", flags.file_root,
                    "Where the files that bodies name lie; default: the Hurl file's folder")
        ->check(CLI::ExistingDirectory)
        ->group(group);
    command.add_option("--retry", flags.retry, "Tries beyond the first of a request that failed; -1 = without end")
        ->group(group);
    command.add_option("--retry-interval", flags.retry_interval, "Wait before another try, in ms")
        ->capture_default_str()
        ->group(group);
    command.add_option("--delay", flags.delay, "Wait before each request, in ms")->capture_default_str()->group(group);
    command.add_option("-m,--max-time", flags.max_time, "Time of one request, in ms; 0 = none")
        ->capture_default_str()
        ->group(group);
    command.add_option("--max-redirs", flags.max_redirs, "Redirects of one request; -1 = any number")
        ->capture_default_str()
        ->group(group);
    command.add_flag("-L,--location", flags.location, "Follow redirects")->group(group);
    command.add_flag("--location-trusted", flags.location_trusted, "Follow them, with credentials to any host")
        ->group(group);
    command.add_flag("--compressed", flags.compressed, "Ask for a compressed answer")->group(group);
    command.add_flag("--continue-on-error", flags.continue_on_error, "Go on with a file after a failed request")
        ->group(group);
    command.add_flag("--path-as-is", flags.path_as_is, "Send /../ and /./ as they are")->group(group);
    command.add_option("-u,--user", flags.user, "user:password, for basic authentication")->group(group);
    command.add_option("-H,--header", flags.headers, "A header of every request: Name: value")
        ->allow_extra_args(false)
        ->group(group);
    command.add_option("--connect-to", flags.connect_to, "HOST1:PORT1:HOST2:PORT2")
        ->allow_extra_args(false)
        ->group(group);
    command.add_option("--resolve", flags.resolve, "HOST:PORT:ADDRESS")->allow_extra_args(false)->group(group);
}

Result<harness::HurlOptions> hurl_options(const HurlFlags& flags, const std::string& base_url) {
    harness::HurlOptions options;
    options.file_root = flags.file_root;
    options.continue_on_error = flags.continue_on_error;
    auto& entry = options.entry;
    entry.retry = flags.retry;
    entry.retry_interval = Millis(flags.retry_interval);
    entry.delay = Millis(flags.delay);
    entry.max_time = Millis(flags.max_time);
    entry.max_redirs = flags.max_redirs;
    entry.location = flags.location || flags.location_trusted;
    entry.location_trusted = flags.location_trusted;
    entry.compressed = flags.compressed;
    entry.path_as_is = flags.path_as_is;
    entry.user = flags.user;
    entry.connect_to = flags.connect_to;
    entry.resolve = flags.resolve;
    for (const auto& line : flags.headers) {
        const auto colon = line.find(':');
        if (colon == std::string::npos || colon == 0)
            return fail("--header", "\"" + line + "\"", "write it as Name: value");
        const auto value = line.find_first_not_of(" \t", colon + 1);
        entry.headers.push_back(
            {line.substr(0, colon), value == std::string::npos ? std::string() : line.substr(value)});
    }
    if (!base_url.empty()) {
        options.variables.emplace_back("APIURL", hurl::Value{base_url});
        const auto scheme = base_url.find("://");
        const auto from = scheme == std::string::npos ? 0 : scheme + 3;
        options.variables.emplace_back("host", hurl::Value{base_url.substr(0, base_url.find_first_of("/?#", from))});
    }
    for (const auto& file : flags.variables_files) ASSAY_CHECK(read_variables(file, options));
    for (const auto& text : flags.variables) {
        ASSAY_TRY(auto variable, hurl::parse_variable(text));
        options.variables.push_back(std::move(variable));
    }
    return options;
}

}  // namespace assay::tools
