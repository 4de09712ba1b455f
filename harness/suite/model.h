// One suite as immutable plain data: what to send, which scripts to run, in which order.
//
// Knows nothing of the readers that make it or of the runner that executes it. Every text may hold {{variables}}.
// Shared by all threads and runs.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/suite/url.h"
#include "harness/suite/variables.h"

namespace assay::suite {

enum class Listen { prerequest, test };

// A script of the collection, a folder or an item. Its index in Suite::scripts is its identity.
struct Script {
    Listen listen = Listen::test;
    std::string source;
    std::string owner;       // name of the collection, folder or item that it stands at
    std::uint32_t line = 0;  // of its event in the file, 1-based
};

struct Header {
    std::string key;
    std::string value;
    bool disabled = false;
    bool system = false;  // added by the runner, not by the suite
};

struct FormField {
    std::string key;
    std::string value;
    bool file = false;                 // multipart only: the value comes from `sources`
    std::vector<std::string> sources;  // paths, relative to the working directory
    std::string content_type;          // multipart only; empty: none given
    std::optional<std::string> file_name;
    bool disabled = false;
};

struct Body {
    enum class Mode { none, raw, urlencoded, formdata, file, graphql };
    Mode mode = Mode::none;
    std::string raw;
    std::string language;           // of a raw body: json, text, xml, html, javascript; empty: none given
    std::vector<FormField> fields;  // urlencoded and formdata
    std::string file;               // path; empty: none
    std::string file_content;       // instead of a path
    std::optional<std::string> graphql_query;
    std::optional<std::string> graphql_operation;
    std::string graphql_variables;        // JSON text; empty: none
    bool graphql_variables_text = false;  // it came as a text, which newman sends as it stands
    bool disabled = false;
};

struct Auth {
    std::string type;  // "basic", "bearer", "apikey", "noauth", ...; empty: none
    std::vector<std::pair<std::string, std::string>> parameters;
    [[nodiscard]] std::string_view get(std::string_view key) const;
};

// protocolProfileBehavior, as far as it has an effect here. Empty: the runner's default.
struct Behavior {
    std::optional<bool> follow_redirects;
    std::optional<bool> verify_certificate;  // strictSSL
    std::optional<std::uint32_t> max_redirects;
    bool disable_body_pruning = false;  // send the body of a GET
    bool disable_cookies = false;
    bool keep_method = false;                   // followOriginalHttpMethod, through redirects
    bool keep_authorization = false;            // followAuthorizationHeader, to another host
    bool no_referer = false;                    // removeRefererHeaderOnRedirect
    std::vector<std::string> disabled_headers;  // disabledSystemHeaders, lower case
};

struct Request {
    std::string method = "GET";
    Url url;
    std::vector<Header> headers;
    std::optional<Body> body;
    Auth auth;  // its own; empty type: inherited
    std::string description;
};

struct Item {
    std::string id;
    std::string name;
    std::vector<std::string> folders;       // enclosing ones, outermost first
    std::uint32_t line = 0;                 // in the file, 1-based; 0 = unknown
    std::vector<std::uint32_t> prerequest;  // indices into Suite::scripts: collection, folders, item
    std::vector<std::uint32_t> test;
    Request request;
    Auth auth;  // resolved with inheritance
    Behavior behavior;
};

// A folder, or an item, as a range of items in run order: what --folder selects.
struct Node {
    std::string id;
    std::string name;
    std::size_t begin = 0;
    std::size_t end = 0;
    std::vector<Node> children;
};

struct Suite {
    std::string file;  // where it was read from, for messages
    std::string id;
    std::string name;
    std::vector<Item> items;  // in run order
    std::vector<Script> scripts;
    Node root;
    Scope variables;  // the collection's own, at the start of a run
};

}  // namespace assay::suite
