// Entries and sections of Hurl files: the reader's outermost rules.
#include "harness/suite/hurl.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "harness/suite/hurl_parser.h"
#include "harness/suite/located_json.h"

namespace assay::suite {
namespace hurl {

template <typename T>
Parsed<void> Parser::items(Parsed<T> (Parser::*rule)(), std::vector<T>& into) {
    while (!in_.at_end()) {
        const auto start = in_.place();
        auto next = (this->*rule)();
        if (next) {
            into.push_back(std::move(*next));
            continue;
        }
        if (!next.error().recoverable) return not_this(std::move(next).error());
        in_.seek(start);
        break;
    }
    return {};
}

// A body, when one begins here.
Parsed<void> Parser::optional_body(std::optional<Body>& into) {
    const auto before = in_.place();
    skip_lines();
    in_.skip_blanks();
    auto body = body_value();
    if (body) {
        into = std::move(*body);
        return line_end();
    }
    if (!body.error().recoverable) return not_this(std::move(body).error());
    in_.seek(before);
    return {};
}

// Sections until something else begins.
template <typename Part>
Parsed<void> Parser::sections(Parsed<void> (Parser::*section)(Part&, std::vector<std::string>&), Part& into) {
    std::vector<std::string> seen;
    while (!in_.at_end()) {
        const auto before = in_.place();
        auto read = (this->*section)(into, seen);
        if (read) continue;
        if (!read.error().recoverable) return read;
        in_.seek(before);
        break;
    }
    return {};
}

Parsed<void> Parser::hurl_file() {
    for (;;) {
        const auto start = in_.place();
        skip_lines();
        in_.skip_blanks();
        if (in_.at_end()) return {};
        in_.seek(start);
        ASSAY_TRY(auto next, entry());
        file_.entries.push_back(std::move(next));
    }
}

Parsed<Entry> Parser::entry() {
    Entry entry;
    ASSAY_CHECK(request(entry));
    const auto start = in_.place();
    ASSAY_TRY(const bool answered, response(entry));
    if (!answered) in_.seek(start);
    return entry;
}

namespace {

std::string trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t' || text.front() == '#')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return std::string(text);
}

// Hurl's two experimental commands for the cookie store stand in comments.
void read_comments(const std::vector<std::string>& comments, Entry& entry) {
    constexpr std::string_view kSet = "@cookie_storage_set:";
    for (const auto& comment : comments) {
        if (const auto at = comment.find(kSet); at != std::string::npos)
            entry.request.set_cookie = trimmed(std::string_view(comment).substr(at + kSet.size()));
        else if (comment.find("@cookie_storage_clear") != std::string::npos)
            entry.request.clear_cookies = true;
        else
            entry.name = comment == "\n" ? std::string() : trimmed(comment);
    }
}

Parsed<void> once(std::vector<std::string>& seen, const std::string& name, Position at) {
    if (std::find(seen.begin(), seen.end(), name) != seen.end())
        return not_this({at, false, "Parsing section", "the section is already defined"});
    seen.push_back(name);
    return {};
}

}  // namespace

Parsed<void> Parser::request(Entry& entry) {
    std::vector<std::string> comments;
    skip_lines(&comments);
    read_comments(comments, entry);
    in_.skip_blanks();
    auto& request = entry.request;
    const auto start = in_.place();
    entry.at = start.position;
    request.method =
        std::string(in_.read_while([](char32_t c) { return c < 0x80 && is_alphanumeric(c) && !is_digit(c); }));
    const bool upper = std::all_of(request.method.begin(), request.method.end(), [](char c) { return c <= 'Z'; });
    if (request.method.empty() || !upper)
        return not_this(
            {start.position, false, "Parsing method",
             fmt::format("the HTTP method <{}> is not valid. {}", request.method,
                         suggestion({"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"},
                                    request.method))});
    ASSAY_CHECK(blanks());
    const auto url = in_.place();
    ASSAY_TRY(request.url, unquoted());
    entry.line = request.method + " " + std::string(in_.since(url));
    if (entry.name.empty()) entry.name = entry.line;
    ASSAY_CHECK(line_end());
    ASSAY_CHECK(items(&Parser::key_value, request.headers));
    ASSAY_CHECK(sections(&Parser::request_section, request));
    return optional_body(request.body);
}

namespace {

// "[Name]": recoverable when it is none, as a JSON list is not.
Parsed<std::string> section_name(Cursor& in) {
    const auto at = in.position();
    if (!in.take("[")) return not_this(expecting(at, "[", true));
    const std::string name(in.read_while(is_alphanumeric));
    if (name.empty()) return not_this(expecting(at, "a valid section name", true));
    if (!in.take("]")) return not_this(expecting(in.position(), "]", true));
    return name;
}

}  // namespace

Parsed<void> Parser::request_section(Request& request, std::vector<std::string>& seen) {
    skip_lines();
    in_.skip_blanks();
    const auto at = in_.position();
    ASSAY_TRY(const auto name, section_name(in_));
    ASSAY_CHECK(line_end());
    // The old names are sections of their own: beside the new one the first counts.
    const auto is = [&](const char* short_name, const char* old_name) {
        return name == short_name || name == old_name;
    };
    if (is("Query", "QueryStringParams")) {
        std::vector<KeyValue> lines;
        ASSAY_CHECK(items(&Parser::key_value, lines));
        if (request.query.empty()) request.query = std::move(lines);
    } else if (is("Form", "FormParams")) {
        std::vector<KeyValue> lines;
        ASSAY_CHECK(items(&Parser::key_value, lines));
        if (request.form.empty()) request.form = std::move(lines);
    } else if (is("Multipart", "MultipartFormData")) {
        std::vector<MultipartParam> params;
        ASSAY_CHECK(items(&Parser::multipart_param, params));
        if (request.multipart.empty()) request.multipart = std::move(params);
    } else if (name == "Cookies") {
        ASSAY_CHECK(items(&Parser::key_value, request.cookies));
    } else if (name == "BasicAuth") {
        const auto start = in_.place();
        auto user = key_value();
        if (!user && !user.error().recoverable) return not_this(std::move(user).error());
        if (user)
            request.basic_auth = std::move(*user);
        else
            in_.seek(start);
    } else if (name == "Options") {
        ASSAY_CHECK(items(&Parser::option, request.options));
    } else {
        return not_this({{at.line, at.column + 1},
                         false,
                         "Parsing request section name",
                         fmt::format("the section is not valid. {}",
                                     suggestion({"Query", "Form", "Multipart", "Cookies", "Options"}, name))});
    }
    return once(seen, name, at);
}

// False: no response follows; the cursor is then anywhere.
Parsed<bool> Parser::response(Entry& entry) {
    skip_lines();
    in_.skip_blanks();
    Response response;
    response.version_span.begin = in_.position();
    if (!in_.take("HTTP")) return false;
    if (in_.take("/1.0")) {
        response.version = Response::Version::http_1_0;
    } else if (in_.take("/1.1")) {
        response.version = Response::Version::http_1_1;
    } else if (in_.take("/2")) {
        response.version = Response::Version::http_2;
    } else if (in_.take("/3")) {
        response.version = Response::Version::http_3;
    } else if (in_.peek() != ' ' && in_.peek() != '\t') {
        return not_this({response.version_span.begin, false, "Parsing version",
                         "HTTP version must be HTTP, HTTP/1.0, HTTP/1.1, HTTP/2 or HTTP/3"});
    }
    response.version_span.end = in_.position();
    ASSAY_CHECK(blanks());
    response.status_span.begin = in_.position();
    if (!in_.take("*")) {
        const auto digits = in_.read_while(is_digit);
        if (digits.empty() || digits.size() > 18)
            return not_this(
                {response.status_span.begin, false, "Parsing status code", "HTTP status code is not valid"});
        std::uint64_t status = 0;
        for (const char c : digits) status = status * 10 + static_cast<std::uint64_t>(c - '0');
        response.status = status;
    }
    response.status_span.end = in_.position();
    ASSAY_CHECK(line_end());
    ASSAY_CHECK(items(&Parser::key_value, response.headers));
    ASSAY_CHECK(sections(&Parser::response_section, response));
    ASSAY_CHECK(optional_body(response.body));
    entry.response = std::move(response);
    return true;
}

Parsed<void> Parser::response_section(Response& response, std::vector<std::string>& seen) {
    skip_lines();
    in_.skip_blanks();
    const auto at = in_.position();
    ASSAY_TRY(const auto name, section_name(in_));
    ASSAY_CHECK(line_end());
    if (name == "Captures") {
        ASSAY_CHECK(items(&Parser::capture, response.captures));
    } else if (name == "Asserts") {
        ASSAY_CHECK(items(&Parser::assertion, response.asserts));
    } else {
        const auto hint = suggestion({"Captures", "Asserts"}, name);
        return not_this({{at.line, at.column + 1},
                         false,
                         "Parsing response section name",
                         fmt::format("the section is not valid. {}",
                                     hint.starts_with("Did") ? hint : "Valid values are Captures or Asserts")});
    }
    return once(seen, name, at);
}

std::vector<std::string> assertion_names(const Entry& entry) {
    std::vector<std::string> names;
    if (!entry.response) return names;
    const auto& response = *entry.response;
    switch (response.version) {
        case Response::Version::any: break;
        case Response::Version::http_1_0: names.emplace_back("HTTP/1.0"); break;
        case Response::Version::http_1_1: names.emplace_back("HTTP/1.1"); break;
        case Response::Version::http_2: names.emplace_back("HTTP/2"); break;
        case Response::Version::http_3: names.emplace_back("HTTP/3"); break;
    }
    if (response.status) names.push_back(fmt::format("HTTP {}", *response.status));
    for (const auto& capture : response.captures) names.push_back("capture " + capture.source);
    for (const auto& header : response.headers) names.push_back(header.source);
    if (response.body) names.emplace_back("body");
    for (const auto& assertion : response.asserts) names.push_back(assertion.source);
    return names;
}

std::size_t assertion_count(const File& file) {
    std::size_t count = 0;
    for (const auto& entry : file.entries) count += assertion_names(entry).size();
    return count;
}

}  // namespace hurl

namespace {

bool is_utf8(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
        const unsigned char first = byte(i);
        const std::size_t size = first < 0x80 ? 1 : first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
        if ((first >= 0x80 && first < 0xC2) || first > 0xF4 || i + size > text.size()) return false;
        for (std::size_t k = 1; k < size; ++k)
            if ((byte(i + k) & 0xC0) != 0x80) return false;
        // Overlong forms, surrogates and what is beyond U+10FFFF.
        if ((first == 0xE0 && byte(i + 1) < 0xA0) || (first == 0xED && byte(i + 1) > 0x9F) ||
            (first == 0xF0 && byte(i + 1) < 0x90) || (first == 0xF4 && byte(i + 1) > 0x8F))
            return false;
        i += size;
    }
    return true;
}

// In reports an entry is known by its name.
void tell_apart(std::vector<hurl::Entry>& entries) {
    std::map<std::string, std::size_t> times;
    for (const auto& entry : entries) ++times[entry.name];
    for (std::size_t i = 0; i < entries.size(); ++i)
        if (times.at(entries[i].name) > 1) entries[i].name += fmt::format(" #{}", i + 1);
}

}  // namespace

Result<hurl::File> read_hurl(std::string_view text, const std::string& file) {
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    if (!is_utf8(text)) return fail("read Hurl file", file + ": not UTF-8", "save it as UTF-8");
    hurl::File read;
    read.file = file;
    read.name = std::filesystem::path(file).stem().string();
    hurl::Parser parser(text, read);
    if (auto done = parser.hurl_file(); !done) {
        const auto& fault = done.error();
        return fail("read Hurl file",
                    fmt::format("{}:{}:{}: {}: {}", file, fault.at.line, fault.at.column, fault.what, fault.message));
    }
    tell_apart(read.entries);
    return read;
}

Result<hurl::File> load_hurl(const std::string& path) {
    ASSAY_TRY(const auto text, read_text(path));
    return read_hurl(text, path);
}

}  // namespace assay::suite
