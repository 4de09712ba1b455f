// Requests written as the Postman format has them: what scripts see, and what they may change.
#include "harness/suite/postman.h"
#include "harness/suite/postman_request.h"

namespace assay::suite {
namespace {

Json url_json(const Url& url) {
    Json json = Json::object();
    if (!url.protocol.empty()) json["protocol"] = url.protocol;
    if (url.user || url.password) {
        auto& auth = json["auth"] = Json::object();
        if (url.user) auth["user"] = *url.user;
        if (url.password) auth["password"] = *url.password;
    }
    if (url.port) json["port"] = *url.port;
    if (url.path) json["path"] = *url.path;
    if (url.hash) json["hash"] = *url.hash;
    if (!url.host.empty()) json["host"] = url.host;
    auto& query = json["query"] = Json::array();
    for (const auto& param : url.query) {
        Json entry = {{"key", param.key ? Json(*param.key) : Json()},
                      {"value", param.value ? Json(*param.value) : Json()}};
        if (param.disabled) entry["disabled"] = true;
        query.push_back(std::move(entry));
    }
    auto& variables = json["variable"] = Json::array();
    for (const auto& variable : url.variables) {
        variables.push_back({{"type", "any"}, {"value", variable.value}, {"key", variable.key}});
    }
    return json;
}

Json body_json(const Body& body) {
    Json json = Json::object();
    switch (body.mode) {
        case Body::Mode::none: return json;
        case Body::Mode::raw:
            json["mode"] = "raw";
            json["raw"] = body.raw;
            if (!body.language.empty()) json["options"]["raw"]["language"] = body.language;
            break;
        case Body::Mode::urlencoded:
        case Body::Mode::formdata: {
            const bool form = body.mode == Body::Mode::formdata;
            const char* mode = form ? "formdata" : "urlencoded";
            json["mode"] = mode;
            auto& fields = json[mode] = Json::array();
            for (const auto& field : body.fields) {
                Json entry = {{"key", field.key}};
                if (!field.file) entry["value"] = field.value;
                if (form) entry["type"] = field.file ? "file" : "text";
                if (field.file && field.sources.size() == 1) entry["src"] = field.sources[0];
                if (field.file && field.sources.size() > 1) entry["src"] = field.sources;
                if (!field.content_type.empty()) entry["contentType"] = field.content_type;
                if (field.file_name) entry["fileName"] = *field.file_name;
                if (field.disabled) entry["disabled"] = true;
                fields.push_back(std::move(entry));
            }
            break;
        }
        case Body::Mode::file:
            json["mode"] = "file";
            json["file"] = Json::object();
            if (!body.file.empty()) json["file"]["src"] = body.file;
            if (!body.file_content.empty()) json["file"]["content"] = body.file_content;
            break;
        case Body::Mode::graphql: {
            json["mode"] = "graphql";
            auto& graphql = json["graphql"] = Json::object();
            if (body.graphql_query) graphql["query"] = *body.graphql_query;
            if (body.graphql_operation) graphql["operationName"] = *body.graphql_operation;
            if (body.graphql_variables_text) {
                graphql["variables"] = body.graphql_variables;
            } else if (!body.graphql_variables.empty()) {
                graphql["variables"] = Json::parse(body.graphql_variables, nullptr, false);
            }
            break;
        }
    }
    if (body.disabled) json["disabled"] = true;
    return json;
}

}  // namespace

Json to_json(const Request& request) {
    Json json = Json::object();
    if (!request.description.empty()) {
        json["description"] = {{"content", request.description}, {"type", "text/plain"}};
    }
    json["url"] = url_json(request.url);
    if (!request.headers.empty()) {
        auto& headers = json["header"] = Json::array();
        for (const auto& header : request.headers) {
            Json entry = {{"key", header.key}, {"value", header.value}};
            if (header.disabled) entry["disabled"] = true;
            if (header.system) entry["system"] = true;
            headers.push_back(std::move(entry));
        }
    }
    json["method"] = request.method;
    if (request.body) json["body"] = body_json(*request.body);
    if (!request.auth.type.empty()) {
        auto& auth = json["auth"] = {{"type", request.auth.type}};
        auto& parameters = auth[request.auth.type] = Json::array();
        for (const auto& [key, value] : request.auth.parameters) {
            parameters.push_back({{"type", "any"}, {"value", value}, {"key", key}});
        }
    }
    return json;
}

std::string request_json(const Request& request) {
    return to_json(request).dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace assay::suite
