// What the service answers, as plain data. Errors have one shape: {"error": what was found, "remedy": what to do}.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace assay::serve {

constexpr const char* kJson = "application/json";
constexpr const char* kLines = "application/x-ndjson";
constexpr const char* kText = "text/plain; charset=utf-8";

struct Answer {
    unsigned status = 200;
    std::string body;
    std::string type = kJson;
    std::vector<std::pair<std::string, std::string>> fields{};  // further ones of the header
};

// Why a request is not done.
struct Refusal {
    unsigned status = 400;
    std::string error;
    std::string remedy;
    std::optional<unsigned> retry_after{};  // seconds
};

Answer answer_of(const Refusal& refusal);

[[nodiscard]] inline tl::unexpected<Refusal> refuse(unsigned status, std::string error, std::string remedy) {
    return tl::unexpected(Refusal{status, std::move(error), std::move(remedy), {}});
}

template <typename T>
using OrRefusal = tl::expected<T, Refusal>;

// One line of JSON; what is no UTF-8 becomes U+FFFD.
std::string quoted(const std::string& text);

}  // namespace assay::serve
