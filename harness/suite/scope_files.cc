#include "harness/suite/scope_files.h"

#include <fmt/format.h>
#include <charconv>

#include "harness/suite/located_json.h"
#include "harness/suite/postman_request.h"

namespace assay::suite {
namespace {

struct Field {
    std::string text;
    bool quoted = false;
};

std::string_view trim(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// RFC 4180, and as newman's parser: blanks around a field are dropped, quotes inside an unquoted field are kept,
// rows may have fewer or more fields than the header.
class CsvReader {
 public:
    CsvReader(std::string_view text, const std::string& file) : text_(text), file_(file) {}

    Result<std::vector<std::vector<Field>>> rows() {
        std::vector<std::vector<Field>> rows;
        while (at_ < text_.size()) {
            std::vector<Field> row;
            do {
                ASSAY_TRY(auto next, field());
                row.push_back(std::move(next));
            } while (take(','));
            take('\r');
            take('\n');
            ++line_;
            if (row.size() > 1 || !row[0].text.empty() || row[0].quoted) rows.push_back(std::move(row));
        }
        return rows;
    }

 private:
    bool take(char c) {
        const bool there = at_ < text_.size() && text_[at_] == c;
        at_ += there ? 1 : 0;
        return there;
    }

    Result<Field> field() {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
        if (!take('"')) {
            const auto end = std::min(text_.find_first_of(",\r\n", at_), text_.size());
            Field plain{std::string(trim(text_.substr(at_, end - at_))), false};
            at_ = end;
            return plain;
        }
        const auto start = line_;
        Field quoted{{}, true};
        for (;;) {
            if (at_ == text_.size()) {
                return fail("read iteration data", fmt::format("{}:{}: a quoted field has no end", file_, start),
                            "close it with a double quote; a quote inside is written twice");
            }
            const char c = text_[at_++];
            if (c == '"' && !take('"')) break;
            if (c == '\n') ++line_;
            quoted.text += c;
        }
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
        if (at_ < text_.size() && text_.find_first_of(",\r\n", at_) != at_) {
            return fail("read iteration data", fmt::format("{}:{}: text after a closing quote", file_, line_),
                        "quote the whole field; a quote inside is written twice");
        }
        return quoted;
    }

    std::string_view text_;
    const std::string& file_;
    std::size_t at_ = 0;
    std::size_t line_ = 1;
};

// newman reads an unquoted integer or decimal as a number; "1e5", "0x1" and "" stay text.
Value value_of_field(Field field) {
    const std::string_view text = field.text;
    const bool numeric = !text.empty() && text.find_first_not_of("+-.0123456789") == std::string_view::npos &&
                         text.find_first_of("0123456789") != std::string_view::npos;
    if (field.quoted || !numeric) return std::move(field.text);
    double number = 0;
    const char* begin = text.data() + (text.front() == '+' ? 1 : 0);
    const auto [end, error] = std::from_chars(begin, text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::move(field.text);
    return number;
}

Result<std::vector<Scope>> rows_of_json(const Json& json, const std::string& file) {
    std::vector<Scope> rows;
    if (!json.is_array()) {
        return fail("read iteration data", file + ":1: the document is not a list",
                    "write a JSON list of objects, one an iteration");
    }
    for (const auto& row : json) rows.emplace_back(row.is_object() ? variables_of(row) : std::vector<Variable>());
    return rows;
}

}  // namespace

Result<ScopeFile> read_scope(std::string_view text, const std::string& file) {
    ASSAY_TRY(const Json document, parse_located(text, file));
    const Json* json = &document;
    for (const char* wrapper : {"environment", "globals"}) {
        if (json->is_object() && !json->contains("values") && json->contains(wrapper)) json = &(*json)[wrapper];
    }
    const bool list = json->is_array();
    if (!list && (!json->is_object() || !json->contains("values"))) {
        return fail("read variables", file + ":1: \"values\" is missing",
                    "export the environment or the globals from Postman");
    }
    return ScopeFile{list ? std::string() : member_text(*json, "name"),
                     Scope(variables_of(list ? *json : (*json)["values"]))};
}

Result<ScopeFile> load_scope(const std::string& path) {
    ASSAY_TRY(const auto text, read_text(path));
    return read_scope(text, path);
}

Result<std::vector<Scope>> read_data(std::string_view text, const std::string& file) {
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first != std::string_view::npos && (text[first] == '[' || text[first] == '{')) {
        ASSAY_TRY(const Json json, parse_located(text, file));
        return rows_of_json(json, file);
    }
    ASSAY_TRY(auto rows, CsvReader(text, file).rows());
    std::vector<Scope> scopes;
    for (std::size_t i = 1; i < rows.size(); ++i) {
        std::vector<Variable> variables;
        for (std::size_t column = 0; column < std::min(rows[0].size(), rows[i].size()); ++column) {
            variables.push_back({rows[0][column].text, value_of_field(std::move(rows[i][column])), Cast::any, false});
        }
        scopes.emplace_back(std::move(variables));
    }
    return scopes;
}

Result<std::vector<Scope>> load_data(const std::string& path) {
    ASSAY_TRY(const auto text, read_text(path));
    return read_data(text, path);
}

}  // namespace assay::suite
