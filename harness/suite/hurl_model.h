// One Hurl file as immutable plain data, with source positions.
//
// Knows nothing of the reader that makes it or of the runner that executes it. Shared by all threads and runs.
// Source of the grammar: https://hurl.dev/docs/grammar.html and hurl 8.0.1, observed.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace assay::suite::hurl {

// 1-based; columns count characters, as in Hurl's messages.
struct Position {
    std::uint32_t line = 1;
    std::uint32_t column = 1;
    bool operator==(const Position&) const = default;
};

struct Span {
    Position begin;
    Position end;  // the character after the last one
};

// {{name}}, {{newDate}}, {{newUuid}}
struct Placeholder {
    enum class Kind { variable, new_date, new_uuid };
    Kind kind = Kind::variable;
    std::string name;  // of a variable
    Span span;
};

struct Literal {
    std::string value;   // escapes undone
    std::string source;  // as written
};

struct Template {
    std::vector<std::variant<Literal, Placeholder>> pieces;
    Span span;
};

// A JSON text with placeholders, cut at them. A key's placeholder is put in as it is, as Hurl does.
struct JsonPiece {
    enum class Kind { text, in_string, in_key, value };
    Kind kind = Kind::text;
    std::string text;
    Placeholder placeholder;
};

// An integer, a decimal, or the digits of an integer beyond 64 bits.
using Number = std::variant<std::int64_t, double, std::string>;

// A pattern in slashes is File::patterns[*literal]; one in quotes is a template, known at run time only.
struct Pattern {
    std::optional<std::uint32_t> literal;
    Template text;
    Span span;
};

struct PatternText {
    std::string text;
    Position at;
};

// A body, of a request or expected of a response; multi-line strings, bytes and files as values of predicates too.
struct Body {
    enum class Kind { json, xml, one_line, text, json_text, xml_text, raw_text, graphql, bytes, file };
    Kind kind = Kind::text;
    Template text;                // one_line and the texts; the query of graphql; the name of a file
    std::vector<JsonPiece> json;  // json; the variables of graphql
    std::string literal;          // xml and raw_text as written; bytes
    Span span;
};

struct Query {
    enum class Kind {
        status,
        version,
        url,
        header,
        cookie,
        body,
        xpath,
        jsonpath,
        regex,
        variable,
        duration,
        bytes,
        rawbytes,
        sha256,
        md5,
        certificate,
        ip,
        redirects,
    };
    Kind kind = Kind::status;
    Template argument;      // a header's or variable's name, an expression, a cookie's name
    Pattern pattern;        // regex
    std::string attribute;  // of a cookie (lower case; "value" when none is named) or a certificate
    Span span;
};

struct Filter {
    enum class Kind {
        base64_decode,
        base64_encode,
        base64_url_safe_decode,
        base64_url_safe_encode,
        charset_decode,
        count,
        date_format,
        days_after_now,
        days_before_now,
        first,
        html_escape,
        html_unescape,
        jsonpath,
        last,
        location,
        nth,
        regex,
        replace,
        replace_regex,
        split,
        to_date,
        to_float,
        to_hex,
        to_int,
        to_string,
        url_decode,
        url_encode,
        url_query_param,
        utf8_decode,
        utf8_encode,
        xpath,
    };
    Kind kind = Kind::count;
    Template argument;     // an encoding, a format, an expression, what is replaced, a separator, a parameter
    Template replacement;  // replace and replace_regex
    Pattern pattern;       // regex and replace_regex
    std::variant<std::int64_t, Placeholder> index;  // nth
    Span span;
};

struct PredicateValue {
    std::variant<std::monostate, bool, Number, Template, Body, Placeholder, Pattern> value;  // monostate: null
};

struct Predicate {
    enum class Kind {
        equal,
        not_equal,
        greater,
        greater_or_equal,
        less,
        less_or_equal,
        starts_with,
        ends_with,
        contains,
        includes,
        matches,
        exists,
        is_boolean,
        is_collection,
        is_date,
        is_empty,
        is_float,
        is_integer,
        is_ipv4,
        is_ipv6,
        is_iso_date,
        is_list,
        is_number,
        is_object,
        is_string,
        is_uuid,
    };
    bool negated = false;
    Kind kind = Kind::equal;
    PredicateValue value;  // of those that take one
    Span span;             // without "not"
};

struct Assert {
    Query query;
    std::vector<Filter> filters;
    Predicate predicate;
    std::string source;  // the line as written, without comment
};

struct Capture {
    Template name;
    Query query;
    std::vector<Filter> filters;
    bool redacted = false;
    std::string source;  // the line as written, without comment
};

struct KeyValue {
    Template key;
    Template value;
    std::string source;  // "key: value" as written
};

struct MultipartParam {
    Template key;
    Template value;  // the text, or the file's name
    bool file = false;
    std::optional<Template> content_type;  // of a file
};

struct VariableDefinition {
    std::string name;
    std::variant<std::monostate, bool, Number, Template> value;  // monostate: null
};

// The value is what the option's name asks for: a flag, a count (-1: without end), a time, a text.
struct Option {
    std::string name;
    std::variant<bool, std::int64_t, std::chrono::milliseconds, Template, Placeholder, VariableDefinition> value;
    Span span;  // of the name
};

struct Request {
    std::string method;
    Template url;
    std::vector<KeyValue> headers;
    std::vector<KeyValue> query;
    std::vector<KeyValue> form;
    std::vector<MultipartParam> multipart;
    std::vector<KeyValue> cookies;
    std::optional<KeyValue> basic_auth;
    std::vector<Option> options;
    std::optional<Body> body;
    bool clear_cookies = false;             // a comment above says @cookie_storage_clear
    std::optional<std::string> set_cookie;  // @cookie_storage_set: a line in Netscape's format
};

struct Response {
    enum class Version { any, http_1_0, http_1_1, http_2, http_3 };
    Version version = Version::any;
    Span version_span;
    std::optional<std::uint64_t> status;  // empty: any
    Span status_span;
    std::vector<KeyValue> headers;
    std::vector<Capture> captures;
    std::vector<Assert> asserts;
    std::optional<Body> body;
};

struct Entry {
    // The last line of the comment above, else `line`. Where entries of a file are called the same, each has its number
    // in the file after it: "GET {{host}}/tags #3".
    std::string name;
    std::string line;  // method, a space, URL as written
    Position at;
    Request request;
    std::optional<Response> response;
};

struct File {
    std::string file;  // where it was read from, for messages
    std::string name;  // its file name without ".hurl"
    std::vector<Entry> entries;
    std::vector<PatternText> patterns;
};

// The names of all assertions of an entry, in the order in which they are made: version (when one is named), status
// (when it is not "*"), captures (each must find something), headers, body, asserts. Their number is known before
// anything is sent.
std::vector<std::string> assertion_names(const Entry& entry);
std::size_t assertion_count(const File& file);

}  // namespace assay::suite::hurl
