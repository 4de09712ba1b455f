// Templates, bodies and files.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "harness/hurl/evaluate.h"
#include "harness/suite/hurl_parser.h"
#include "harness/suite/located_json.h"

namespace assay::hurl {
namespace {

std::string new_uuid() {
    static thread_local std::mt19937_64 random{std::random_device()()};
    const std::uint64_t high = (random() & ~0xF000ull) | 0x4000ull, low = (random() & ~(3ull << 62)) | (2ull << 62);
    return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xFFFF, high & 0xFFFF,
                       low >> 48, low & 0xFFFFFFFFFFFFull);
}

std::string escaped_for_json(std::string_view text) {
    std::string escaped;
    for (const char c : text) {
        switch (c) {
            case '"': escaped += "\\\""; break;
            case '\\': escaped += "\\\\"; break;
            case '\n': escaped += "\\n"; break;
            case '\r': escaped += "\\r"; break;
            case '\t': escaped += "\\t"; break;
            default: escaped += c;
        }
    }
    return escaped;
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kBlanks = " \t\r\n\f\v";
    const auto begin = text.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

}  // namespace

Result<std::shared_ptr<const Compiled>> compile(model::File file) {
    auto compiled = std::make_shared<Compiled>();
    for (const auto& pattern : file.patterns) {
        auto regex = Regex::compile(pattern.text);
        if (!regex)
            return fail("read Hurl file", fmt::format("{}:{}:{}: Parsing regex: invalid Regex expression: {}",
                                                      file.file, pattern.at.line, pattern.at.column, regex.error()));
        compiled->patterns.push_back(std::move(*regex));
    }
    compiled->file = std::move(file);
    return std::shared_ptr<const Compiled>(std::move(compiled));
}

const Value* Variables::find(std::string_view name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? nullptr : &found->second;
}

Result<std::pair<std::string, Value>> parse_variable(std::string_view assignment) {
    const auto equals = assignment.find('=');
    if (equals == std::string_view::npos || equals == 0)
        return fail("read variable", fmt::format("\"{}\"", assignment), "write it as name=value");
    const std::string name(assignment.substr(0, equals));
    if (name == "getEnv" || name == "newDate" || name == "newUuid")
        return fail("read variable", fmt::format("{} conflicts with the {} function", name, name),
                    "use a different name");
    const auto text = assignment.substr(equals + 1);
    const auto pair = [&](Value value) { return std::pair{name, std::move(value)}; };
    if (text == "true" || text == "false") return pair({text == "true"});
    if (text == "null") return pair({Null{}});
    std::int64_t whole = 0;
    const auto number = text.starts_with('+') ? text.substr(1) : text;
    const auto* end = number.data() + number.size();
    if (!number.empty() && std::from_chars(number.data(), end, whole).ptr == end) {
        if (std::from_chars(number.data(), end, whole).ec == std::errc{}) return pair(integer(whole));
        return pair({Number(std::string(number))});
    }
    double real = 0;
    if (!number.empty() && std::from_chars(number.data(), end, real).ptr == end) return pair({Number(real)});
    if (!text.starts_with('"')) return pair({std::string(text)});
    if (text.size() < 2 || !text.ends_with('"'))
        return fail("read variable", fmt::format("\"{}\"", assignment), "the value should end with a double quote");
    return pair({std::string(text.substr(1, text.size() - 2))});
}

Evaluated<std::string> FileRoot::read(const std::string& name, model::Span at) const {
    namespace fs = std::filesystem;
    const auto base = fs::absolute(root.empty() ? fs::path(".") : fs::path(root)).lexically_normal();
    const auto path = (base / name).lexically_normal();
    const auto inside = path.lexically_relative(base);
    if (inside.empty() || *inside.begin() == "..")
        return tl::unexpected(Fault{at, "Unauthorized file access",
                                    fmt::format("unauthorized access to file {}, check --file-root option", name)});
    auto text = suite::read_text(path.string());
    if (!text) return tl::unexpected(Fault{at, "File read access", fmt::format("file {} can not be read", name)});
    return std::move(*text);
}

Evaluated<Value> Evaluator::value(const model::Placeholder& placeholder) const {
    switch (placeholder.kind) {
        case model::Placeholder::Kind::new_date: return Value{now()};
        case model::Placeholder::Kind::new_uuid: return Value{new_uuid()};
        case model::Placeholder::Kind::variable: break;
    }
    if (const Value* found = variables_.find(placeholder.name)) return *found;
    return tl::unexpected(
        Fault{placeholder.span, "Undefined variable", fmt::format("you must set the variable {}", placeholder.name)});
}

namespace {

Evaluated<std::string> render(const Evaluator& evaluator, const model::Placeholder& placeholder) {
    ASSAY_TRY(const auto value, evaluator.value(placeholder));
    if (auto text = rendered(value)) return std::move(*text);
    return tl::unexpected(Fault{placeholder.span, "Unrenderable expression",
                                fmt::format("expression with value {} can not be rendered", shown(value))});
}

}  // namespace

Evaluated<std::string> Evaluator::text(const model::Template& text) const {
    std::string result;
    for (const auto& piece : text.pieces) {
        if (const auto* literal = std::get_if<model::Literal>(&piece)) {
            result += literal->value;
        } else {
            ASSAY_TRY(const auto more, render(*this, std::get<model::Placeholder>(piece)));
            result += more;
        }
    }
    return result;
}

Evaluated<std::string> Evaluator::json(const std::vector<model::JsonPiece>& pieces) const {
    std::string result;
    for (const auto& piece : pieces) {
        if (piece.kind == model::JsonPiece::Kind::text) {
            result += piece.text;
            continue;
        }
        ASSAY_TRY(const auto more, render(*this, piece.placeholder));
        if (piece.kind == model::JsonPiece::Kind::in_string) {
            result += escaped_for_json(more);
        } else if (piece.kind == model::JsonPiece::Kind::in_key || model::begins_with_scalar(more)) {
            result += more;
        } else {
            return tl::unexpected(
                Fault{piece.placeholder.span, "Invalid JSON", fmt::format("actual value is <{}>", more)});
        }
    }
    return result;
}

Evaluated<std::string> Evaluator::body(const model::Body& body) const {
    switch (body.kind) {
        case model::Body::Kind::json: return json(body.json);
        case model::Body::Kind::xml:
        case model::Body::Kind::raw_text:
        case model::Body::Kind::bytes: return body.literal;
        case model::Body::Kind::one_line:
        case model::Body::Kind::text:
        case model::Body::Kind::json_text:
        case model::Body::Kind::xml_text: return text(body.text);
        case model::Body::Kind::graphql: {
            ASSAY_TRY(const auto query, text(body.text));
            const auto quoted = nlohmann::json(std::string(trimmed(query))).dump();
            if (body.json.empty()) return fmt::format("{{\"query\":{}}}", quoted);
            ASSAY_TRY(const auto variables, json(body.json));
            return fmt::format("{{\"query\":{},\"variables\":{}}}", quoted, variables);
        }
        case model::Body::Kind::file: {
            ASSAY_TRY(const auto name, text(body.text));
            return files_.read(name, body.span);
        }
    }
    return std::string();
}

Evaluated<std::shared_ptr<const Regex>> Evaluator::pattern(const model::Pattern& pattern) const {
    if (pattern.literal) return suite_.patterns[*pattern.literal];
    ASSAY_TRY(const auto source, text(pattern.text));
    auto regex = Regex::compile(source);
    if (!regex) return tl::unexpected(Fault{pattern.span, "Invalid regex", "regex expression is not valid"});
    return std::move(*regex);
}

}  // namespace assay::hurl
