// Queries: what of an answer a capture or an assertion looks at.
#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <charconv>

#include "harness/hurl/encoding.h"
#include "harness/hurl/evaluate.h"
#include "harness/hurl/jsonpath.h"

namespace assay::hurl {
namespace {

using Found = Evaluated<std::optional<Value>>;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }
bool equal_ignoring_case(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}
std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

std::string digest(const EVP_MD* method, std::string_view bytes) {
    unsigned char result[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), result, &size, method, nullptr) != 1) return {};
    return {reinterpret_cast<const char*>(result), size};
}

std::string_view content_type(const Response& response) {
    const auto types = response.values("content-type");
    return types.empty() ? std::string_view() : types.front();
}

std::string charset_of(const Response& response) {
    std::string_view rest = content_type(response);
    while (!rest.empty()) {
        const auto end = rest.find(';');
        const auto part = rest.substr(0, end);
        const auto equals = part.find('=');
        if (equals != std::string_view::npos && equal_ignoring_case(trimmed(part.substr(0, equals)), "charset"))
            return std::string(trimmed(part.substr(equals + 1)));
        rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    }
    return "utf-8";
}

bool is_html(const Response& response) {
    const auto type = trimmed(content_type(response));
    return type.size() >= 9 && equal_ignoring_case(type.substr(0, 9), "text/html");
}

struct Cookie {
    std::string_view value;
    std::vector<std::pair<std::string_view, std::optional<std::string_view>>> attributes;
};

std::optional<Cookie> find_cookie(const Response& response, std::string_view name) {
    for (std::string_view text : response.values("set-cookie")) {
        const auto equals = text.find('=');
        if (equals == std::string_view::npos || text.substr(0, equals) != name) continue;
        text.remove_prefix(equals + 1);
        Cookie cookie;
        for (bool first = true;; first = false) {
            const auto end = text.find(';');
            const auto part = text.substr(0, end);
            if (first) {
                cookie.value = part;
            } else if (!part.empty()) {
                const auto sign = part.find('=');
                std::optional<std::string_view> value;
                if (sign != std::string_view::npos) value = part.substr(sign + 1, part.find('=', sign + 1) - sign - 1);
                cookie.attributes.emplace_back(trimmed(part.substr(0, sign)), value);
            }
            if (end == std::string_view::npos) return cookie;
            text.remove_prefix(end + 1);
        }
    }
    return std::nullopt;
}

}  // namespace

std::vector<std::string_view> Response::values(std::string_view name) const {
    std::vector<std::string_view> found;
    for (const auto& [header, value] : headers)
        if (equal_ignoring_case(header, name)) found.emplace_back(value);
    return found;
}

void Evaluator::look_at(const Response& response) {
    response_ = &response;
    json_.reset();
    xml_.reset();
}

Evaluated<std::string> Evaluator::body_bytes(model::Span at) const {
    if (!response_->undecodable) return response_->body;
    Fault fault = *response_->undecodable;
    fault.at = at;
    return tl::unexpected(std::move(fault));
}

Evaluated<std::string> Evaluator::body_text(model::Span at) const {
    ASSAY_TRY(const auto bytes, body_bytes(at));
    auto decoded = decode_charset(bytes, charset_of(*response_));
    if (!decoded.trouble) return std::move(decoded.text);
    if (*decoded.trouble == CharsetTrouble::unknown)
        return tl::unexpected(
            Fault{at, "Invalid charset", fmt::format("the charset '{}' is not valid", decoded.charset)});
    return tl::unexpected(Fault{at, "Invalid decoding",
                                fmt::format("could not decode response body with charset '{}'", decoded.charset)});
}

Evaluated<std::optional<Value>> Evaluator::json_path(const Value& root, const model::Template& expression) const {
    ASSAY_TRY(const auto source, text(expression));
    const auto path = JsonPath::parse(source);
    if (!path)
        return tl::unexpected(
            Fault{expression.span, "Invalid JSONPath", fmt::format("JSONPath expression '{}' is not valid", source)});
    const auto nodes = path->find(root);
    if (nodes.empty()) return std::nullopt;
    if (nodes.size() == 1) return *nodes.front();
    List list;
    for (const auto* node : nodes) list.push_back(*node);
    return Value{std::move(list)};
}

Evaluated<std::optional<Value>> Evaluator::x_path(const XmlDocument& document,
                                                  const model::Template& expression) const {
    ASSAY_TRY(const auto source, text(expression));
    auto found = document.evaluate(source);
    if (!found)
        return tl::unexpected(Fault{expression.span, "Invalid XPath expression", "XPath expression is not valid"});
    return found;
}

Evaluated<std::optional<Value>> Evaluator::cookie(const model::Query& query) const {
    ASSAY_TRY(const auto name, text(query.argument));
    const auto cookie = find_cookie(*response_, name);
    if (!cookie) return std::nullopt;
    const auto& wanted = query.attribute;
    if (wanted == "value") return Value{std::string(cookie->value)};
    for (const auto& [attribute, value] : cookie->attributes) {
        if (!equal_ignoring_case(attribute, wanted)) continue;
        if (wanted == "secure" || wanted == "httponly") {
            if (value) continue;
            return Value{Unit{}};
        }
        if (wanted == "max-age") {
            std::int64_t seconds = 0;
            if (!value || std::from_chars(value->data(), value->data() + value->size(), seconds).ec != std::errc{})
                continue;
            return integer(seconds);
        }
        if (!value) return std::nullopt;
        if (wanted != "expires") return Value{std::string(*value)};
        if (const auto date = parse_cookie_expires(*value)) return Value{*date};
        return tl::unexpected(Fault{query.argument.span, "HTTP connection",
                                    fmt::format("could not parse Cookie Expires attribute value <{}>", *value)});
    }
    return std::nullopt;
}

namespace {

std::optional<Value> certificate_field(const Certificate& certificate, const std::string& field) {
    const auto text = [](const std::string& value) -> std::optional<Value> {
        if (value.empty()) return std::nullopt;
        return Value{value};
    };
    if (field == "Subject") return text(certificate.subject);
    if (field == "Issuer") return text(certificate.issuer);
    if (field == "Start-Date") return Value{certificate.not_before};
    if (field == "Expire-Date") return Value{certificate.not_after};
    if (field == "Serial-Number") return text(certificate.serial_number);
    if (field == "Subject-Alt-Name") return text(certificate.subject_alt_name);
    return text(certificate.pem);
}

}  // namespace

Evaluated<std::optional<Value>> Evaluator::query(const model::Query& query) {
    using Kind = model::Query::Kind;
    const auto of = [](auto value) { return std::optional<Value>(Value{std::move(value)}); };
    const auto& response = *response_;
    switch (query.kind) {
        case Kind::status: return integer(response.status);
        case Kind::version: return of(response.version.substr(5));
        case Kind::url: return of(response.url);
        case Kind::ip: return of(response.ip);
        case Kind::redirects: return of(response.redirects);
        case Kind::duration: return integer(response.duration.count());
        case Kind::rawbytes: return of(Bytes{response.raw});
        case Kind::cookie: return cookie(query);
        case Kind::certificate:
            if (!response.certificate) return std::nullopt;
            return certificate_field(*response.certificate, query.attribute);
        case Kind::header: {
            ASSAY_TRY(const auto name, text(query.argument));
            const auto values = response.values(name);
            if (values.empty()) return std::nullopt;
            if (values.size() == 1) return of(std::string(values.front()));
            List list;
            for (const auto value : values) list.push_back({std::string(value)});
            return of(std::move(list));
        }
        case Kind::variable: {
            ASSAY_TRY(const auto name, text(query.argument));
            const Value* found = variables_.find(name);
            if (found == nullptr) return std::nullopt;
            return *found;
        }
        case Kind::bytes: {
            ASSAY_TRY(auto bytes, body_bytes(query.span));
            return of(Bytes{std::move(bytes)});
        }
        case Kind::sha256:
        case Kind::md5: {
            ASSAY_TRY(const auto bytes, body_bytes(query.span));
            return of(Bytes{digest(query.kind == Kind::md5 ? EVP_md5() : EVP_sha256(), bytes)});
        }
        case Kind::body: {
            ASSAY_TRY(auto body, body_text(query.span));
            return of(std::move(body));
        }
        case Kind::regex: {
            ASSAY_TRY(const auto body, body_text(query.span));
            ASSAY_TRY(const auto regex, pattern(query.pattern));
            const auto groups = regex->search(body);
            if (!groups) return tl::unexpected(Fault{query.pattern.span, "Invalid regex", "regex takes too much work"});
            if (!*groups || (*groups)->size() < 2 || !(**groups)[1]) return std::nullopt;
            return of(std::string(*(**groups)[1]));
        }
        case Kind::jsonpath: {
            if (!json_) {
                ASSAY_TRY(const auto body, body_text(query.span));
                json_ = parse_json(body);
                if (!json_)
                    return tl::unexpected(Fault{query.span, "Invalid JSON", "HTTP response is not a valid JSON"});
            }
            return json_path(*json_, query.argument);
        }
        case Kind::xpath: {
            if (!xml_) {
                ASSAY_TRY(const auto body, body_text(query.span));
                xml_ =
                    XmlDocument::parse(body, is_html(response) ? XmlDocument::Format::html : XmlDocument::Format::xml);
                if (!xml_) return tl::unexpected(Fault{query.span, "Invalid XML", "HTTP response is not a valid XML"});
            }
            return x_path(*xml_, query.argument);
        }
    }
    return std::nullopt;
}

}  // namespace assay::hurl
