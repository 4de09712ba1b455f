#include "harness/suite/postman.h"

#include <fmt/format.h>

#include "harness/suite/located_json.h"
#include "harness/suite/postman_request.h"

namespace assay::suite {
namespace {

// What an item inherits from the collection and the folders around it.
struct Surroundings {
    std::vector<std::string> folders;
    std::vector<std::uint32_t> prerequest;
    std::vector<std::uint32_t> test;
    Auth auth;
    Behavior behavior;
};

class Reader {
 public:
    Reader(const std::string& file, Suite& suite) : file_(file), suite_(suite) {}

    Result<void> collection(const Json& json) {
        if (!json.is_object()) return wrong(json, "the document", "an object with \"info\" and \"item\"");
        if (!json.contains("item") && (json.contains("requests") || json.contains("order"))) {
            return fail("read collection", file_ + ": this is a collection in format v1",
                        "export it from Postman as \"Collection v2.1\"");
        }
        if (!json.contains("item")) return wrong(json, "the document", "a collection: \"item\" is missing");
        if (const auto info = json.find("info"); info != json.end() && info->is_object()) {
            suite_.name = member_text(*info, "name");
            suite_.id = member_text(*info, "_postman_id");
        } else {
            return wrong(json, "the document", "a collection: \"info\" is missing");
        }
        if (const auto found = json.find("variable"); found != json.end()) {
            suite_.variables = Scope(variables_of(*found));
        }
        Surroundings around;
        ASSAY_CHECK(enter(json, suite_.name, around));
        suite_.root.name = suite_.name;
        suite_.root.id = suite_.id;
        ASSAY_CHECK(items(json["item"], around, suite_.root));
        suite_.root.end = suite_.items.size();
        return {};
    }

 private:
    tl::unexpected<Error> wrong(const Json& at, const std::string& what, const std::string& expected) {
        const auto line = line_of(at);
        return fail("read collection",
                    fmt::format("{}:{}: {}{} is not {}", file_, line == 0 ? 1 : line, path_.empty() ? "" : path_ + ": ",
                                what, expected),
                    "correct the file at that line, or export it from Postman as \"Collection v2.1\"");
    }

    // Adds what `json` (the collection, a folder or an item) brings for everything inside it.
    Result<void> enter(const Json& json, const std::string& owner, Surroundings& around) {
        if (const auto auth = json.find("auth"); auth != json.end()) {
            if (auto own = auth_of(*auth); !own.type.empty()) around.auth = std::move(own);
        }
        if (const auto found = json.find("protocolProfileBehavior"); found != json.end()) {
            around.behavior = behavior_of(*found, around.behavior);
        }
        const auto events = json.find("event");
        if (events == json.end() || events->is_null()) return {};
        if (!events->is_array()) return wrong(json, "\"event\"", "a list");
        for (const auto& event : *events) {
            if (!event.is_object()) return wrong(json, "an entry of \"event\"", "an object");
            if (member_true(event, "disabled")) continue;
            const auto listen = member_text(event, "listen");
            if (listen != "test" && listen != "prerequest") continue;  // newman raises no other event
            ASSAY_TRY(auto source, source_of(event));
            if (source.empty()) continue;
            auto& indices = listen == "test" ? around.test : around.prerequest;
            indices.push_back(static_cast<std::uint32_t>(suite_.scripts.size()));
            suite_.scripts.push_back(
                {listen == "test" ? Listen::test : Listen::prerequest, std::move(source), owner, line_of(event)});
        }
        return {};
    }

    Result<std::string> source_of(const Json& event) {
        const auto script = event.find("script");
        if (script == event.end() || script->is_null()) return std::string();
        const Json* lines = &*script;
        if (script->is_object()) {
            const auto exec = script->find("exec");
            if (exec == script->end() || exec->is_null()) return std::string();
            lines = &*exec;
        }
        if (lines->is_string()) return lines->get<std::string>();
        if (!lines->is_array()) return wrong(event, "the script", "a text or a list of lines");
        std::string source;
        for (std::size_t i = 0; i < lines->size(); ++i) {
            if (i > 0) source += '\n';
            source += text_of((*lines)[i]);
        }
        return source;
    }

    Result<void> items(const Json& list, const Surroundings& around, Node& node) {
        if (!list.is_array()) return wrong(list, "\"item\"", "a list");
        for (const auto& json : list) {
            if (!json.is_object()) return wrong(list, "an entry of \"item\"", "an object");
            Node child;
            child.id = member_text(json, "id");
            if (child.id.empty()) child.id = member_text(json, "_postman_id");
            child.name = member_text(json, "name");
            child.begin = suite_.items.size();
            const auto outer = path_.size();
            path_ += (path_.empty() ? "" : " / ") + child.name;
            Surroundings inside = around;
            ASSAY_CHECK(enter(json, child.name, inside));
            if (const auto nested = json.find("item"); nested != json.end()) {
                inside.folders.push_back(child.name);
                ASSAY_CHECK(items(*nested, inside, child));
            } else {
                ASSAY_CHECK(item(json, child, std::move(inside)));
            }
            path_.resize(outer);
            child.end = suite_.items.size();
            node.children.push_back(std::move(child));
        }
        return {};
    }

    Result<void> item(const Json& json, const Node& node, Surroundings inside) {
        const auto found = json.find("request");
        if (found == json.end()) return wrong(json, "this entry", "a folder (\"item\") nor a request (\"request\")");
        Item item;
        auto request = request_of(*found);
        if (!request)
            return wrong(json, request.error().detail.substr(0, request.error().detail.find(" is not ")),
                         request.error().detail.substr(request.error().detail.find(" is not ") + 8));
        item.request = std::move(*request);
        // newman gives an item without an id a random one; ours is the same in every run.
        item.id = node.id.empty() ? *Dynamic(suite_.items.size() + 1).make("$guid") : node.id;
        item.name = node.name;
        item.line = line_of(json);
        item.folders = std::move(inside.folders);
        item.prerequest = std::move(inside.prerequest);
        item.test = std::move(inside.test);
        item.auth = item.request.auth.type.empty() ? std::move(inside.auth) : item.request.auth;
        item.behavior = std::move(inside.behavior);
        suite_.items.push_back(std::move(item));
        return {};
    }

    const std::string& file_;
    Suite& suite_;
    std::string path_;
};

}  // namespace

Result<Suite> read_postman(std::string_view text, const std::string& file) {
    ASSAY_TRY(const Json json, parse_located(text, file));
    Suite suite;
    suite.file = file;
    // Postman's API wraps the collection in {"collection": ...}.
    const bool wrapped = json.is_object() && !json.contains("item") && json.contains("collection");
    ASSAY_CHECK(Reader(file, suite).collection(wrapped ? json["collection"] : json));
    return suite;
}

Result<Suite> load_postman(const std::string& path) {
    ASSAY_TRY(const auto text, read_text(path));
    return read_postman(text, path);
}

}  // namespace assay::suite
