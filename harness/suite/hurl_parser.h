// The pieces of the Hurl reader: a cursor over characters with positions, and one function a rule of the grammar.
// Internal to this room.
//
// A rule that does not fit gives a Fault. A recoverable one says "not this": the caller may try another rule from the
// same place. The others end the reading, and their position is the one that the message shows.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "base/result.h"
#include "harness/suite/hurl_model.h"

namespace assay::suite::hurl {

struct Fault {
    Position at;
    bool recoverable = false;
    std::string what;     // "Parsing literal"
    std::string message;  // "expecting ':'"
};

template <typename T>
using Parsed = tl::expected<T, Fault>;

constexpr char32_t kEnd = 0xFFFFFFFF;

class Cursor {
 public:
    struct Place {
        std::size_t offset = 0;  // bytes
        Position position;
    };

    // `text` is valid UTF-8.
    explicit Cursor(std::string_view text, Position start = {}) : text_(text), place_{0, start} {}

    [[nodiscard]] bool at_end() const { return place_.offset >= text_.size(); }
    [[nodiscard]] char32_t peek() const;
    char32_t read();  // kEnd at the end, any number of times
    bool take(std::string_view ascii);
    [[nodiscard]] bool looking_at(std::string_view ascii) const {
        return text_.substr(place_.offset).starts_with(ascii);
    }
    template <typename Wanted>
    std::string_view read_while(Wanted wanted) {
        const auto from = place_.offset;
        while (!at_end() && wanted(peek())) read();
        return text_.substr(from, place_.offset - from);
    }
    std::size_t skip_blanks();  // spaces and tabs; how many

    [[nodiscard]] Place place() const { return place_; }
    [[nodiscard]] Position position() const { return place_.position; }
    void seek(const Place& place) { place_ = place; }
    [[nodiscard]] std::string_view since(const Place& from) const {
        return text_.substr(from.offset, place_.offset - from.offset);
    }

 private:
    std::string_view text_;
    Place place_;
};

// Of a character outside of ASCII no table is kept: all but punctuation and blanks of the common blocks counts as a
// letter.
bool is_alphanumeric(char32_t c);
bool is_digit(char32_t c);
bool is_hex_digit(char32_t c);
void append_utf8(std::string& text, char32_t c);

Fault expecting(Position at, std::string_view what, bool recoverable = false);
inline tl::unexpected<Fault> not_this(Fault fault) { return tl::unexpected(std::move(fault)); }

// A character with what stands for it in the file.
struct Char {
    char32_t value;
    std::string source;
    Position at;
};

// Cuts a text at its placeholders.
Parsed<Template> cut_template(const std::vector<Char>& chars, Span span);
// {{ name }}, recoverable when there is no "{{".
Parsed<Placeholder> placeholder(Cursor& in);

// The reader of one file. Each member reads one rule of the grammar from the cursor.
class Parser {
 public:
    Parser(std::string_view text, File& file) : in_(text), file_(file) {}
    Parsed<void> hurl_file();

 private:
    // hurl.cc: entries and sections
    Parsed<Entry> entry();
    Parsed<void> request(Entry& entry);
    Parsed<void> request_section(Request& request, std::vector<std::string>& seen);
    Parsed<bool> response(Entry& entry);
    Parsed<void> response_section(Response& response, std::vector<std::string>& seen);
    Parsed<void> optional_body(std::optional<Body>& into);
    template <typename Part>
    Parsed<void> sections(Parsed<void> (Parser::*section)(Part&, std::vector<std::string>&), Part& into);
    // Items until one is "not this".
    template <typename T>
    Parsed<void> items(Parsed<T> (Parser::*rule)(), std::vector<T>& into);

    // hurl_lines.cc: lines of sections
    Parsed<Template> key_and_colon();
    Parsed<KeyValue> key_value();
    Parsed<MultipartParam> multipart_param();
    Parsed<Capture> capture();
    Parsed<Assert> assertion();

    // hurl_text.cc: ends of lines, names, strings, templates
    Parsed<void> line_end();
    std::size_t skip_lines(std::vector<std::string>* comments = nullptr);
    Parsed<void> literal(std::string_view text);
    Parsed<void> blanks();
    Parsed<Char> any_char(std::u32string_view except);
    Parsed<char32_t> escape(std::string_view known);
    Parsed<char32_t> unicode_escape();
    Parsed<Template> pieces_of_name(std::string_view escapes, bool (*plain)(char32_t), bool keep_escaped_colon);
    Parsed<Template> unquoted();
    Parsed<Template> quoted(char32_t quote, std::u32string_view except);
    Parsed<Template> quoted_template();
    Parsed<Template> key_string();
    Parsed<Template> file_name(bool keep_escaped_colon = false);  // of a certificate: "\\:" is for its reader

    // hurl_bytes.cc: bodies, byte strings, files, numbers
    Parsed<Body> body_value();
    Parsed<Body> multiline();
    Parsed<Body> graphql(Position begin);
    Parsed<Body> one_line();
    Parsed<Body> xml();
    Parsed<Body> hex();
    Parsed<Body> base64();
    Parsed<Body> file();
    Parsed<Number> number();
    Parsed<std::int64_t> integer(bool may_be_negative, std::string_view name);

    // hurl_assert.cc: queries, filters, predicates
    Parsed<Query> query();
    Parsed<void> query_argument(Query& query);
    Parsed<Pattern> pattern();
    Parsed<Pattern> slashed_pattern();
    Parsed<std::vector<Filter>> filters();
    Parsed<Filter> filter();
    Parsed<Predicate> predicate();
    Parsed<PredicateValue> predicate_value();

    // hurl_options.cc
    Parsed<Option> option();
    Parsed<void> option_value(Option& option);
    Parsed<VariableDefinition> variable_definition();

    Cursor in_;
    File& file_;
};

// hurl_json.cc: a JSON value, recoverable when none begins here. `keep_blanks` keeps it as written.
Parsed<std::vector<JsonPiece>> json_value(Cursor& in, bool keep_blanks);
Parsed<std::vector<JsonPiece>> json_object(Cursor& in, bool keep_blanks);
// Whether `text` begins with a JSON number, boolean or null: what a placeholder may bring into a JSON body.
bool begins_with_scalar(std::string_view text);

// "Valid values are a, b", or "Did you mean a?" when one is a letter away.
std::string suggestion(const std::vector<std::string_view>& valid, std::string_view given);

}  // namespace assay::suite::hurl
