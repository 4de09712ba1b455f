#include "harness/hurl_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <random>

#include "base/base64.h"
#include "harness/http/fields.h"
#include "harness/http/url.h"
#include "harness/hurl/encoding.h"

namespace assay::harness {
namespace {

namespace model = suite::hurl;
using hurl::Evaluated;
using hurl::Evaluator;
using hurl::Fault;

constexpr std::string_view kUserAgent = "hurl/8.0.1";

bool has_header(const std::vector<http::Header>& headers, std::string_view name) {
    return std::any_of(headers.begin(), headers.end(),
                       [&](const http::Header& header) { return http::equal_ignoring_case(header.name, name); });
}

void remove_header(std::vector<http::Header>& headers, std::string_view name) {
    std::erase_if(headers, [&](const http::Header& header) { return http::equal_ignoring_case(header.name, name); });
}

// Options.

Fault wrong_type(const model::Placeholder& placeholder, const hurl::Value& value, std::string_view expected) {
    return {placeholder.span, "Invalid expression type",
            fmt::format("expecting {}, actual value is {}", expected, hurl::described(value))};
}

Evaluated<bool> flag(const model::Option& option, const Evaluator& evaluator) {
    if (const auto* on = std::get_if<bool>(&option.value)) return *on;
    const auto& placeholder = std::get<model::Placeholder>(option.value);
    ASSAY_TRY(const auto value, evaluator.value(placeholder));
    if (const auto* on = value.as<bool>()) return *on;
    return tl::unexpected(wrong_type(placeholder, value, "boolean"));
}

Evaluated<std::int64_t> count(const model::Option& option, std::int64_t least, const Evaluator& evaluator) {
    if (const auto* number = std::get_if<std::int64_t>(&option.value)) return *number;
    const auto& placeholder = std::get<model::Placeholder>(option.value);
    ASSAY_TRY(const auto value, evaluator.value(placeholder));
    const auto* number = value.as<hurl::Number>();
    const auto* whole = number != nullptr ? std::get_if<std::int64_t>(number) : nullptr;
    if (whole == nullptr) return tl::unexpected(wrong_type(placeholder, value, "integer"));
    if (*whole < least) return tl::unexpected(wrong_type(placeholder, value, fmt::format("integer >= {}", least)));
    return *whole;
}

Evaluated<Millis> time(const model::Option& option, const Evaluator& evaluator) {
    if (const auto* given = std::get_if<std::chrono::milliseconds>(&option.value)) return Millis(*given);
    ASSAY_TRY(const auto millis, count(option, 0, evaluator));
    return Millis(millis);
}

Evaluated<std::string> words(const model::Option& option, const Evaluator& evaluator) {
    return evaluator.text(std::get<model::Template>(option.value));
}

Evaluated<void> define(const model::VariableDefinition& definition, const Evaluator& evaluator,
                       hurl::Variables& variables) {
    hurl::Value value;
    if (const auto* on = std::get_if<bool>(&definition.value)) value = {*on};
    if (const auto* number = std::get_if<model::Number>(&definition.value)) value = {*number};
    if (const auto* source = std::get_if<model::Template>(&definition.value)) {
        ASSAY_TRY(auto text, evaluator.text(*source));
        value = {std::move(text)};
    }
    variables.set(definition.name, std::move(value));
    return {};
}

Evaluated<void> apply(const model::Option& option, HurlEntryOptions& to, const Evaluator& evaluator,
                      hurl::Variables& variables) {
    const auto& name = option.name;
    const auto set_flag = [&](bool& into) -> Evaluated<void> {
        ASSAY_TRY(into, flag(option, evaluator));
        return {};
    };
    const auto set_count = [&](std::int64_t& into) -> Evaluated<void> {
        ASSAY_TRY(into, count(option, -1, evaluator));
        return {};
    };
    const auto set_time = [&](Millis& into) -> Evaluated<void> {
        ASSAY_TRY(into, time(option, evaluator));
        return {};
    };
    const auto add_words = [&](std::vector<std::string>& into) -> Evaluated<void> {
        ASSAY_TRY(auto text, words(option, evaluator));
        into.push_back(std::move(text));
        return {};
    };
    if (name == "compressed") return set_flag(to.compressed);
    if (name == "insecure") return set_flag(to.insecure);
    if (name == "path-as-is") return set_flag(to.path_as_is);
    if (name == "skip") return set_flag(to.skip);
    if (name == "max-redirs") return set_count(to.max_redirs);
    if (name == "retry") return set_count(to.retry);
    if (name == "repeat") return set_count(to.repeat);
    if (name == "max-time") return set_time(to.max_time);
    if (name == "delay") return set_time(to.delay);
    if (name == "retry-interval") return set_time(to.retry_interval);
    if (name == "connect-to") return add_words(to.connect_to);
    if (name == "resolve") return add_words(to.resolve);
    if (name == "location") {
        ASSAY_CHECK(set_flag(to.location));
        to.location_trusted = false;
    } else if (name == "location-trusted") {
        ASSAY_TRY(const bool on, flag(option, evaluator));
        if (on) to.location = to.location_trusted = true;
    } else if (name == "user") {
        ASSAY_TRY(to.user, words(option, evaluator));
    } else if (name == "header") {
        ASSAY_TRY(const auto line, words(option, evaluator));
        const auto colon = line.find(':');
        if (colon == std::string::npos)
            return tl::unexpected(Fault{std::get<model::Template>(option.value).span, "Invalid option value",
                                        fmt::format("invalid header option value <{}>: missing `:`", line)});
        const auto value = line.find_first_not_of(" \t", colon + 1);
        to.headers.push_back({line.substr(0, colon), value == std::string::npos ? std::string() : line.substr(value)});
    } else if (name == "variable") {
        return define(std::get<model::VariableDefinition>(option.value), evaluator, variables);
    }
    return {};
}

// The request.

// Letters, digits and "-._~" stand for themselves, as curl_easy_escape has it. Names are not escaped: Hurl's way.
Evaluated<std::string> parameters(const std::vector<model::KeyValue>& lines, const Evaluator& evaluator) {
    std::string joined;
    for (const auto& line : lines) {
        ASSAY_TRY(const auto name, evaluator.text(line.key));
        ASSAY_TRY(const auto value, evaluator.text(line.value));
        joined += fmt::format("{}{}={}", joined.empty() ? "" : "&", name, hurl::url_encode(value, false));
    }
    return joined;
}

// "." and ".." as RFC 3986 removes them; curl does before it sends.
std::string without_dots(std::string_view url) {
    const auto scheme = url.find("://");
    const auto begin = url.find_first_of("/?#", scheme + 3);
    if (begin == std::string_view::npos || url[begin] != '/') return std::string(url);
    const auto end = std::min(url.find_first_of("?#", begin), url.size());
    std::vector<std::string_view> kept;
    std::string_view path = url.substr(begin + 1, end - begin - 1);
    for (bool more = true; more;) {
        const auto slash = path.find('/');
        const auto segment = path.substr(0, slash);
        more = slash != std::string_view::npos;
        if (segment == ".." && !kept.empty()) kept.pop_back();
        if (segment != "." && segment != "..")
            kept.push_back(segment);
        else if (!more)
            kept.emplace_back();
        if (more) path.remove_prefix(slash + 1);
    }
    return fmt::format("{}/{}{}", url.substr(0, begin), fmt::join(kept, "/"), url.substr(end));
}

Evaluated<std::string> url_of(const model::Request& request, const HurlEntryOptions& options,
                              const Evaluator& evaluator) {
    ASSAY_TRY(auto url, evaluator.text(request.url));
    const auto invalid = [&](std::string_view why) {
        return tl::unexpected(Fault{request.url.span, "Invalid URL", fmt::format("invalid URL <{}> ({})", url, why)});
    };
    if (!url.starts_with("http://") && !url.starts_with("https://")) {
        const auto scheme = url.find("://");
        const bool other = scheme != std::string::npos && scheme > 0 &&
                           std::all_of(url.begin(), url.begin() + static_cast<std::ptrdiff_t>(scheme),
                                       [](char c) { return c >= 'a' && c <= 'z'; });
        return other ? invalid("Only <http://> and <https://> schemes are supported")
                     : invalid("Missing scheme <http://> or <https://>");
    }
    if (http::parse_url(url).host.empty()) return invalid("empty host");
    url = url.substr(0, url.find('#'));
    if (!request.query.empty()) {
        ASSAY_TRY(const auto query, parameters(request.query, evaluator));
        if (!url.ends_with('?')) url += url.find('?') == std::string::npos ? '?' : '&';
        url += query;
    }
    return options.path_as_is ? url : without_dots(url);
}

std::string_view type_of_file(std::string_view name) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kTypes = {{{".gif", "image/gif"},
                                                                                       {".jpg", "image/jpeg"},
                                                                                       {".jpeg", "image/jpeg"},
                                                                                       {".png", "image/png"},
                                                                                       {".svg", "image/svg+xml"},
                                                                                       {".txt", "text/plain"},
                                                                                       {".htm", "text/html"},
                                                                                       {".html", "text/html"},
                                                                                       {".pdf", "application/pdf"},
                                                                                       {".xml", "application/xml"}}};
    const auto extension = std::filesystem::path(name).extension().string();
    for (const auto& [known, type] : kTypes)
        if (extension == known) return type;
    return "application/octet-stream";
}

std::string form_quoted(std::string_view text) {
    std::string escaped;
    for (const char c : text) {
        if (c == '"')
            escaped += "%22";
        else if (c == '\r')
            escaped += "%0D";
        else if (c == '\n')
            escaped += "%0A";
        else
            escaped += c;
    }
    return escaped;
}

std::string new_boundary() {
    std::random_device random;
    return fmt::format("------------------------{:08x}{:08x}", random(), random());
}

Evaluated<std::string> multipart_body(const std::vector<model::MultipartParam>& params, const std::string& boundary,
                                      const Evaluator& evaluator) {
    std::string body;
    for (const auto& param : params) {
        ASSAY_TRY(const auto name, evaluator.text(param.key));
        ASSAY_TRY(const auto value, evaluator.text(param.value));
        body += fmt::format("--{}\r\nContent-Disposition: form-data; name=\"{}\"", boundary, form_quoted(name));
        if (!param.file) {
            body += fmt::format("\r\n\r\n{}\r\n", value);
            continue;
        }
        ASSAY_TRY(const auto data, evaluator.files().read(value, param.value.span));
        std::string type(type_of_file(value));
        if (param.content_type) {
            ASSAY_TRY(type, evaluator.text(*param.content_type));
        }
        body += fmt::format("; filename=\"{}\"\r\nContent-Type: {}\r\n\r\n", form_quoted(value), type);
        body += data + "\r\n";
    }
    return body + fmt::format("--{}--\r\n", boundary);
}

// The body, and the Content-Type that goes with it where the suite names none.
Evaluated<std::string> body_of(const model::Request& request, const Evaluator& evaluator, std::string& type) {
    using Kind = model::Body::Kind;
    std::string body;
    if (!request.form.empty()) {
        type = "application/x-www-form-urlencoded";
        ASSAY_TRY(body, parameters(request.form, evaluator));
    } else if (!request.multipart.empty()) {
        const auto boundary = new_boundary();
        type = "multipart/form-data; boundary=" + boundary;
        ASSAY_TRY(body, multipart_body(request.multipart, boundary, evaluator));
    }
    if (!request.body) return body;
    ASSAY_TRY(auto own, evaluator.body(*request.body));
    const auto kind = request.body->kind;
    if (type.empty() && (kind == Kind::json || kind == Kind::json_text || kind == Kind::graphql))
        type = "application/json";
    if (type.empty() && (kind == Kind::xml || kind == Kind::xml_text)) type = "application/xml";
    return own.empty() ? body : own;
}

}  // namespace

Evaluated<HurlEntryOptions> entry_options(const model::Entry& entry, const HurlEntryOptions& given,
                                          const Evaluator& evaluator, hurl::Variables& variables) {
    HurlEntryOptions options = given;
    for (const auto& option : entry.request.options) ASSAY_CHECK(apply(option, options, evaluator, variables));
    return options;
}

Result<void> check_supported(const model::File& file) {
    constexpr std::array<std::string_view, 20> kMissing = {
        "aws-sigv4",      "cacert", "cert",   "digest",       "http1.0",   "http2",      "http3",
        "ipv4",           "ipv6",   "key",    "limit-rate",   "negotiate", "netrc",      "netrc-file",
        "netrc-optional", "ntlm",   "output", "pinnedpubkey", "proxy",     "unix-socket"};
    for (const auto& entry : file.entries) {
        for (const auto& option : entry.request.options) {
            if (std::find(kMissing.begin(), kMissing.end(), option.name) == kMissing.end()) continue;
            if (const auto* on = std::get_if<bool>(&option.value); on != nullptr && !*on) continue;  // it is off
            return fail("read Hurl file",
                        fmt::format("{}:{}:{}: assay does not know the option {}", file.file, option.span.begin.line,
                                    option.span.begin.column, option.name),
                        "run this file with hurl, or leave the option out");
        }
    }
    return {};
}

Evaluated<http::Request> build_request(const model::Request& request, const HurlEntryOptions& options,
                                       const Evaluator& evaluator) {
    http::Request built;
    built.verbatim = built.undecoded = built.peer = true;
    built.follow_redirects = false;
    built.verify_certificate = !options.insecure;
    built.time_limit = options.max_time;
    built.method = request.method;
    ASSAY_TRY(built.url, url_of(request, options, evaluator));

    std::vector<http::Header> own;
    for (const auto& header : request.headers) {
        ASSAY_TRY(auto name, evaluator.text(header.key));
        ASSAY_TRY(auto value, evaluator.text(header.value));
        own.push_back({std::move(name), std::move(value)});
    }
    if (request.basic_auth) {
        ASSAY_TRY(const auto user, evaluator.text(request.basic_auth->key));
        ASSAY_TRY(const auto password, evaluator.text(request.basic_auth->value));
        own.push_back({"Authorization", "Basic " + base64_encode(user + ":" + password)});
    }
    own.insert(own.end(), options.headers.begin(), options.headers.end());
    std::string cookies;
    for (const auto& cookie : request.cookies) {
        ASSAY_TRY(const auto name, evaluator.text(cookie.key));
        ASSAY_TRY(const auto value, evaluator.text(cookie.value));
        cookies += fmt::format("{}{}={}", cookies.empty() ? "" : "; ", name, value);
    }
    std::string type;
    ASSAY_TRY(built.body, body_of(request, evaluator, type));

    auto& headers = built.headers;
    if (!has_header(own, "host")) headers.push_back({"Host", http::parse_url(built.url).authority});
    if (!has_header(own, "accept")) headers.push_back({"Accept", "*/*"});
    if (!cookies.empty()) headers.push_back({"Cookie", std::move(cookies)});
    headers.insert(headers.end(), own.begin(), own.end());
    if (!has_header(own, "content-type") && !type.empty()) headers.push_back({"Content-Type", std::move(type)});
    if (!has_header(own, "user-agent")) headers.push_back({"User-Agent", std::string(kUserAgent)});
    if (!options.user.empty() && !has_header(own, "authorization"))
        headers.push_back({"Authorization", "Basic " + base64_encode(options.user)});
    if (options.compressed && !has_header(own, "accept-encoding"))
        headers.push_back({"Accept-Encoding", "gzip, deflate, br"});
    if (!built.body.empty() && !has_header(own, "content-length") && !has_header(own, "transfer-encoding"))
        headers.push_back({"Content-Length", std::to_string(built.body.size())});
    return built;
}

void redirect(http::Request& request, std::uint32_t status, const std::string& url, bool keep_credentials) {
    const auto from = http::parse_url(request.url), to = http::parse_url(url);
    const bool same_site = from.scheme == to.scheme && from.host == to.host && from.port_number() == to.port_number();
    if (!same_site && !keep_credentials) {
        remove_header(request.headers, "authorization");
        remove_header(request.headers, "cookie");
    }
    if (status >= 301 && status <= 303 && request.method != "GET") {
        request.method = "GET";
        request.body.clear();
        remove_header(request.headers, "content-length");
        remove_header(request.headers, "content-type");
    }
    remove_header(request.headers, "host");
    request.headers.insert(request.headers.begin(), {"Host", to.authority});
    request.url = url;
}

}  // namespace assay::harness
