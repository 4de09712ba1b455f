// Errors as values. Result<T> is either a T or an Error; exceptions do not cross a room's border.
//
// An Error is a step and an errno as data; prose is made at the edge (tools/), by Error::to_string().
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace assay {

struct Error {
    std::string step;    // what was being done: "open collection", "mount /proc"; never empty
    int code = 0;        // errno, 0 when the failure has none
    std::string detail;  // what was found: file:line, the offending value; may be empty
    std::string remedy;  // what the reader can do about it; may be empty

    // "step: detail: strerror (remedy)", leaving out what is empty.
    [[nodiscard]] std::string to_string() const;
};

template <typename T>
using Result = tl::expected<T, Error>;

[[nodiscard]] inline tl::unexpected<Error> fail(std::string step, std::string detail = {}, std::string remedy = {}) {
    return tl::unexpected<Error>(Error{std::move(step), 0, std::move(detail), std::move(remedy)});
}

// For a system call that has just failed: `code` is errno, saved by the caller's argument evaluation.
[[nodiscard]] inline tl::unexpected<Error> fail_errno(int code, std::string step, std::string detail = {},
                                                      std::string remedy = {}) {
    return tl::unexpected<Error>(Error{std::move(step), code, std::move(detail), std::move(remedy)});
}

}  // namespace assay

// Evaluates a Result expression; returns its error to the caller, or declares `var` with its value.
#define ASSAY_TRY(var, expr) ASSAY_TRY_NAMED(var, expr, ASSAY_TRY_CAT(assay_try_, __LINE__))
#define ASSAY_TRY_CAT(a, b) ASSAY_TRY_CAT_(a, b)
#define ASSAY_TRY_CAT_(a, b) a##b
#define ASSAY_TRY_NAMED(var, expr, tmp)                        \
    auto tmp = (expr);                                         \
    if (!tmp) return ::tl::unexpected(std::move(tmp).error()); \
    var = std::move(*tmp)

// The same for Result<void>.
#define ASSAY_CHECK(expr)                                                                                           \
    do {                                                                                                            \
        if (auto assay_checked = (expr); !assay_checked) return ::tl::unexpected(std::move(assay_checked).error()); \
    } while (false)
