#include "harness/report/curl.h"

#include <algorithm>
#include <array>

#include "harness/report/plain_text.h"

namespace assay::report {
namespace {

bool made_by_curl(std::string name) {
    static constexpr std::array<std::string_view, 5> kOwn = {"host", "content-length", "connection", "postman-token",
                                                             "accept-encoding"};
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
    return std::find(kOwn.begin(), kOwn.end(), name) != kOwn.end();
}

}  // namespace

std::string curl_command(const check::RequestOutcome& outcome) {
    if (!outcome.exchange || outcome.exchange->request_cut) return {};
    const auto& exchange = *outcome.exchange;
    std::string command = "curl --location --compressed --globoff";
    if (outcome.method == "HEAD")
        command += " --head";
    else
        command += " --request " + shell_word(outcome.method);
    command += " " + shell_word(exchange.sent_url);
    for (const auto& [name, value] : exchange.request_headers) {
        // "Name:" takes a header away; one without a value is written with a semicolon.
        if (!made_by_curl(name)) command += " --header " + shell_word(value.empty() ? name + ";" : name + ": " + value);
    }
    // --data-raw: a leading @ is no file.
    if (!exchange.request_body.empty()) command += " --data-raw " + shell_word(exchange.request_body);
    return command;
}

}  // namespace assay::report
