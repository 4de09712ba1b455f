#include "harness/suite/hurl_variables.h"

#include <algorithm>
#include <optional>

namespace assay::suite::hurl {
namespace {

// The text of a template without a variable.
std::optional<std::string> literal(const Template& text) {
    std::string whole;
    for (const auto& piece : text.pieces) {
        const auto* part = std::get_if<Literal>(&piece);
        if (part == nullptr) return std::nullopt;
        whole += part->value;
    }
    return whole;
}

// Goes through every place of an entry where a variable may stand.
class Reader {
 public:
    void entry(const Entry& entry) {
        request(entry.request);
        if (entry.response) response(*entry.response);
    }
    std::vector<std::string> names;

 private:
    void request(const Request& request) {
        for (const auto& option : request.options) value(option.value);
        text(request.url);
        for (const auto* lines : {&request.headers, &request.query, &request.form, &request.cookies}) pairs(*lines);
        for (const auto& part : request.multipart) {
            text(part.key);
            text(part.value);
            if (part.content_type) text(*part.content_type);
        }
        if (request.basic_auth) pair(*request.basic_auth);
        if (request.body) body(*request.body);
    }
    void response(const Response& response) {
        for (const auto& capture : response.captures) {
            text(capture.name);
            query(capture.query);
            filters(capture.filters);
        }
        pairs(response.headers);
        if (response.body) body(*response.body);
        for (const auto& each : response.asserts) {
            query(each.query);
            filters(each.filters);
            value(each.predicate.value.value);
        }
    }
    void query(const Query& query) {
        text(query.argument);
        text(query.pattern.text);
        if (query.kind == Query::Kind::variable) {
            if (auto name = literal(query.argument)) add(std::move(*name));
        }
    }
    void filters(const std::vector<Filter>& filters) {
        for (const auto& filter : filters) {
            text(filter.argument);
            text(filter.replacement);
            text(filter.pattern.text);
            value(filter.index);
        }
    }
    void body(const Body& body) {
        text(body.text);
        for (const auto& piece : body.json)
            if (piece.kind != JsonPiece::Kind::text) placeholder(piece.placeholder);
    }
    void pairs(const std::vector<KeyValue>& lines) {
        for (const auto& line : lines) pair(line);
    }
    void pair(const KeyValue& line) {
        text(line.key);
        text(line.value);
    }
    void text(const Template& text) {
        for (const auto& piece : text.pieces)
            if (const auto* found = std::get_if<Placeholder>(&piece)) placeholder(*found);
    }
    void placeholder(const Placeholder& found) {
        if (found.kind == Placeholder::Kind::variable) add(found.name);
    }
    void add(std::string name) {
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
    }

    // What a variant may hold.
    template <typename... Kinds>
    void value(const std::variant<Kinds...>& value) {
        std::visit([this](const auto& held) { this->part(held); }, value);
    }
    void part(const Template& held) { text(held); }
    void part(const Placeholder& held) { placeholder(held); }
    void part(const Pattern& held) { text(held.text); }
    void part(const Body& held) { body(held); }
    void part(const VariableDefinition& held) { value(held.value); }
    template <typename Other>
    void part(const Other&) {}
};

}  // namespace

std::vector<std::string> variables_read(const Entry& entry) {
    Reader reader;
    reader.entry(entry);
    return std::move(reader.names);
}

std::vector<std::string> variables_captured(const Entry& entry) {
    std::vector<std::string> names;
    if (!entry.response) return names;
    for (const auto& capture : entry.response->captures)
        if (auto name = literal(capture.name)) names.push_back(std::move(*name));
    return names;
}

std::vector<std::string> variables_defined(const Entry& entry) {
    std::vector<std::string> names;
    for (const auto& option : entry.request.options)
        if (const auto* definition = std::get_if<VariableDefinition>(&option.value)) names.push_back(definition->name);
    return names;
}

}  // namespace assay::suite::hurl
