// What one entry asserts and captures: the lines of its response section, each a value or a Fault.
#include <fmt/format.h>

#include "harness/hurl/evaluate.h"

namespace assay::hurl {

Evaluated<void> Evaluator::assertion(const model::Assert& assertion) {
    ASSAY_TRY(auto found, query(assertion.query));
    if (!assertion.filters.empty()) {
        if (!found)
            return tl::unexpected(
                Fault{assertion.filters.front().span, "Filter error", "missing value to apply filter"});
        ASSAY_TRY(found, filter(assertion.filters, std::move(*found)));
    }
    return predicate(assertion.predicate, found);
}

Evaluated<std::pair<std::string, Value>> Evaluator::capture(const model::Capture& capture) {
    ASSAY_TRY(auto name, text(capture.name));
    ASSAY_TRY(auto found, query(capture.query));
    if (!found) return tl::unexpected(Fault{capture.query.span, "No query result", "query didn't return any result"});
    if (!capture.filters.empty()) {
        ASSAY_TRY(found, filter(capture.filters, std::move(*found)));
        if (!found)
            return tl::unexpected(Fault{{capture.filters.front().span.begin, capture.filters.back().span.end},
                                        "Filter error",
                                        "a filter didn't return any result"});
    }
    if (capture.redacted && !found->as<std::string>())
        return tl::unexpected(Fault{capture.name.span, "Invalid secret type",
                                    fmt::format("secret must be string, actual value is <{}>", kind_of(*found))});
    return std::pair{std::move(name), std::move(*found)};
}

Evaluated<void> Evaluator::version(const model::Response& expected) const {
    using Version = model::Response::Version;
    const std::string_view wanted = expected.version == Version::http_1_0   ? "HTTP/1.0"
                                    : expected.version == Version::http_1_1 ? "HTTP/1.1"
                                    : expected.version == Version::http_2   ? "HTTP/2"
                                                                            : "HTTP/3";
    if (expected.version == Version::any || response_->version == wanted) return {};
    return tl::unexpected(
        Fault{expected.version_span, "Assert HTTP version", fmt::format("actual value is <{}>", response_->version)});
}

Evaluated<void> Evaluator::status(const model::Response& expected) const {
    if (!expected.status || *expected.status == response_->status) return {};
    return tl::unexpected(
        Fault{expected.status_span, "Assert status code", fmt::format("actual value is <{}>", response_->status)});
}

Evaluated<void> Evaluator::header(const model::KeyValue& expected) const {
    ASSAY_TRY(const auto wanted, text(expected.value));
    ASSAY_TRY(const auto name, text(expected.key));
    const auto values = response_->values(name);
    if (values.empty())
        return tl::unexpected(
            Fault{expected.key.span, "Header not found", "this header has not been found in the response"});
    std::string all;
    for (const auto value : values) {
        if (value == wanted) return {};
        all += fmt::format("{}\"{}\"", all.empty() ? "" : ", ", value);
    }
    return tl::unexpected(
        Fault{expected.value.span, "Assert header value",
              fmt::format("actual value is <{}>", values.size() == 1 ? std::string(values.front()) : "[" + all + "]")});
}

namespace {

// The first line that differs: Hurl shows a diff from there.
std::string difference(std::string_view expected, std::string_view actual) {
    const auto line = [](std::string_view& rest) {
        const auto end = rest.find('\n');
        const auto first = rest.substr(0, end);
        rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
        return first;
    };
    for (int number = 1;; ++number) {
        const bool ended = expected.empty(), theirs_ended = actual.empty();
        const auto wanted = line(expected), got = line(actual);
        if (wanted == got && ended == theirs_ended && !(expected.empty() && actual.empty())) continue;
        return fmt::format("   line {}\n   -{}\n   +{}", number, ended ? "" : wanted, theirs_ended ? "" : got);
    }
}

}  // namespace

Evaluated<void> Evaluator::expected_body(const model::Body& expected) const {
    using Kind = model::Body::Kind;
    ASSAY_TRY(const auto wanted, body(expected));
    const bool bytes = expected.kind == Kind::bytes || expected.kind == Kind::file;
    ASSAY_TRY(const auto actual, bytes ? body_bytes(expected.span) : body_text(expected.span));
    if (wanted == actual) return {};
    std::string message;
    if (!bytes && (wanted.find('\n') != std::string::npos || actual.find('\n') != std::string::npos))
        message = difference(wanted, actual);
    else
        message = fmt::format("actual value is <{}>", bytes ? shown(Value{Bytes{actual}}) : actual);
    return tl::unexpected(Fault{expected.span, "Assert body value", std::move(message)});
}

}  // namespace assay::hurl
