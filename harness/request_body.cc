#include "harness/request_body.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "harness/http/fields.h"
#include "harness/http/url.h"

namespace assay::harness {
namespace {

using suite::Body;
using suite::FormField;

const suite::Header* find(const std::vector<suite::Header>& headers, std::string_view name) {
    const auto found = std::find_if(headers.rbegin(), headers.rend(), [&](const suite::Header& header) {
        return !header.disabled && http::equal_ignoring_case(header.key, name);
    });
    return found == headers.rend() ? nullptr : &*found;
}

void add_content_type(std::vector<suite::Header>& headers, std::string_view type) {
    if (find(headers, "Content-Type") == nullptr) headers.push_back({"Content-Type", std::string(type), false, true});
}

std::string_view type_of_language(std::string_view language) {
    if (language == "json") return "application/json";
    if (language == "xml") return "application/xml";
    if (language == "html") return "text/html";
    if (language == "javascript") return "application/javascript";
    return "text/plain";
}

// By the file's name, as newman's table of MIME types has it for what suites upload.
std::string_view type_of_file(std::string_view path) {
    using Entry = std::pair<std::string_view, std::string_view>;
    static constexpr std::array kTypes = {
        Entry{".bin", "application/octet-stream"},
        Entry{".css", "text/css"},
        Entry{".csv", "text/csv"},
        Entry{".gif", "image/gif"},
        Entry{".gz", "application/gzip"},
        Entry{".htm", "text/html"},
        Entry{".html", "text/html"},
        Entry{".jpeg", "image/jpeg"},
        Entry{".jpg", "image/jpeg"},
        Entry{".js", "application/javascript"},
        Entry{".json", "application/json"},
        Entry{".md", "text/markdown"},
        Entry{".mp3", "audio/mpeg"},
        Entry{".mp4", "video/mp4"},
        Entry{".pdf", "application/pdf"},
        Entry{".png", "image/png"},
        Entry{".svg", "image/svg+xml"},
        Entry{".tar", "application/x-tar"},
        Entry{".txt", "text/plain"},
        Entry{".webp", "image/webp"},
        Entry{".xml", "application/xml"},
        Entry{".yaml", "text/yaml"},
        Entry{".yml", "text/yaml"},
        Entry{".zip", "application/zip"},
    };
    const auto dot = path.rfind('.');
    for (const auto& [extension, type] : kTypes) {
        if (dot != std::string_view::npos && http::equal_ignoring_case(path.substr(dot), extension)) return type;
    }
    return "application/octet-stream";
}

std::optional<std::string> file_content(const std::string& working_dir, const std::string& path) {
    const auto full = std::filesystem::path(working_dir) / path;
    std::error_code ignored;
    if (path.empty() || !std::filesystem::is_regular_file(full, ignored)) return std::nullopt;
    std::ifstream stream(full, std::ios::binary);
    if (!stream) return std::nullopt;
    return std::string(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
}

bool integer_key(std::string_view key) {
    if (key.empty() || key.size() > 10 || (key.size() > 1 && key.front() == '0')) return false;
    return key.find_first_not_of("0123456789") == std::string_view::npos && std::stoull(std::string(key)) < 4294967295u;
}

// newman goes through a JavaScript object: values of one name stand together, integer names come first, ascending.
std::string urlencoded(const std::vector<FormField>& fields) {
    std::vector<std::pair<std::string_view, std::vector<std::string_view>>> groups;
    for (const auto& field : fields) {
        if (field.disabled) continue;
        auto group = std::find_if(groups.begin(), groups.end(), [&](const auto& g) { return g.first == field.key; });
        if (group == groups.end()) group = groups.insert(groups.end(), {field.key, {}});
        group->second.push_back(field.value);
    }
    std::stable_sort(groups.begin(), groups.end(), [](const auto& a, const auto& b) {
        const bool ia = integer_key(a.first), ib = integer_key(b.first);
        if (ia && ib) return std::stoull(std::string(a.first)) < std::stoull(std::string(b.first));
        return ia && !ib;
    });
    std::string text;
    for (const auto& [key, values] : groups) {
        for (const auto value : values) {
            if (!text.empty()) text += '&';
            text.append(http::encode_form_component(key)).append("=").append(http::encode_form_component(value));
        }
    }
    return text;
}

void add_part(std::string& out, const std::string& boundary, const FormField& field,
              const std::optional<std::string>& file_name, std::string_view type, std::string_view content) {
    out.append("--")
        .append(boundary)
        .append("\r\nContent-Disposition: form-data; name=\"")
        .append(field.key)
        .append("\"");
    if (file_name) out.append("; filename=\"").append(*file_name).append("\"");
    out.append("\r\n");
    if (!type.empty()) out.append("Content-Type: ").append(type).append("\r\n");
    out.append("\r\n").append(content).append("\r\n");
}

std::string multipart(const std::vector<FormField>& fields, const std::string& working_dir,
                      const std::string& boundary) {
    std::string out;
    for (const auto& field : fields) {
        if (field.disabled) continue;
        if (!field.file || (field.sources.empty() && !field.value.empty())) {
            const std::string_view type = !field.content_type.empty() ? std::string_view(field.content_type)
                                          : field.file_name           ? type_of_file(*field.file_name)
                                                                      : std::string_view();
            add_part(out, boundary, field, field.file_name, type, field.value);
            continue;
        }
        if (field.sources.empty()) {  // a file without a path is sent as an empty one without a name
            add_part(out, boundary, field, "",
                     field.content_type.empty() ? "application/octet-stream" : field.content_type, "");
            continue;
        }
        for (const auto& source : field.sources) {
            const auto content = file_content(working_dir, source);
            if (!content) continue;  // newman warns and leaves the part out
            const auto name = field.file_name.value_or(std::filesystem::path(source).filename().string());
            add_part(out, boundary, field, name,
                     field.content_type.empty() ? type_of_file(source) : std::string_view(field.content_type),
                     *content);
        }
    }
    return out.append("--").append(boundary).append("--\r\n");
}

std::string graphql(const Body& body) {
    using Json = nlohmann::ordered_json;
    const auto quoted = [](const std::string& text) {
        return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
    };
    std::string out = "{";
    const auto add = [&out](std::string_view name, const std::string& json) {
        out.append(out.size() > 1 ? "," : "").append("\"").append(name).append("\":").append(json);
    };
    if (body.graphql_query) add("query", quoted(*body.graphql_query));
    if (body.graphql_operation) add("operationName", quoted(*body.graphql_operation));
    if (!body.graphql_variables.empty()) add("variables", body.graphql_variables);
    return out + "}";
}

}  // namespace

bool is_empty(const Body& body) {
    switch (body.mode) {
        case Body::Mode::none: return true;
        case Body::Mode::raw: return body.raw.empty();
        case Body::Mode::urlencoded:
        case Body::Mode::formdata:
            return std::all_of(body.fields.begin(), body.fields.end(), [](const auto& f) { return f.disabled; });
        case Body::Mode::file: return body.file.empty() && body.file_content.empty();
        case Body::Mode::graphql:
            return !body.graphql_query && !body.graphql_operation && body.graphql_variables.empty() &&
                   !body.graphql_variables_text;
    }
    return true;
}

std::string without_comments(std::string_view json) {
    std::string out;
    for (std::size_t i = 0; i < json.size();) {
        if (json[i] == '"') {
            const auto begin = i++;
            while (i < json.size() && json[i] != '"') i += json[i] == '\\' ? 2 : 1;
            i = std::min(i + 1, json.size());
            out.append(json.substr(begin, i - begin));
        } else if (json.substr(i, 2) == "//") {
            i = std::min(json.find_first_of("\r\n", i), json.size());
        } else if (json.substr(i, 2) == "/*") {
            const auto end = json.find("*/", i + 2);
            i = end == std::string_view::npos ? json.size() : end + 2;
        } else {
            out += json[i++];
        }
    }
    return out;
}

void build_body(const Body& body, const std::string& working_dir, const std::string& boundary,
                std::vector<suite::Header>& headers, http::Request& wire) {
    switch (body.mode) {
        case Body::Mode::none: break;
        case Body::Mode::raw:
            add_content_type(headers, type_of_language(body.language));
            wire.body = body.raw;
            break;
        case Body::Mode::urlencoded:
            wire.body = urlencoded(body.fields);
            wire.form_content_type = "application/x-www-form-urlencoded";
            break;
        case Body::Mode::formdata:
            wire.body = multipart(body.fields, working_dir, boundary);
            wire.form_content_type = "multipart/form-data; boundary=" + boundary;
            break;
        case Body::Mode::file:
            if (!body.file_content.empty()) {
                wire.body = body.file_content;
            } else if (auto content = file_content(working_dir, body.file)) {
                wire.body = std::move(*content);
                if (find(headers, "Content-Type") == nullptr) wire.form_content_type = type_of_file(body.file);
            }
            break;
        case Body::Mode::graphql:
            add_content_type(headers, "application/json");
            wire.body = graphql(body);
            break;
    }
}

}  // namespace assay::harness
