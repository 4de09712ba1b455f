// Captures and assertions over an answer, templates and files: what Hurl computes between two requests.
//
// Touches no socket; reads the files that a suite names, inside of its own folder. Source of every rule and word: hurl
// 8.0.1, observed.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "base/result.h"
#include "harness/hurl/date.h"
#include "harness/hurl/value.h"
#include "harness/hurl/xpath.h"
#include "harness/suite/hurl_model.h"

namespace assay::hurl {

namespace model = suite::hurl;

// Why something could not be computed, or does not hold, in Hurl's words.
struct Fault {
    model::Span at;
    std::string what;     // "Assert failure", "Undefined variable"
    std::string message;  // "actual:   integer <3>\nexpected: integer <4>"
};
template <typename T>
using Evaluated = tl::expected<T, Fault>;

// A file with its patterns compiled. Immutable; shared by all lanes.
struct Compiled {
    model::File file;
    std::vector<std::shared_ptr<const Regex>> patterns;  // of file.patterns
};
// Errors name file, line and column.
Result<std::shared_ptr<const Compiled>> compile(model::File file);

class Variables {
 public:
    [[nodiscard]] const Value* find(std::string_view name) const;
    void set(std::string name, Value value) { values_.insert_or_assign(std::move(name), std::move(value)); }

 private:
    std::map<std::string, Value, std::less<>> values_;
};
// "name=value" as on Hurl's command line: 3 is a number, true a boolean, "3" a text. A line of a variables file
// likewise.
Result<std::pair<std::string, Value>> parse_variable(std::string_view assignment);

struct Certificate {
    std::string subject;
    std::string issuer;
    Date not_before;
    Date not_after;
    std::string serial_number;
    std::string subject_alt_name;
    std::string pem;
};

// An answer as queries see it.
struct Response {
    std::string version;  // "HTTP/1.1"
    std::uint32_t status = 0;
    std::vector<std::pair<std::string, std::string>> headers;  // UTF-8, as received
    std::string raw;                                           // the body as sent
    std::string body;                                          // with its Content-Encoding undone
    std::optional<Fault> undecodable;                          // why `body` is not there
    std::string url;
    std::chrono::milliseconds duration{0};
    std::string ip;
    std::optional<Certificate> certificate;
    List redirects;  // that led here

    [[nodiscard]] std::vector<std::string_view> values(std::string_view name) const;  // of all headers of that name
};

// Where the files that a suite names may lie: in `root` and below it.
struct FileRoot {
    std::string root;
    // The bytes; a Fault when it lies outside, or cannot be read.
    [[nodiscard]] Evaluated<std::string> read(const std::string& name, model::Span at) const;
};

// Of one run. Not thread-safe.
class Evaluator {
 public:
    Evaluator(const Compiled& suite, Variables& variables, FileRoot files)
        : suite_(suite), variables_(variables), files_(std::move(files)) {}

    // templates.cc
    [[nodiscard]] Evaluated<Value> value(const model::Placeholder& placeholder) const;
    [[nodiscard]] Evaluated<std::string> text(const model::Template& text) const;
    [[nodiscard]] Evaluated<std::string> json(const std::vector<model::JsonPiece>& pieces) const;
    // The bytes of a body, to be sent or expected.
    [[nodiscard]] Evaluated<std::string> body(const model::Body& body) const;
    [[nodiscard]] const FileRoot& files() const { return files_; }

    // queries.cc: the answer's later queries reuse what was parsed for earlier ones.
    void look_at(const Response& response);
    [[nodiscard]] Evaluated<std::optional<Value>> query(const model::Query& query);

    // filters.cc
    [[nodiscard]] Evaluated<std::optional<Value>> filter(const std::vector<model::Filter>& filters, Value value) const;

    // predicates.cc
    [[nodiscard]] Evaluated<void> predicate(const model::Predicate& predicate,
                                            const std::optional<Value>& actual) const;

    // assertions.cc. A line of [Asserts]; a line of [Captures] with its name.
    [[nodiscard]] Evaluated<void> assertion(const model::Assert& assertion);
    [[nodiscard]] Evaluated<std::pair<std::string, Value>> capture(const model::Capture& capture);
    // What stands above the sections: in the order of assertion_names(), one Fault or nothing each.
    [[nodiscard]] Evaluated<void> version(const model::Response& expected) const;
    [[nodiscard]] Evaluated<void> status(const model::Response& expected) const;
    [[nodiscard]] Evaluated<void> header(const model::KeyValue& expected) const;
    [[nodiscard]] Evaluated<void> expected_body(const model::Body& expected) const;

    // A compiled pattern, from slashes or from a text.
    [[nodiscard]] Evaluated<std::shared_ptr<const Regex>> pattern(const model::Pattern& pattern) const;

 private:
    [[nodiscard]] Evaluated<std::string> body_text(model::Span at) const;  // decoded by its character set
    [[nodiscard]] Evaluated<std::string> body_bytes(model::Span at) const;
    [[nodiscard]] Evaluated<std::optional<Value>> json_path(const Value& root, const model::Template& expression) const;
    [[nodiscard]] Evaluated<std::optional<Value>> x_path(const XmlDocument& document,
                                                         const model::Template& expression) const;
    [[nodiscard]] Evaluated<std::optional<Value>> one_filter(const model::Filter& filter, const Value& value) const;
    [[nodiscard]] Evaluated<std::optional<Value>> text_filter(const model::Filter& filter,
                                                              const std::string& text) const;
    [[nodiscard]] Evaluated<std::optional<Value>> cookie(const model::Query& query) const;
    [[nodiscard]] Evaluated<Value> expected_value(const model::PredicateValue& value) const;

    const Compiled& suite_;
    Variables& variables_;
    FileRoot files_;
    const Response* response_ = nullptr;
    std::optional<Value> json_;  // of the response's body
    std::optional<XmlDocument> xml_;
};

}  // namespace assay::hurl
