// Queries, filters and predicates: the lines of [Captures] and [Asserts].
#include <algorithm>
#include <array>

#include "harness/suite/hurl_parser.h"

namespace assay::suite::hurl {
namespace {

struct QueryName {
    std::string_view name;
    Query::Kind kind;
};
// In Hurl's order: a name that begins another one must not come first.
constexpr std::array<QueryName, 18> kQueries = {{{"status", Query::Kind::status},
                                                 {"version", Query::Kind::version},
                                                 {"url", Query::Kind::url},
                                                 {"header", Query::Kind::header},
                                                 {"cookie", Query::Kind::cookie},
                                                 {"body", Query::Kind::body},
                                                 {"xpath", Query::Kind::xpath},
                                                 {"jsonpath", Query::Kind::jsonpath},
                                                 {"regex", Query::Kind::regex},
                                                 {"variable", Query::Kind::variable},
                                                 {"duration", Query::Kind::duration},
                                                 {"bytes", Query::Kind::bytes},
                                                 {"rawbytes", Query::Kind::rawbytes},
                                                 {"sha256", Query::Kind::sha256},
                                                 {"md5", Query::Kind::md5},
                                                 {"certificate", Query::Kind::certificate},
                                                 {"ip", Query::Kind::ip},
                                                 {"redirects", Query::Kind::redirects}}};

struct FilterName {
    std::string_view name;
    Filter::Kind kind;
    enum class Takes { nothing, text, index, pattern, two_texts, pattern_and_text } takes = Takes::nothing;
};
using Takes = FilterName::Takes;
constexpr std::array<FilterName, 33> kFilters = {{
    {"base64Decode", Filter::Kind::base64_decode},
    {"base64Encode", Filter::Kind::base64_encode},
    {"base64UrlSafeDecode", Filter::Kind::base64_url_safe_decode},
    {"base64UrlSafeEncode", Filter::Kind::base64_url_safe_encode},
    {"charsetDecode", Filter::Kind::charset_decode, Takes::text},
    {"count", Filter::Kind::count},
    {"daysAfterNow", Filter::Kind::days_after_now},
    {"daysBeforeNow", Filter::Kind::days_before_now},
    {"decode", Filter::Kind::charset_decode, Takes::text},
    {"first", Filter::Kind::first},
    {"format", Filter::Kind::date_format, Takes::text},
    {"dateFormat", Filter::Kind::date_format, Takes::text},
    {"htmlUnescape", Filter::Kind::html_unescape},
    {"htmlEscape", Filter::Kind::html_escape},
    {"jsonpath", Filter::Kind::jsonpath, Takes::text},
    {"last", Filter::Kind::last},
    {"location", Filter::Kind::location},
    {"nth", Filter::Kind::nth, Takes::index},
    {"regex", Filter::Kind::regex, Takes::pattern},
    {"replaceRegex", Filter::Kind::replace_regex, Takes::pattern_and_text},
    {"replace", Filter::Kind::replace, Takes::two_texts},
    {"split", Filter::Kind::split, Takes::text},
    {"toDate", Filter::Kind::to_date, Takes::text},
    {"toFloat", Filter::Kind::to_float},
    {"toHex", Filter::Kind::to_hex},
    {"toInt", Filter::Kind::to_int},
    {"toString", Filter::Kind::to_string},
    {"urlDecode", Filter::Kind::url_decode},
    {"urlEncode", Filter::Kind::url_encode},
    {"urlQueryParam", Filter::Kind::url_query_param, Takes::text},
    {"utf8Decode", Filter::Kind::utf8_decode},
    {"utf8Encode", Filter::Kind::utf8_encode},
    {"xpath", Filter::Kind::xpath, Takes::text},
}};

struct PredicateName {
    std::string_view name;
    Predicate::Kind kind;
    enum class Value { none, any, ordered, text_or_bytes, pattern } value = Value::none;
};
using Value = PredicateName::Value;
constexpr std::array<PredicateName, 26> kPredicates = {{
    {"==", Predicate::Kind::equal, Value::any},
    {"!=", Predicate::Kind::not_equal, Value::any},
    {">=", Predicate::Kind::greater_or_equal, Value::ordered},
    {">", Predicate::Kind::greater, Value::ordered},
    {"<=", Predicate::Kind::less_or_equal, Value::ordered},
    {"<", Predicate::Kind::less, Value::ordered},
    {"startsWith", Predicate::Kind::starts_with, Value::text_or_bytes},
    {"endsWith", Predicate::Kind::ends_with, Value::text_or_bytes},
    {"contains", Predicate::Kind::contains, Value::any},
    {"includes", Predicate::Kind::includes, Value::any},
    {"matches", Predicate::Kind::matches, Value::pattern},
    {"isInteger", Predicate::Kind::is_integer},
    {"isFloat", Predicate::Kind::is_float},
    {"isBoolean", Predicate::Kind::is_boolean},
    {"isString", Predicate::Kind::is_string},
    {"isCollection", Predicate::Kind::is_collection},
    {"isList", Predicate::Kind::is_list},
    {"isObject", Predicate::Kind::is_object},
    {"isDate", Predicate::Kind::is_date},
    {"isIsoDate", Predicate::Kind::is_iso_date},
    {"exists", Predicate::Kind::exists},
    {"isEmpty", Predicate::Kind::is_empty},
    {"isNumber", Predicate::Kind::is_number},
    {"isIpv4", Predicate::Kind::is_ipv4},
    {"isIpv6", Predicate::Kind::is_ipv6},
    {"isUuid", Predicate::Kind::is_uuid},
}};

constexpr std::array<std::string_view, 7> kCertificateFields = {
    "Subject", "Issuer", "Start-Date", "Expire-Date", "Serial-Number", "Subject-Alt-Name", "Value"};

// A value that must be there: "not this" is an error.
template <typename T>
Parsed<T> must(Parsed<T> read) {
    if (!read) read.error().recoverable = false;
    return read;
}

}  // namespace

Parsed<Query> Parser::query() {
    Query query;
    query.span.begin = in_.position();
    const auto found =
        std::find_if(kQueries.begin(), kQueries.end(), [&](const QueryName& known) { return in_.take(known.name); });
    if (found == kQueries.end()) return not_this(expecting(query.span.begin, "redirects", true));
    query.kind = found->kind;
    ASSAY_CHECK(query_argument(query));
    query.span.end = in_.position();
    return query;
}

Parsed<void> Parser::query_argument(Query& query) {
    switch (query.kind) {
        case Query::Kind::header:
        case Query::Kind::xpath:
        case Query::Kind::jsonpath:
        case Query::Kind::variable: {
            ASSAY_CHECK(blanks());
            ASSAY_TRY(query.argument, must(quoted_template()));
            return {};
        }
        case Query::Kind::regex: {
            ASSAY_CHECK(blanks());
            ASSAY_TRY(query.pattern, pattern());
            return {};
        }
        case Query::Kind::cookie: {
            ASSAY_CHECK(blanks());
            ASSAY_CHECK(literal("\""));
            const auto start = in_.place();
            const std::string_view path = in_.read_while([](char32_t c) { return c != '"' && c != '\n'; });
            const std::string name(path.substr(0, path.find('[')));
            // A name is a template without escapes of its own quote.
            Parser inner(name, file_);
            inner.in_ = Cursor(name, start.position);
            ASSAY_TRY(query.argument, inner.unquoted());
            query.attribute = "value";
            if (name.size() < path.size()) {
                Cursor rest(path.substr(name.size() + 1), {start.position.line, start.position.column});
                rest.skip_blanks();
                std::string attribute(rest.read_while([](char32_t c) { return is_alphanumeric(c) || c == '-'; }));
                for (char& c : attribute)
                    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
                const std::array<std::string_view, 8> known = {"value", "expires", "max-age",  "domain",
                                                               "path",  "secure",  "httponly", "samesite"};
                if (std::find(known.begin(), known.end(), attribute) == known.end())
                    return not_this(
                        {start.position, false, "Parsing cookie attribute", "the cookie attribute is not valid"});
                rest.skip_blanks();
                if (!rest.take("]")) return not_this(expecting(in_.position(), "]"));
                query.attribute = attribute;
            }
            return literal("\"");
        }
        case Query::Kind::certificate: {
            ASSAY_CHECK(blanks());
            ASSAY_CHECK(literal("\""));
            const auto at = in_.position();
            const auto field = in_.read_while([](char32_t c) { return c != '"' && c != '\n'; });
            if (std::find(kCertificateFields.begin(), kCertificateFields.end(), field) == kCertificateFields.end())
                return not_this(expecting(at,
                                          "Field <Subject>, <Issuer>, <Start-Date>, <Expire-Date>, <Serial-Number>, "
                                          "<Subject-Alt-Name> or <Value>"));
            query.attribute = std::string(field);
            return literal("\"");
        }
        default: return {};
    }
}

// In quotes or in slashes.
Parsed<Pattern> Parser::pattern() {
    if (in_.peek() == '/') return slashed_pattern();
    const auto at = in_.position();
    if (in_.peek() != '"') return not_this(expecting(at, "\" or /"));
    Pattern result;
    ASSAY_TRY(result.text, quoted_template());
    result.span = result.text.span;
    return result;
}

Parsed<Pattern> Parser::slashed_pattern() {
    Pattern result;
    result.span.begin = in_.position();
    if (!in_.take("/")) return not_this(expecting(result.span.begin, "/", true));
    const auto at = in_.position();
    std::string text;
    for (;;) {
        if (in_.at_end())
            return not_this(
                {in_.position(), false, "Parsing regex", "invalid Regex expression: unexpected end of file"});
        if (in_.take("\\/")) {
            text += '/';
            continue;
        }
        const char32_t c = in_.read();
        if (c == '/') break;
        append_utf8(text, c);
    }
    result.span.end = in_.position();
    result.literal = static_cast<std::uint32_t>(file_.patterns.size());
    file_.patterns.push_back({std::move(text), at});
    return result;
}

Parsed<std::vector<Filter>> Parser::filters() {
    std::vector<Filter> all;
    for (;;) {
        const auto start = in_.place();
        if (in_.skip_blanks() == 0) return all;
        auto next = filter();
        if (next) {
            all.push_back(std::move(*next));
            continue;
        }
        if (!next.error().recoverable) return not_this(std::move(next).error());
        in_.seek(start);
        return all;
    }
}

Parsed<Filter> Parser::filter() {
    Filter filter;
    filter.span.begin = in_.position();
    const auto found =
        std::find_if(kFilters.begin(), kFilters.end(), [&](const FilterName& known) { return in_.take(known.name); });
    if (found == kFilters.end()) return not_this(expecting(filter.span.begin, "filter", true));
    filter.kind = found->kind;
    switch (found->takes) {
        case Takes::nothing: break;
        case Takes::text: {
            ASSAY_CHECK(blanks());
            ASSAY_TRY(filter.argument, must(quoted_template()));
            break;
        }
        case Takes::index: {
            ASSAY_CHECK(blanks());
            if (in_.looking_at("{{")) {
                ASSAY_TRY(filter.index, placeholder(in_));
            } else {
                ASSAY_TRY(filter.index, must(integer(true, "integer")));
            }
            break;
        }
        case Takes::pattern: {
            ASSAY_CHECK(blanks());
            ASSAY_TRY(filter.pattern, pattern());
            break;
        }
        case Takes::two_texts: {
            ASSAY_CHECK(blanks());
            ASSAY_TRY(filter.argument, must(quoted_template()));
            ASSAY_CHECK(blanks());
            ASSAY_TRY(filter.replacement, must(quoted_template()));
            break;
        }
        case Takes::pattern_and_text: {
            ASSAY_CHECK(blanks());
            ASSAY_TRY(filter.pattern, pattern());
            ASSAY_CHECK(blanks());
            ASSAY_TRY(filter.replacement, must(quoted_template()));
            break;
        }
    }
    filter.span.end = in_.position();
    return filter;
}

Parsed<Predicate> Parser::predicate() {
    Predicate predicate;
    const auto start = in_.place();
    predicate.negated = in_.take("not") && in_.skip_blanks() > 0;
    if (!predicate.negated) in_.seek(start);
    predicate.span.begin = in_.position();
    const auto found = std::find_if(kPredicates.begin(), kPredicates.end(),
                                    [&](const PredicateName& known) { return in_.take(known.name); });
    if (found == kPredicates.end())
        return not_this({predicate.span.begin, false, "Parsing predicate", "expecting a predicate"});
    predicate.kind = found->kind;
    if (found->value != Value::none) {
        const bool symbol = !is_alphanumeric(static_cast<unsigned char>(found->name.front()));
        if (symbol) {
            in_.skip_blanks();
        } else {
            ASSAY_CHECK(blanks());
        }
        const auto at = in_.position();
        ASSAY_TRY(predicate.value, predicate_value());
        const auto& value = predicate.value.value;
        const auto* body = std::get_if<Body>(&value);
        const bool text = std::holds_alternative<Template>(value);
        bool fits = true;
        if (found->value == Value::ordered)
            fits = text || std::holds_alternative<Number>(value) || std::holds_alternative<Placeholder>(value);
        if (found->value == Value::text_or_bytes) fits = text || (body != nullptr && body->kind == Body::Kind::bytes);
        if (found->value == Value::pattern) fits = text || std::holds_alternative<Pattern>(value);
        if (!fits) return not_this({at, false, "Parsing predicate value", "invalid predicate value"});
    }
    predicate.span.end = in_.position();
    return predicate;
}

Parsed<PredicateValue> Parser::predicate_value() {
    const auto of = [](auto value) { return PredicateValue{std::move(value)}; };
    if (in_.take("null")) return PredicateValue{};
    if (in_.take("true")) return of(true);
    if (in_.take("false")) return of(false);
    const char32_t c = in_.peek();
    if (c == '-' || is_digit(c)) return must(number()).map(of);
    if (in_.looking_at("{{")) return placeholder(in_).map(of);
    if (c == '"') return quoted_template().map(of);
    if (c == '/') return slashed_pattern().map(of);
    if (in_.looking_at("```")) return multiline().map(of);
    if (c == '`') return quoted('`', U"`\n").map(of);
    if (in_.looking_at("file")) return file().map(of);
    if (in_.looking_at("hex")) return hex().map(of);
    if (in_.looking_at("base64")) return base64().map(of);
    return not_this({in_.position(), false, "Parsing predicate value", "invalid predicate value"});
}

}  // namespace assay::suite::hurl
