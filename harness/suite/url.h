// A URL as a collection holds it: parts that may contain {{variables}}, put together without percent-encoding.
//
// Source of the grammar: newman 6.2.2 (postman-collection 4.4.0, postman-url-encoder 3.0.5), observed. Any text
// parses; what is wrong with it shows when it is sent.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace assay::suite {

struct QueryParam {
    std::optional<std::string> key;
    std::optional<std::string> value;  // "?a" has none, "?a=" an empty one
    bool disabled = false;
};

struct PathVariable {  // ":id" in the path
    std::string key;
    std::string value;  // empty: the segment stays as it is
};

struct Url {
    std::string protocol;  // without "://"; empty: none given
    std::optional<std::string> user;
    std::optional<std::string> password;
    std::vector<std::string> host;  // split at dots
    std::optional<std::string> port;
    std::optional<std::vector<std::string>> path;
    std::vector<QueryParam> query;
    std::optional<std::string> hash;
    std::vector<PathVariable> variables;
};

Url parse_url(std::string_view text);

// With path variables put in and disabled parameters left out. `protocol_if_none` is used when the URL has none
// ("http" for what is sent, "" for what is shown).
std::string to_string(const Url& url, std::string_view protocol_if_none = {});

// The query alone, without "?".
std::string query_string(const std::vector<QueryParam>& query);

// Percent-encodes what newman encodes when it sends: space, ", <, >, `'` (in queries), controls and non-ASCII.
// Existing %XX stay.
std::string encoded(const Url& url, std::string_view protocol_if_none = {});

}  // namespace assay::suite
