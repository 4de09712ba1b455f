// The lines of a section: names with values, parts of a form, captures, asserts.
#include "harness/suite/hurl_parser.h"

namespace assay::suite::hurl {
namespace {

// What comes before a colon decides whether this is such a line at all.
template <typename T>
Parsed<T> before_colon(Parsed<T> read) {
    if (!read) read.error().recoverable = true;
    return read;
}

}  // namespace

// With the blanks around the colon.
Parsed<Template> Parser::key_and_colon() {
    ASSAY_TRY(Template key, before_colon(key_string()));
    in_.skip_blanks();
    ASSAY_CHECK(before_colon(literal(":")));
    in_.skip_blanks();
    return key;
}

Parsed<KeyValue> Parser::key_value() {
    skip_lines();
    in_.skip_blanks();
    const auto start = in_.place();
    KeyValue line;
    ASSAY_TRY(line.key, key_and_colon());
    ASSAY_TRY(line.value, unquoted());
    line.source = std::string(in_.since(start));
    ASSAY_CHECK(line_end());
    return line;
}

Parsed<MultipartParam> Parser::multipart_param() {
    const auto start = in_.place();
    skip_lines();
    in_.skip_blanks();
    MultipartParam param;
    ASSAY_TRY(param.key, key_and_colon());
    if (!in_.take("file,")) {
        in_.seek(start);
        ASSAY_TRY(auto line, key_value());
        param.value = std::move(line.value);
        return param;
    }
    param.file = true;
    in_.skip_blanks();
    ASSAY_TRY(param.value, file_name());
    in_.skip_blanks();
    ASSAY_CHECK(literal(";"));
    const auto after = in_.place();
    if (line_end()) return param;
    in_.seek(after);
    in_.skip_blanks();
    const auto at = in_.position();
    auto type = unquoted();
    if (!type) return not_this({at, false, "Parsing file content type", "expecting a content type"});
    param.content_type = std::move(*type);
    ASSAY_CHECK(line_end());
    return param;
}

Parsed<Capture> Parser::capture() {
    skip_lines();
    in_.skip_blanks();
    const auto start = in_.place();
    Capture capture;
    ASSAY_TRY(capture.name, key_and_colon());
    ASSAY_TRY(capture.query, query());
    ASSAY_TRY(capture.filters, filters());
    const auto before = in_.place();
    in_.skip_blanks();
    capture.redacted = in_.take("redact");
    if (!capture.redacted) in_.seek(before);
    capture.source = std::string(in_.since(start));
    ASSAY_CHECK(line_end());
    return capture;
}

Parsed<Assert> Parser::assertion() {
    skip_lines();
    in_.skip_blanks();
    const auto start = in_.place();
    Assert assertion;
    ASSAY_TRY(assertion.query, query());
    ASSAY_TRY(assertion.filters, filters());
    ASSAY_CHECK(blanks());
    ASSAY_TRY(assertion.predicate, predicate());
    assertion.source = std::string(in_.since(start));
    ASSAY_CHECK(line_end());
    return assertion;
}

}  // namespace assay::suite::hurl
