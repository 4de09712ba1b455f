// The native functions that prelude/sandbox.js has beyond those of core.js: whole scopes, and the store of cookies.
#include <js/PropertySpec.h>
#include <nlohmann/json.hpp>

#include "harness/script/host.h"

namespace assay::script {
namespace {

using Json = nlohmann::ordered_json;

std::string dumped(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

const char* name_of(suite::Cast cast) {
    switch (cast) {
        case suite::Cast::any: return "any";
        case suite::Cast::string: return "string";
        case suite::Cast::boolean: return "boolean";
        case suite::Cast::number: return "number";
        case suite::Cast::array: return "array";
        case suite::Cast::object: return "object";
    }
    return "any";
}

// Empty: undefined, which JSON leaves out.
std::optional<Json> json_of(const suite::Value& value) {
    struct Visitor {
        std::optional<Json> operator()(const suite::Undefined&) const { return std::nullopt; }
        std::optional<Json> operator()(const suite::Null&) const { return Json(); }
        std::optional<Json> operator()(bool b) const { return Json(b); }
        std::optional<Json> operator()(double d) const { return Json(d); }
        std::optional<Json> operator()(const std::string& s) const { return Json(s); }
        std::optional<Json> operator()(const suite::JsonText& j) const { return Json::parse(j.text, nullptr, false); }
    };
    return std::visit(Visitor{}, value);
}

// scope(number) -> JSON of its variables, as the collection format has them.
bool host_scope(JSContext* cx, unsigned argc, JS::Value* vp) {
    auto args = JS::CallArgsFromVp(argc, vp);
    Json list = Json::array();
    for (const auto& variable : current(cx).scope(args.get(0).toInt32())->all()) {
        Json entry = {{"type", name_of(variable.cast)}, {"key", variable.key}};
        if (auto value = json_of(variable.value)) entry["value"] = std::move(*value);
        if (variable.disabled) entry["disabled"] = true;
        list.push_back(std::move(entry));
    }
    return give(args, to_js(cx, dumped(list)));
}

// cookieStore(method, JSON of its arguments) -> JSON {error} or {result}: a store of tough-cookie.
bool host_cookie_store(JSContext* cx, unsigned argc, JS::Value* vp) {
    auto args = JS::CallArgsFromVp(argc, vp);
    std::string method, arguments;
    if (!text_at(cx, args, 0, method) || !text_at(cx, args, 1, arguments)) return false;
    const auto& store = current(cx).input->cookie_store;
    return give(args, to_js(cx, store ? store(method, arguments) : R"({"error":"CookieStore: no store found"})"));
}

// cookieList() -> JSON of the cookies of the request's URL; none before the request.
bool host_cookie_list(JSContext* cx, unsigned argc, JS::Value* vp) {
    auto args = JS::CallArgsFromVp(argc, vp);
    const auto& input = *current(cx).input;
    if (input.listen == suite::Listen::test && input.cookie_store) {
        const auto answer = Json::parse(input.cookie_store("matching", "[]"), nullptr, false);
        return give(args, to_js(cx, dumped(answer.value("result", Json::array()))));
    }
    Json list = Json::array();
    if (input.listen == suite::Listen::test && input.cookies) {
        for (const auto& [name, value] : input.cookies()) {
            list.push_back({{"name", name},
                            {"domain", input.domain},
                            {"path", "/"},
                            {"secure", false},
                            {"httpOnly", false},
                            {"hostOnly", true},
                            {"value", value}});
        }
    }
    return give(args, to_js(cx, dumped(list)));
}

const JSFunctionSpec kFunctions[] = {JS_FN("scope", host_scope, 1, 0), JS_FN("cookieStore", host_cookie_store, 2, 0),
                                     JS_FN("cookieList", host_cookie_list, 0, 0), JS_FS_END};

}  // namespace

bool add_sandbox_host(JSContext* cx, JS::HandleObject host) { return JS_DefineFunctions(cx, host, kFunctions); }

}  // namespace assay::script
