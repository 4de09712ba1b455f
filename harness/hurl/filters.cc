// Filters: a value in, another one out, or none.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/base64.h"
#include "harness/hurl/encoding.h"
#include "harness/hurl/evaluate.h"

namespace assay::hurl {
namespace {

using Kind = model::Filter::Kind;

tl::unexpected<Fault> wrong_type(const model::Filter& filter, const Value& value, std::string_view expected) {
    return tl::unexpected(
        Fault{filter.span, "Filter error",
              fmt::format("invalid filter input type\n   actual:   {}\n   expected: {}", kind_of(value), expected)});
}
tl::unexpected<Fault> wrong_value(const model::Filter& filter, std::string_view why) {
    return tl::unexpected(Fault{filter.span, "Filter error", fmt::format("invalid filter input: {}", why)});
}
std::optional<Value> of(auto value) { return Value{std::move(value)}; }

// Rust's f64 takes a plus sign, "inf" and "nan", and nothing behind the number.
std::optional<double> real(std::string_view text) {
    if (text.starts_with('+')) text.remove_prefix(1);
    double value = 0;
    const auto* end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data(), end, value);
    if (at != end || text.empty()) return std::nullopt;
    if (error == std::errc::result_out_of_range) return text.starts_with('-') ? -HUGE_VAL : HUGE_VAL;
    return error == std::errc{} ? std::optional<double>(value) : std::nullopt;
}

std::optional<std::int64_t> whole(std::string_view text) {
    if (text.starts_with('+')) text.remove_prefix(1);
    std::int64_t value = 0;
    const auto* end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data(), end, value);
    return at == end && error == std::errc{} && !text.empty() ? std::optional<std::int64_t>(value) : std::nullopt;
}

// As Rust casts: saturating, and 0 for what is no number.
std::int64_t truncated(double value) {
    if (std::isnan(value)) return 0;
    if (value >= 9223372036854775807.0) return INT64_MAX;
    if (value <= -9223372036854775808.0) return INT64_MIN;
    return static_cast<std::int64_t>(value);
}

std::string replaced(std::string_view text, std::string_view old, std::string_view with) {
    std::string result;
    if (old.empty()) {  // between all characters
        for (std::size_t at = 0; at < text.size(); ++at) {
            if ((text[at] & 0xC0) != 0x80) result.append(with);
            result += text[at];
        }
        return result.append(with);
    }
    for (;;) {
        const auto at = text.find(old);
        if (at == std::string_view::npos) return result.append(text);
        result.append(text.substr(0, at)).append(with);
        text.remove_prefix(at + old.size());
    }
}

List split(std::string_view text, std::string_view separator) {
    List parts;
    if (separator.empty()) {  // as Rust: an empty part, each character, an empty part
        parts.push_back({std::string()});
        for (std::size_t at = 0; at < text.size();) {
            std::size_t end = at + 1;
            while (end < text.size() && (text[end] & 0xC0) == 0x80) ++end;
            parts.push_back({std::string(text.substr(at, end - at))});
            at = end;
        }
        parts.push_back({std::string()});
        return parts;
    }
    for (;;) {
        const auto at = text.find(separator);
        parts.push_back({std::string(text.substr(0, at))});
        if (at == std::string_view::npos) return parts;
        text.remove_prefix(at + separator.size());
    }
}

std::string hex(std::string_view bytes) {
    std::string text;
    for (const char c : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
    return text;
}

// The first parameter of that name in a URL's query, decoded as forms are.
std::optional<std::string> query_parameter(std::string_view url, std::string_view name) {
    url = url.substr(0, url.find('#'));
    const auto mark = url.find('?');
    if (mark == std::string_view::npos) return std::nullopt;
    const auto decoded = [](std::string_view part) {
        std::string plain(part);
        std::replace(plain.begin(), plain.end(), '+', ' ');
        return url_decode(plain);
    };
    for (std::string_view rest = url.substr(mark + 1);;) {
        const auto end = rest.find('&');
        const auto pair = rest.substr(0, end);
        const auto equals = pair.find('=');
        if (!pair.empty() && decoded(pair.substr(0, equals)) == name)
            return equals == std::string_view::npos ? std::string() : decoded(pair.substr(equals + 1));
        if (end == std::string_view::npos) return std::nullopt;
        rest.remove_prefix(end + 1);
    }
}

}  // namespace

Evaluated<std::optional<Value>> Evaluator::filter(const std::vector<model::Filter>& filters, Value value) const {
    std::optional<Value> current = std::move(value);
    for (const auto& filter : filters) {
        if (!current) return tl::unexpected(Fault{filter.span, "Filter error", "missing value to apply filter"});
        ASSAY_TRY(current, one_filter(filter, *current));
    }
    return current;
}

// Filters of texts; each of the others says what it takes.
Evaluated<std::optional<Value>> Evaluator::text_filter(const model::Filter& filter, const std::string& text) const {
    switch (filter.kind) {
        case Kind::base64_decode:
            if (auto bytes = base64_decode(text)) return of(Bytes{std::move(*bytes)});
            return wrong_value(filter, "string is not base64");
        case Kind::base64_url_safe_decode:
            if (auto bytes = base64_decode(text, {true})) return of(Bytes{std::move(*bytes)});
            return wrong_value(filter, text.find('=') == std::string::npos ? "string is not base64"
                                                                           : "base64 string contains padding");
        case Kind::html_escape: return of(html_escape(text));
        case Kind::html_unescape: return of(html_unescape(text));
        case Kind::url_decode: return of(url_decode(text));
        case Kind::url_encode: return of(url_encode(text, true));
        case Kind::utf8_encode: return of(Bytes{text});
        case Kind::regex: {
            ASSAY_TRY(const auto regex, pattern(filter.pattern));
            const auto groups = regex->search(text);
            if (!groups)
                return tl::unexpected(Fault{filter.pattern.span, "Invalid regex", "regex takes too much work"});
            if (!*groups || (*groups)->size() < 2 || !(**groups)[1]) return std::nullopt;
            return of(std::string(*(**groups)[1]));
        }
        case Kind::replace: {
            ASSAY_TRY(const auto old, this->text(filter.argument));
            ASSAY_TRY(const auto with, this->text(filter.replacement));
            return of(replaced(text, old, with));
        }
        case Kind::replace_regex: {
            ASSAY_TRY(const auto regex, pattern(filter.pattern));
            ASSAY_TRY(const auto with, this->text(filter.replacement));
            auto result = regex->replace_all(text, with);
            if (!result)
                return tl::unexpected(Fault{filter.pattern.span, "Invalid regex", "regex takes too much work"});
            return of(std::move(*result));
        }
        case Kind::split: {
            ASSAY_TRY(const auto separator, this->text(filter.argument));
            return of(split(text, separator));
        }
        case Kind::to_date: {
            ASSAY_TRY(const auto format, this->text(filter.argument));
            if (const auto date = parse_date(text, format)) return of(*date);
            return tl::unexpected(Fault{filter.span, "Filter error",
                                        fmt::format("value <{}> could not be parsed with <{}> format", text, format)});
        }
        case Kind::url_query_param: {
            ASSAY_TRY(const auto name, this->text(filter.argument));
            if (!text.starts_with("http://") && !text.starts_with("https://"))
                return tl::unexpected(
                    Fault{filter.span, "Invalid URL",
                          fmt::format("invalid URL <{}> (Missing scheme <http://> or <https://>)", text)});
            if (auto found = query_parameter(text, name)) return of(std::move(*found));
            return std::nullopt;
        }
        case Kind::jsonpath: {
            const auto root = parse_json(text);
            if (!root) return wrong_value(filter, "value is not a valid JSON");
            return json_path(*root, filter.argument);
        }
        case Kind::xpath: {
            const auto document = XmlDocument::parse(text, XmlDocument::Format::html);
            if (!document) return wrong_value(filter, "value is not a valid XML");
            return x_path(*document, filter.argument);
        }
        default: return std::nullopt;
    }
}

Evaluated<std::optional<Value>> Evaluator::one_filter(const model::Filter& filter, const Value& value) const {
    const auto* bytes = value.as<Bytes>();
    const auto* list = value.as<List>();
    const auto* date = value.as<Date>();
    const auto* number = value.as<Number>();
    const auto* text = value.as<std::string>();
    switch (filter.kind) {
        case Kind::base64_encode:
            if (bytes == nullptr) return wrong_type(filter, value, "bytes");
            return of(base64_encode(bytes->data));
        case Kind::base64_url_safe_encode:
            if (bytes == nullptr) return wrong_type(filter, value, "bytes");
            return of(base64_encode(bytes->data, {true}));
        case Kind::to_hex:
            if (bytes == nullptr) return wrong_type(filter, value, "bytes");
            return of(hex(bytes->data));
        case Kind::utf8_decode:
            if (bytes == nullptr) return wrong_type(filter, value, "bytes");
            return of(utf8_lossy(bytes->data));
        case Kind::charset_decode: {
            ASSAY_TRY(const auto label, this->text(filter.argument));
            if (bytes == nullptr) return wrong_type(filter, value, "bytes");
            auto decoded = decode_charset(bytes->data, label);
            if (!decoded.trouble) return of(std::move(decoded.text));
            return tl::unexpected(Fault{filter.span, "Filter error",
                                        *decoded.trouble == CharsetTrouble::unknown
                                            ? fmt::format("<{}> encoding is not supported", label)
                                            : fmt::format("value can not be decoded with <{}> encoding", label)});
        }
        case Kind::count:
            if (list != nullptr) return integer(static_cast<std::int64_t>(list->size()));
            if (bytes != nullptr) return integer(static_cast<std::int64_t>(bytes->data.size()));
            if (const auto* nodes = value.as<Nodeset>()) return integer(static_cast<std::int64_t>(nodes->size));
            return wrong_type(filter, value, "list, bytes or nodeset");
        case Kind::first:
        case Kind::last:
            if (list == nullptr) return wrong_type(filter, value, "list");
            if (list->empty()) return wrong_value(filter, "list is empty");
            return filter.kind == Kind::first ? list->front() : list->back();
        case Kind::nth: {
            std::int64_t index = 0;
            if (const auto* placeholder = std::get_if<model::Placeholder>(&filter.index)) {
                ASSAY_TRY(const auto given, this->value(*placeholder));
                const auto* n = given.as<Number>();
                if (n == nullptr || !std::holds_alternative<std::int64_t>(*n))
                    return tl::unexpected(
                        Fault{placeholder->span, "Invalid expression type",
                              fmt::format("expecting integer, actual value is {}", described(given))});
                index = std::get<std::int64_t>(*n);
            } else {
                index = std::get<std::int64_t>(filter.index);
            }
            if (list == nullptr) return wrong_type(filter, value, "list");
            const auto size = static_cast<std::int64_t>(list->size());
            if (index >= size || index < -size)
                return wrong_value(filter, fmt::format("out of bound - size is {}", size));
            return (*list)[static_cast<std::size_t>(index >= 0 ? index : size + index)];
        }
        case Kind::location:
            if (const auto* redirect = value.as<Redirect>()) return of(redirect->location);
            return wrong_type(filter, value, "http response");
        case Kind::days_after_now:
        case Kind::days_before_now: {
            if (date == nullptr) return wrong_type(filter, value, "date");
            const auto distance = filter.kind == Kind::days_after_now ? *date - now() : now() - *date;
            return integer(std::chrono::duration_cast<std::chrono::days>(distance).count());
        }
        case Kind::date_format: {
            ASSAY_TRY(const auto format, this->text(filter.argument));
            if (date == nullptr) return wrong_type(filter, value, "date");
            if (auto formatted = format_date(*date, format)) return of(std::move(*formatted));
            return tl::unexpected(
                Fault{filter.span, "Filter error", fmt::format("date format <{}> is not supported", format)});
        }
        case Kind::to_int:
            if (number != nullptr && std::holds_alternative<std::int64_t>(*number)) return value;
            if (number != nullptr && std::holds_alternative<double>(*number))
                return integer(truncated(std::get<double>(*number)));
            if (text == nullptr) return wrong_type(filter, value, "float, integer or string");
            if (const auto parsed = whole(*text)) return integer(*parsed);
            return wrong_value(filter, described(value));
        case Kind::to_float:
            if (number != nullptr && std::holds_alternative<std::string>(*number))
                return wrong_value(filter, described(value) + " is too big to be cast as a float");
            if (number != nullptr && std::holds_alternative<double>(*number)) return value;
            if (number != nullptr) return of(Number(static_cast<double>(std::get<std::int64_t>(*number))));
            if (text == nullptr) return wrong_type(filter, value, "float, integer or string");
            if (const auto parsed = real(*text)) return of(Number(*parsed));
            return wrong_value(filter, described(value));
        case Kind::to_string:
            if (auto result = rendered(value)) return of(std::move(*result));
            return wrong_value(filter, described(value) + " can not be converted to a string");
        default:
            if (text == nullptr)
                return wrong_type(filter, value, filter.kind == Kind::base64_decode ? "base64 string" : "string");
            return text_filter(filter, *text);
    }
}

}  // namespace assay::hurl
