#include "harness/suite/postman_request.h"

#include <fmt/format.h>
#include <algorithm>

#include "harness/suite/postman.h"

namespace assay::suite {
namespace {

const Json* member(const Json& object, const char* name) {
    if (!object.is_object()) return nullptr;
    const auto found = object.find(name);
    return found == object.end() || found->is_null() ? nullptr : &*found;
}

tl::unexpected<Error> wrong(const std::string& where, const std::string& expected) {
    return fail("read request", fmt::format("\"{}\" is not {}", where, expected),
                "compare with the Postman collection format v2.1");
}

std::string trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return {};
    return std::string(text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
}

Header header_line(std::string_view line) {
    const auto colon = std::min(line.find(':'), line.size());
    return {trimmed(line.substr(0, colon)), trimmed(line.substr(std::min(colon + 1, line.size()))), false, false};
}

Result<std::vector<Header>> headers_of(const Json& json) {
    std::vector<Header> headers;
    if (json.is_string()) {  // v2.0: one text, a header a line
        const auto text = json.get<std::string>();
        for (std::size_t begin = 0; begin < text.size();) {
            const auto end = std::min(text.find('\n', begin), text.size());
            const auto line = std::string_view(text).substr(begin, end - begin);
            if (line.find(':') != std::string_view::npos) headers.push_back(header_line(line));
            begin = end + 1;
        }
        return headers;
    }
    if (json.is_null()) return headers;
    if (json.is_object()) {  // as scripts may write it: {"X-A": "1"}
        for (const auto& [key, value] : json.items()) headers.push_back({key, text_of(value), false, false});
        return headers;
    }
    if (!json.is_array()) return wrong("header", "a list");
    for (const auto& entry : json) {
        if (entry.is_string()) {
            headers.push_back(header_line(entry.get<std::string>()));
        } else if (entry.is_object()) {
            headers.push_back({member_text(entry, "key"), member_text(entry, "value"), member_true(entry, "disabled"),
                               member_true(entry, "system")});
        } else if (!entry.is_null()) {
            return wrong("header", "a list of objects");
        }
    }
    return headers;
}

std::optional<std::string> optional_text(const Json& object, const char* name) {
    const auto* found = member(object, name);
    return found == nullptr ? std::nullopt : std::optional(text_of(*found));
}

std::vector<QueryParam> query_of(const Json& json) {
    if (json.is_string()) return parse_url("?" + json.get<std::string>()).query;
    std::vector<QueryParam> query;
    if (json.is_object()) {
        for (const auto& [key, value] : json.items()) query.push_back({key, text_of(value), false});
    } else if (json.is_array()) {
        for (const auto& entry : json) {
            if (entry.is_string()) {
                for (auto& param : parse_url("?" + entry.get<std::string>()).query) query.push_back(std::move(param));
            } else if (entry.is_object()) {
                query.push_back(
                    {optional_text(entry, "key"), optional_text(entry, "value"), member_true(entry, "disabled")});
            }
        }
    }
    return query;
}

std::vector<std::string> parts_of(const Json& json) {
    std::vector<std::string> parts;
    for (const auto& part : json) parts.push_back(part.is_object() ? member_text(part, "value") : text_of(part));
    return parts;
}

Result<Url> url_of(const Json& json) {
    if (json.is_string()) return parse_url(json.get<std::string>());
    if (json.is_null()) return Url{};
    if (!json.is_object()) return wrong("url", "a text or an object");
    Url url;
    url.protocol = member_text(json, "protocol");
    if (const auto* auth = member(json, "auth"); auth != nullptr && auth->is_object()) {
        url.user = optional_text(*auth, "user");
        url.password = optional_text(*auth, "password");
    }
    if (const auto* host = member(json, "host")) {
        url.host = host->is_string() ? std::vector{host->get<std::string>()} : parts_of(*host);
    }
    url.port = optional_text(json, "port");
    if (const auto* path = member(json, "path")) {
        if (path->is_string()) {
            const auto text = path->get<std::string>();
            if (!text.empty()) url.path = parse_url("h" + std::string(text.front() == '/' ? "" : "/") + text).path;
        } else {
            url.path = parts_of(*path);
        }
    }
    if (const auto* query = member(json, "query")) url.query = query_of(*query);
    url.hash = optional_text(json, "hash");
    if (const auto* variables = member(json, "variable"); variables != nullptr && variables->is_array()) {
        for (const auto& entry : *variables) {
            auto key = member_text(entry, "key");
            if (key.empty()) key = member_text(entry, "id");
            if (!member_true(entry, "disabled")) url.variables.push_back({key, member_text(entry, "value")});
        }
    }
    return url;
}

std::vector<FormField> fields_of(const Json& json) {
    std::vector<FormField> fields;
    if (json.is_string()) {
        for (const auto& param : parse_url("?" + json.get<std::string>()).query) {
            FormField field;
            field.key = param.key.value_or("");
            field.value = param.value.value_or("");
            fields.push_back(std::move(field));
        }
        return fields;
    }
    if (!json.is_array()) return fields;
    for (const auto& entry : json) {
        if (!entry.is_object()) continue;
        FormField field;
        field.key = member_text(entry, "key");
        field.value = member_text(entry, "value");
        field.file = member_text(entry, "type") == "file";
        if (const auto* source = member(entry, "src")) {
            field.sources = source->is_array() ? parts_of(*source) : std::vector{text_of(*source)};
        }
        field.content_type = member_text(entry, "contentType");
        field.file_name = optional_text(entry, "fileName");
        field.disabled = member_true(entry, "disabled");
        fields.push_back(std::move(field));
    }
    return fields;
}

Result<Body> body_of(const Json& json) {
    Body body;
    if (json.is_string()) {
        body.mode = Body::Mode::raw;
        body.raw = json.get<std::string>();
        return body;
    }
    if (!json.is_object()) return wrong("body", "an object");
    const auto mode = member_text(json, "mode");
    if (mode.empty()) return body;
    const auto* content = member(json, mode.c_str());
    body.disabled = member_true(json, "disabled");
    if (mode == "urlencoded" || mode == "formdata") {
        body.mode = mode == "urlencoded" ? Body::Mode::urlencoded : Body::Mode::formdata;
        if (content != nullptr) body.fields = fields_of(*content);
    } else if (mode == "file") {
        body.mode = Body::Mode::file;
        if (content != nullptr) {
            body.file = content->is_string() ? content->get<std::string>() : member_text(*content, "src");
            body.file_content = member_text(*content, "content");
        }
    } else if (mode == "graphql") {
        body.mode = Body::Mode::graphql;
        if (content != nullptr && content->is_object()) {
            body.graphql_query = optional_text(*content, "query");
            body.graphql_operation = optional_text(*content, "operationName");
            if (const auto* variables = member(*content, "variables")) {
                body.graphql_variables_text = variables->is_string();
                body.graphql_variables = text_of(*variables);
            }
        }
    } else {  // raw, and any mode that newman does not know
        body.mode = Body::Mode::raw;
        if (const auto* raw = member(json, "raw")) body.raw = text_of(*raw);
        const auto* options = member(json, "options");
        const auto* raw_options = options == nullptr ? nullptr : member(*options, "raw");
        if (raw_options != nullptr) body.language = member_text(*raw_options, "language");
    }
    return body;
}

}  // namespace

std::string text_of(const Json& json) {
    if (json.is_string()) return json.get<std::string>();
    if (json.is_null()) return {};
    if (json.is_number()) return number_text(json.get<double>());
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string member_text(const Json& object, const char* name) {
    const auto* found = member(object, name);
    return found == nullptr ? std::string() : text_of(*found);
}

bool member_true(const Json& object, const char* name) {
    const auto* found = member(object, name);
    if (found == nullptr) return false;
    return found->is_boolean() ? found->get<bool>() : !text_of(*found).empty() && text_of(*found) != "0";
}

std::string_view Auth::get(std::string_view key) const {
    const auto found =
        std::find_if(parameters.begin(), parameters.end(), [&](const auto& p) { return p.first == key; });
    return found == parameters.end() ? std::string_view() : std::string_view(found->second);
}

Auth auth_of(const Json& json) {
    Auth auth;
    auth.type = member_text(json, "type");
    if (auth.type.empty() || auth.type == "type") return {};
    const auto* parameters = member(json, auth.type.c_str());
    if (parameters == nullptr) return auth;
    if (parameters->is_array()) {
        for (const auto& entry : *parameters) {
            auth.parameters.emplace_back(member_text(entry, "key"), member_text(entry, "value"));
        }
    } else if (parameters->is_object()) {  // v2.0
        for (const auto& [key, value] : parameters->items()) auth.parameters.emplace_back(key, text_of(value));
    }
    return auth;
}

Behavior behavior_of(const Json& json, Behavior behavior) {
    const auto flag = [&](const char* name) -> std::optional<bool> {
        const auto* found = member(json, name);
        return found != nullptr && found->is_boolean() ? std::optional(found->get<bool>()) : std::nullopt;
    };
    if (auto value = flag("followRedirects")) behavior.follow_redirects = value;
    if (auto value = flag("strictSSL")) behavior.verify_certificate = value;
    if (auto value = flag("disableBodyPruning")) behavior.disable_body_pruning = *value;
    if (auto value = flag("disableCookies")) behavior.disable_cookies = *value;
    if (auto value = flag("followOriginalHttpMethod")) behavior.keep_method = *value;
    if (auto value = flag("followAuthorizationHeader")) behavior.keep_authorization = *value;
    if (auto value = flag("removeRefererHeaderOnRedirect")) behavior.no_referer = *value;
    if (const auto* limit = member(json, "maxRedirects"); limit != nullptr && limit->is_number()) {
        behavior.max_redirects = static_cast<std::uint32_t>(std::clamp(limit->get<double>(), 0.0, 1000.0));
    }
    if (const auto* headers = member(json, "disabledSystemHeaders"); headers != nullptr && headers->is_object()) {
        behavior.disabled_headers.clear();
        for (const auto& [name, off] : headers->items()) {
            if (!off.is_boolean() || !off.get<bool>()) continue;
            std::string lower = name;
            for (auto& c : lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
            behavior.disabled_headers.push_back(std::move(lower));
        }
    }
    return behavior;
}

std::vector<Variable> variables_of(const Json& json) {
    std::vector<Variable> variables;
    const auto value_of = [](const Json& value) {
        return value_of_json(value.dump(-1, ' ', false, Json::error_handler_t::replace)).value_or(Undefined{});
    };
    if (json.is_array()) {
        for (const auto& entry : json) {
            if (!entry.is_object()) continue;
            Variable variable;
            variable.key = member_text(entry, "key");
            if (variable.key.empty()) variable.key = member_text(entry, "id");
            if (const auto found = entry.find("value"); found != entry.end()) variable.value = value_of(*found);
            variable.cast = cast_named(member_text(entry, "type"));
            variable.disabled = member_true(entry, "disabled");
            variables.push_back(std::move(variable));
        }
    } else if (json.is_object()) {
        for (const auto& [key, value] : json.items()) variables.push_back({key, value_of(value), Cast::any, false});
    }
    return variables;
}

Result<Request> request_of(const Json& json) {
    Request request;
    if (json.is_string()) {
        request.url = parse_url(json.get<std::string>());
        return request;
    }
    if (!json.is_object()) return wrong("request", "an object or a URL");
    if (const auto* url = member(json, "url")) {
        ASSAY_TRY(request.url, url_of(*url));
    }
    if (const auto method = member_text(json, "method"); !method.empty()) {
        request.method = method;
        for (auto& c : request.method) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
    }
    if (const auto* header = member(json, "header")) {
        ASSAY_TRY(request.headers, headers_of(*header));
    }
    if (const auto* body = member(json, "body")) {
        ASSAY_TRY(request.body, body_of(*body));
    }
    if (const auto* auth = member(json, "auth")) request.auth = auth_of(*auth);
    if (const auto* text = member(json, "description")) {
        request.description = text->is_object() ? member_text(*text, "content") : text_of(*text);
    }
    return request;
}

Result<Request> read_request(std::string_view text) {
    ASSAY_TRY(const Json json, parse_located(text, "request"));
    return request_of(json);
}

}  // namespace assay::suite
