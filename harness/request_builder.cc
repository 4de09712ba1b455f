#include "harness/request_builder.h"

#include <fmt/format.h>
#include <algorithm>
#include <array>

#include "harness/authorize.h"
#include "harness/http/fields.h"
#include "harness/http/request_writer.h"
#include "harness/request_body.h"
#include "harness/suite/postman.h"

namespace assay::harness {
namespace {

using suite::Header;
using suite::Request;

constexpr std::string_view kMethodsWithoutBody[] = {"GET", "COPY", "HEAD", "PURGE", "UNLOCK"};

class Resolver {
 public:
    Resolver(const suite::Scopes& scopes, suite::Dynamic& dynamic) : scopes_(scopes), dynamic_(dynamic) {}

    void operator()(std::string& text) const {
        if (text.find("{{") != std::string::npos) text = suite::resolve(text, scopes_, dynamic_);
    }
    void operator()(std::optional<std::string>& text) const {
        if (text) (*this)(*text);
    }
    void operator()(suite::Body& body) const {
        (*this)(body.raw);
        for (auto& field : body.fields) {
            (*this)(field.key);
            (*this)(field.value);
            (*this)(field.content_type);
            (*this)(field.file_name);
            for (auto& source : field.sources) (*this)(source);
        }
        (*this)(body.file);
        (*this)(body.file_content);
        (*this)(body.graphql_query);
        (*this)(body.graphql_operation);
        (*this)(body.graphql_variables);
    }
    void operator()(suite::Auth& auth) const {
        for (auto& [key, value] : auth.parameters) (*this)(value);
    }

 private:
    const suite::Scopes& scopes_;
    suite::Dynamic& dynamic_;
};

bool json_type(std::string_view type) {  // application/json, application/vnd.api+json
    if (!type.starts_with("application/")) return false;
    type.remove_prefix(12);
    const auto word = type.substr(0, type.find_first_of(" \t"));
    return word.starts_with("json") || word.find("+json") != std::string_view::npos;
}

// newman takes comments out of a body that it knows to be JSON, and on the way gives it its Content-Type early:
// before the authorisation's header.
void strip_comments(Request& request) {
    auto& body = *request.body;
    if (body.mode != suite::Body::Mode::raw) return;
    const auto type = std::find_if(request.headers.begin(), request.headers.end(), [](const Header& header) {
        return !header.disabled && http::equal_ignoring_case(header.key, "Content-Type");
    });
    const bool typed = type != request.headers.end();
    if (body.language.empty() && !(typed && json_type(type->value))) return;
    if (!body.language.empty() && body.language != "json") return;
    if (!typed) request.headers.push_back({"Content-Type", "application/json", false, true});
    if (body.raw.find("//") != std::string::npos || body.raw.find("/*") != std::string::npos) {
        body.raw = without_comments(body.raw);
    }
}

std::string boundary(suite::Dynamic& dynamic) {
    std::string digits;
    for (const char c : *dynamic.make("$guid") + *dynamic.make("$guid")) {
        if (c >= '0' && c <= '9' && digits.size() < 24) digits += c;
    }
    return "--------------------------" + digits;
}

void finish(BuiltRequest& built, bool prune_body, suite::Dynamic& dynamic, const BuildOptions& options) {
    auto& request = built.request;
    auto& wire = built.wire;
    if (request.body && (request.body->disabled || is_empty(*request.body) || prune_body)) request.body.reset();
    if (request.body) {
        const bool form = request.body->mode == suite::Body::Mode::formdata;
        build_body(*request.body, options.working_dir, form ? boundary(dynamic) : std::string(), request.headers, wire);
    }
    wire.method = request.method;
    wire.url = suite::to_string(request.url, "http");
    for (const auto& header : request.headers) {
        // The Content-Type of a raw body is newman's own too.
        const bool off = header.system && header.key == "Content-Type" &&
                         std::find(wire.without.begin(), wire.without.end(), "content-type") != wire.without.end();
        if (!header.disabled && !header.key.empty() && !off) wire.headers.push_back({header.key, header.value});
    }
    built.shown_url = request.url.protocol.empty() ? suite::to_string(request.url) : wire.url;
}

bool prunes_body(const std::string& method) {
    return std::find(std::begin(kMethodsWithoutBody), std::end(kMethodsWithoutBody), method) !=
           std::end(kMethodsWithoutBody);
}

}  // namespace

BuiltRequest build_request(const suite::Item& item, const Request& request, const suite::Scopes& scopes,
                           suite::Dynamic& dynamic, const BuildOptions& options, const DigestStates& states) {
    const Resolver resolve(scopes, dynamic);
    BuiltRequest built;
    auto& resolved = built.request;
    resolved.method = request.method;
    resolved.headers = request.headers;
    resolved.body = request.body;
    resolved.auth = request.auth;
    resolved.description = request.description;
    // The URL is resolved as one text and taken apart again: a variable may bring any part of it.
    auto url = suite::to_string(request.url);
    resolve(url);
    resolved.url = suite::parse_url(url);
    for (auto& header : resolved.headers) {
        resolve(header.key);
        resolve(header.value);
    }
    if (resolved.body) resolve(*resolved.body);
    suite::Auth auth = request.auth.type.empty() ? item.auth : request.auth;
    resolve(auth);

    const bool prune = !item.behavior.disable_body_pruning && prunes_body(request.method);
    const bool has_body = resolved.body && !resolved.body->disabled && !is_empty(*resolved.body);
    if (has_body && !prune) strip_comments(resolved);
    authorise(auth, resolved, dynamic, options.working_dir, states);
    built.auth = std::move(auth);
    built.wire.follow_redirects = item.behavior.follow_redirects.value_or(options.follow_redirects);
    built.wire.verify_certificate = item.behavior.verify_certificate.value_or(options.verify_certificate);
    built.wire.max_redirects = item.behavior.max_redirects.value_or(built.wire.max_redirects);
    built.wire.keep_method = item.behavior.keep_method;
    built.wire.keep_authorization = item.behavior.keep_authorization;
    built.wire.no_referer = item.behavior.no_referer;
    built.wire.cookies = !item.behavior.disable_cookies;
    built.wire.without = item.behavior.disabled_headers;
    finish(built, prune, dynamic, options);
    return built;
}

BuiltRequest build_script_request(Request request, suite::Dynamic& dynamic, const BuildOptions& options,
                                  const DigestStates& states) {
    BuiltRequest built;
    built.request = std::move(request);
    built.request.url = suite::parse_url(suite::to_string(built.request.url));
    // Scripts may not upload files.
    if (auto& body = built.request.body) {
        if (body->mode == suite::Body::Mode::file)
            body.reset();
        else
            std::erase_if(body->fields, [](const suite::FormField& field) { return field.file; });
    }
    if (built.request.body && !is_empty(*built.request.body)) strip_comments(built.request);
    built.auth = built.request.auth;
    authorise(built.auth, built.request, dynamic, options.working_dir, states);
    built.wire.follow_redirects = options.follow_redirects;
    built.wire.verify_certificate = options.verify_certificate;
    finish(built, false, dynamic, options);
    return built;
}

Result<void> check_supported(const suite::Suite& suite, const suite::Item& item) {
    if (!known_to_newman_only(item.auth.type)) return {};
    return fail("read collection",
                fmt::format("{}:{}: \"{}\" uses authorisation \"{}\", which assay cannot make", suite.file, item.line,
                            item.name, item.auth.type),
                "use another type of authorisation, or set the headers in a pre-request script");
}

Request sent_request(const BuiltRequest& built, const std::string& cookies, suite::Dynamic& dynamic) {
    Request sent = built.request;
    const auto url = suite::encoded(sent.url, "http");
    sent.url = suite::parse_url(url);
    const auto add = [&](std::string_view name, std::string value) {
        const bool there = std::any_of(sent.headers.begin(), sent.headers.end(), [&](const Header& header) {
            return !header.disabled && http::equal_ignoring_case(header.key, name);
        });
        const bool off = std::any_of(built.wire.without.begin(), built.wire.without.end(),
                                     [&](const std::string& each) { return http::equal_ignoring_case(each, name); });
        if (!there && !off) sent.headers.push_back({std::string(name), std::move(value), false, true});
    };
    std::string host;
    for (const auto& label : sent.url.host) host.append(host.empty() ? "" : ".").append(label);
    if (sent.url.port) host.append(":").append(*sent.url.port);
    add("User-Agent", "PostmanRuntime/7.39.1");
    add("Accept", "*/*");
    add("Cache-Control", "no-cache");
    add("Postman-Token", *dynamic.make("$guid"));
    add("Host", host);
    add("Accept-Encoding", "gzip, deflate, br");
    add("Connection", "keep-alive");
    // The Content-Type of a form is not there: newman's scripts do not see it either.
    const auto& body = built.wire.body;
    if (!body.empty()) add("Content-Length", std::to_string(body.size()));
    if (!cookies.empty()) add("Cookie", cookies);
    if (body.empty() && !http::may_lack_length(built.wire.method)) add("Content-Length", "0");
    return sent;
}

std::string sent_request_json(const BuiltRequest& built, const std::string& cookies, suite::Dynamic& dynamic) {
    return suite::request_json(sent_request(built, cookies, dynamic));
}

}  // namespace assay::harness
