// The native functions behind prelude/core.js. Each reads the running script's state through the context's private
// pointer; none keeps a JavaScript value beyond its call.
#include <fmt/format.h>

#include <js/PropertyAndElement.h>
#include <js/PropertySpec.h>
#include <js/shadow/Object.h>
#include <cmath>

#include "base/base64.h"
#include "harness/check/reason.h"
#include "harness/script/embedded.h"
#include "harness/script/realms.h"
#include "harness/script/spider.h"
#include "harness/suite/postman.h"

namespace assay::script {
namespace {

using Arguments = JS::CallArgs;

bool text_at(JSContext* cx, const Arguments& args, unsigned index, std::string& out) {
    JSString* text = JS::ToString(cx, args.get(index));
    return text != nullptr && to_utf8(cx, text, out);
}

bool give(Arguments& args, JSString* text) {
    if (text == nullptr) return false;
    args.rval().setString(text);
    return true;
}

bool give_list(JSContext* cx, Arguments& args, const std::vector<std::string_view>& texts) {
    JS::RootedValueVector values(cx);
    for (const auto text : texts) {
        JSString* made = to_js(cx, text);
        if (made == nullptr || !values.append(JS::StringValue(made))) return false;
    }
    JSObject* list = JS::NewArrayObject(cx, values);
    if (list == nullptr) return false;
    args.rval().setObject(*list);
    return true;
}

bool give_pairs(JSContext* cx, Arguments& args, const Pairs& pairs) {
    std::vector<std::string_view> flat;
    for (const auto& [name, value] : pairs) {
        flat.push_back(name);
        flat.push_back(value);
    }
    return give_list(cx, args, flat);
}

bool parse_json(JSContext* cx, std::string_view json, JS::MutableHandleValue out) {
    const JS::RootedString text(cx, to_js(cx, json));
    return text && JS_ParseJSON(cx, text, out);
}

// --- variables -------------------------------------------------------------------------------------------------------

suite::Scope& scope_at(JSContext* cx, const Arguments& args) { return *current(cx).scope(args.get(0).toInt32()); }

bool value_to_js(JSContext* cx, const suite::Value& value, JS::MutableHandleValue out) {
    struct Visitor {
        JSContext* cx;
        JS::MutableHandleValue out;
        bool operator()(const suite::Undefined&) { return out.setUndefined(), true; }
        bool operator()(const suite::Null&) { return out.setNull(), true; }
        bool operator()(bool b) { return out.setBoolean(b), true; }
        bool operator()(double d) { return out.setNumber(d), true; }
        bool operator()(const std::string& s) {
            JSString* text = to_js(cx, s);
            if (text == nullptr) return false;
            return out.setString(text), true;
        }
        bool operator()(const suite::JsonText& j) { return parse_json(cx, j.text, out); }
    };
    return std::visit(Visitor{cx, out}, value);
}

// get(scope, key, whole): `whole` when a scope is listed rather than a variable read.
bool host_get(JSContext* cx, unsigned argc, JS::Value* vp) {
    auto args = JS::CallArgsFromVp(argc, vp);
    std::string key;
    if (!text_at(cx, args, 1, key)) return false;
    const bool whole = args.get(2).isTrue();
    const auto* variable = whole ? scope_at(cx, args).find(key) : scope_at(cx, args).read(key);
    if (variable != nullptr) return value_to_js(cx, variable->value, args.rval());
    current(cx).scopes.note_missing(key);
    args.rval().setUndefined();
    return true;
}

bool host_has(JSContext* cx, unsigned argc, JS::Value* vp) {
    auto args = JS::CallArgsFromVp(argc, vp);
    std::string key;
    if (!text_at(cx, args, 1, key)) return false;
    args.rval().setBoolean(scope_at(cx, args).find(key) != nullptr);
    return true;
}

// set(scope, key, value) -> whether the value is kept. False for an object: a placeholder is set, core.js holds the
// object until the script ends.
bool host_set(JSContext* cx, unsigned argc, JS::Value* vp) {
    auto args = JS::CallArgsFromVp(argc, vp);
    std::string key;
    if (!text_at(cx, args, 1, key)) return false;
    if (current(cx).result->skipped) return args.rval().setBoolean(true), true;  // after skipRequest nothing is kept
    auto& scope = scope_at(cx, args);
    const JS::HandleValue value = args.get(2);
    bool kept = true;
    if (value.isString()) {
        std::string text;
        if (!to_utf8(cx, value.toString(), text)) return false;
        scope.set(key, std::move(text));
    } else if (value.isNumber()) {
        scope.set(key, value.toNumber());
    } else if (value.isBoolean()) {
        scope.set(key, value.toBoolean());
    } else if (value.isNull()) {
        scope.set(key, suite::Null{});
    } else if (value.isUndefined()) {
        scope.set(key, suite::Undefined{});
    } else {
        const auto* variable = scope.find(key);
        if (variable != nullptr && variable->cast == suite::Cast::string) {
            std::string text;
            if (!text_at(cx, args, 2, text)) return false;
            scope.set(key, std::move(text));
        } else if (variable != nullptr && variable->cast == suite::Cast::boolean) {
            scope.set(key, true);
        } else if (variable != nullptr && variable->cast == suite::Cast::number) {
            double number = NAN;
            if (!JS::ToNumber(cx, value, &number)) return false;
            scope.set(key, number);
        } else {
            scope.set(key, suite::Undefined{});
            kept = false;
        }
    }
    args.rval().setBoolean(kept);
    return true;
}

bool host_set_json(JSContext* cx, unsigned argc, JS::Value* vp) {
    auto args = JS::CallArgsFromVp(argc, vp);
    std::string key, json;
    if (!text_at(cx, args, 1, key) || !text_at(cx, args, 2, json)) return false;
    scope_at(cx, args).set(key, suite::value_of_json(json).value_or(suite::Null{}));
    args.rval().setUndefined();
    return true;
}

bool host_unset(JSContext* cx, unsigned argc, JS::Value* vp) {
    auto args = JS::CallArgsFromVp(argc, vp);
    std::string key;
    if (!text_at(cx, args, 1, key)) return false;
    if (!current(cx).result->skipped) scope_at(cx, args).unset(key);
    args.rval().setUndefined();
    return true;
}

bool host_clear(JSContext* cx, unsigned argc, JS::Value* vp) {
    auto args = JS::CallArgsFromVp(argc, vp);
    if (!current(cx).result->skipped) scope_at(cx, args).clear();
    args.rval().setUndefined();
    return true;
}

bool host_keys(JSContext* cx, unsigned argc, JS::Value* vp) {
    auto args = JS::CallArgsFromVp(argc, vp);
    std::vector<std::string_view> keys;
    for (const auto& variable : scope_at(cx, args).all()) {
        if (!variable.disabled) keys.push_back(variable.key);
    }
    return give_list(cx, args, keys);
}

bool host_environment_name(JSContext* cx, unsigned argc, JS::Value* vp) {
    auto args = JS::CallArgsFromVp(argc, vp);
    return give(args, to_js(cx, current(cx).scopes.environment_name));
}

bool host_dynamic(JSContext* cx, unsigned argc, JS::Value* vp) {
    auto args = JS::CallArgsFromVp(argc, vp);
    std::string name;
    if (!text_at(cx, args, 0, name)) return false;
    const auto made = current(cx).dynamic.make(name);
    args.rval().setUndefined();
    return !made || give(args, to_js(cx, *made));
}

// --- what the script says
// ---------------------------------------------------------------------------------------------

// record(name, status, message, error name)
bool host_record(JSContext* cx, unsigned argc, JS::Value* vp) {
    auto args = JS::CallArgsFromVp(argc, vp);
    auto& self = current(cx);
    args.rval().setUndefined();
    if (self.result->skipped) return true;
    if (self.result->assertions.size() >= self.engine.limits.assertions) {
        self.engine.ended = "limit";
        return false;  // without an exception: ends the script
    }
    check::Assertion assertion;
    if (!text_at(cx, args, 0, assertion.name)) return false;
    assertion.status = static_cast<check::Status>(args.get(1).toInt32());
    if (assertion.status == check::Status::failed && !text_at(cx, args, 2, assertion.message)) return false;
    assertion.pre_request = self.input->listen == suite::Listen::prerequest;
    self.result->assertions.push_back(std::move(assertion));
    return true;
}

// The legacy tests[name] = value, each an assertion. Returns how many there were.
bool host_record_tests(JSContext* cx, unsigned argc, JS::Value* vp) {
    auto args = JS::CallArgsFromVp(argc, vp);
    const JS::RootedObject tests(cx, &args.get(0).toObject());
    JS::Rooted<JS::IdVector> names(cx, JS::IdVector(cx));
    if (!JS_Enumerate(cx, tests, &names)) return false;
    auto& self = current(cx);
    auto& assertions = self.result->assertions;
    args.rval().setNumber(static_cast<std::uint32_t>(names.length()));
    if (self.result->skipped) return true;
    assertions.reserve(assertions.size() + names.length());
    JS::RootedId name(cx);
    JS::RootedValue key(cx), value(cx);
    for (const auto id : names) {
        if (assertions.size() >= self.engine.limits.assertions) {
            self.engine.ended = "limit";
            return false;  // without an exception: ends the script
        }
        name = id;
        if (!JS_IdToValue(cx, name, &key) || !JS_GetPropertyById(cx, tests, name, &value)) return false;
        check::Assertion assertion;
        if (!to_utf8(cx, JS::ToString(cx, key), assertion.name)) return false;
        assertion.pre_request = self.input->listen == suite::Listen::prerequest;
        if (!JS::ToBoolean(value)) {
            std::string shown;
            JSString* text = JS::ToString(cx, value);
            if (text == nullptr || !to_utf8(cx, text, shown)) return false;
            assertion.status = check::Status::failed;
            assertion.message = fmt::format("expected {} to be truthy", shown);
        }
        assertions.push_back(std::move(assertion));
    }
    return true;
}

// Whether the global object may have got or lost a property since the last call.
bool host_global_changed(JSContext* cx, unsigned argc, JS::Value* vp) {
    auto args = JS::CallArgsFromVp(argc, vp);
    auto& self = current(cx);
    // An object of the same shape has the same properties. A collection may give the shape's place to another.
    const auto* shape = reinterpret_cast<const JS::shadow::Object*>(self.realm->global.get())->shape;
    const auto collections = JS_GetGCParameter(cx, JSGC_MAJOR_GC_NUMBER);
    args.rval().setBoolean(shape != self.global_shape || collections != self.global_shape_at);
    self.global_shape = shape;
    self.global_shape_at = collections;
    return true;
}

bool host_error(JSContext* cx, unsigned argc, JS::Value* vp) {
    auto args = JS::CallArgsFromVp(argc, vp);
    auto& self = current(cx);
    check::ScriptError error;
    error.listen = self.input->listen == suite::Listen::test ? "test" : "prerequest";
    if (!text_at(cx, args, 0, error.kind) || !text_at(cx, args, 1, error.message)) return false;
    error.line = static_cast<std::uint32_t>(args.get(2).toNumber());
    if (!self.result->skipped) self.result->errors.push_back(std::move(error));
    args.rval().setUndefined();
    return true;
}

bool host_log(JSContext* cx, unsigned argc, JS::Value* vp) {
    auto args = JS::CallArgsFromVp(argc, vp);
    auto& self = current(cx);
    args.rval().setUndefined();
    const auto& limits = self.engine.limits;
    const bool full =
        self.result->console.size() >= limits.console_lines || self.console_bytes >= limits.console_bytes.count;
    if (full || self.result->skipped) return true;
    check::ConsoleLine line;
    if (!text_at(cx, args, 0, line.level) || !text_at(cx, args, 1, line.text)) return false;
    const auto left = limits.console_bytes.count - self.console_bytes;
    if (line.text.size() > left) line.text.resize(left);
    self.console_bytes += line.text.size();
    self.result->console.push_back(std::move(line));
    return true;
}

bool host_next(JSContext* cx, unsigned argc, JS::Value* vp) {
    auto args = JS::CallArgsFromVp(argc, vp);
    auto& result = *current(cx).result;
    args.rval().setUndefined();
    if (result.skipped) return true;
    result.next_set = true;
    result.next_request.reset();
    if (args.get(0).isNullOrUndefined()) return true;
    std::string name;
    if (!text_at(cx, args, 0, name)) return false;
    result.next_request = std::move(name);
    return true;
}

bool host_skip(JSContext* cx, unsigned argc, JS::Value* vp) {
    auto args = JS::CallArgsFromVp(argc, vp);
    current(cx).result->skipped = true;
    args.rval().setUndefined();
    return true;
}

bool host_change_request(JSContext* cx, unsigned argc, JS::Value* vp) {
    auto args = JS::CallArgsFromVp(argc, vp);
    std::string json;
    if (!text_at(cx, args, 0, json)) return false;
    current(cx).result->changed_request = std::move(json);
    args.rval().setUndefined();
    return true;
}

bool host_send(JSContext* cx, unsigned argc, JS::Value* vp) {
    auto args = JS::CallArgsFromVp(argc, vp);
    auto& self = current(cx);
    SendRequest send;
    if (!text_at(cx, args, 0, send.request)) return false;
    send.id = ++self.last_send;
    args.rval().setNumber(send.id);
    self.sends.push_back(std::move(send));
    return true;
}

// --- what the script may ask
// ------------------------------------------------------------------------------------------

bool host_response(JSContext* cx, unsigned argc, JS::Value* vp) {
    auto args = JS::CallArgsFromVp(argc, vp);
    const auto* response = current(cx).input->response;
    args.rval().setUndefined();
    if (response == nullptr) return true;
    JS::RootedValueArray<4> facts(cx);
    facts[0].setNumber(response->code);
    JSString* status = to_js(cx, response->status);
    if (status == nullptr) return false;
    facts[1].setString(status);
    facts[2].setNumber(response->time);
    facts[3].setNumber(static_cast<double>(response->size));
    JSObject* list = JS::NewArrayObject(cx, facts);
    if (list == nullptr) return false;
    args.rval().setObject(*list);
    return true;
}

// The charset of Content-Type, lower case, letters and digits only: "iso88591".
std::string charset_of(const Pairs& headers) {
    std::string charset;
    for (const auto& [name, value] : headers) {
        if (strcasecmp(name.c_str(), "content-type") != 0) continue;
        const auto at = value.find("charset=");
        if (at == std::string::npos) continue;
        charset.clear();
        for (const char c : value.substr(at + 8, value.find(';', at) - at - 8)) {
            if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
                charset += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
            }
        }
    }
    return charset;
}

bool host_text(JSContext* cx, unsigned argc, JS::Value* vp) {
    auto args = JS::CallArgsFromVp(argc, vp);
    auto& self = current(cx);
    if (!self.text) {
        const auto& response = *self.input->response;
        auto body = response.body;
        const auto charset = charset_of(*response.headers);
        const bool latin1 = charset == "latin1" || charset == "iso88591" || charset == "binary";
        if (!latin1 && body.starts_with("\xef\xbb\xbf")) body.remove_prefix(3);
        self.text = latin1 ? latin1_to_js(cx, body) : to_js(cx, body);
    }
    return give(args, self.text);
}

bool host_bytes(JSContext* cx, unsigned argc, JS::Value* vp) {
    auto args = JS::CallArgsFromVp(argc, vp);
    return give(args, latin1_to_js(cx, current(cx).input->response->body));
}

bool host_headers(JSContext* cx, unsigned argc, JS::Value* vp) {
    auto args = JS::CallArgsFromVp(argc, vp);
    return give_pairs(cx, args, *current(cx).input->response->headers);
}

bool host_cookies(JSContext* cx, unsigned argc, JS::Value* vp) {
    auto args = JS::CallArgsFromVp(argc, vp);
    const auto& cookies = current(cx).input->cookies;
    return give_pairs(cx, args, cookies ? cookies() : Pairs());
}

bool host_domain(JSContext* cx, unsigned argc, JS::Value* vp) {
    auto args = JS::CallArgsFromVp(argc, vp);
    return give(args, to_js(cx, current(cx).input->domain));
}

bool host_request(JSContext* cx, unsigned argc, JS::Value* vp) {
    auto args = JS::CallArgsFromVp(argc, vp);
    const auto& request = current(cx).input->request;
    return give(args, to_js(cx, request ? request() : "{}"));
}

bool host_info(JSContext* cx, unsigned argc, JS::Value* vp) {
    auto args = JS::CallArgsFromVp(argc, vp);
    const auto& input = *current(cx).input;
    JS::RootedValueArray<4> facts(cx);
    facts[0].setNumber(input.iteration);
    facts[1].setNumber(input.iterations);
    JSString* name = to_js(cx, input.item_name);
    if (name == nullptr) return false;
    facts[2].setString(name);
    JSString* id = to_js(cx, input.item_id);
    if (id == nullptr) return false;
    facts[3].setString(id);
    JSObject* list = JS::NewArrayObject(cx, facts);
    if (list == nullptr) return false;
    args.rval().setObject(*list);
    return true;
}

// The path of the item, then the name of what the script belongs to.
bool host_location(JSContext* cx, unsigned argc, JS::Value* vp) {
    auto args = JS::CallArgsFromVp(argc, vp);
    const auto& input = *current(cx).input;
    std::vector<std::string_view> names;
    if (input.path != nullptr) names.assign(input.path->begin(), input.path->end());
    names.push_back(input.owner);
    return give_list(cx, args, names);
}

// Milliseconds since the script began.
bool host_now(JSContext* cx, unsigned argc, JS::Value* vp) {
    auto args = JS::CallArgsFromVp(argc, vp);
    const std::chrono::duration<double, std::milli> since = Clock::now() - current(cx).started;
    args.rval().setNumber(since.count());
    return true;
}

bool host_reason(JSContext* cx, unsigned argc, JS::Value* vp) {
    auto args = JS::CallArgsFromVp(argc, vp);
    const auto reason = args.get(0).isNumber()
                            ? check::standard_reason(static_cast<std::uint32_t>(args.get(0).toNumber()))
                            : std::string_view();
    return give(args, to_js(cx, reason));
}

bool host_parse_url(JSContext* cx, unsigned argc, JS::Value* vp) {
    auto args = JS::CallArgsFromVp(argc, vp);
    std::string text;
    if (!text_at(cx, args, 0, text)) return false;
    suite::Request request;
    request.url = suite::parse_url(text);
    JS::RootedValue parsed(cx);
    if (!parse_json(cx, suite::request_json(request), &parsed)) return false;
    const JS::RootedObject object(cx, &parsed.toObject());
    return JS_GetProperty(cx, object, "url", args.rval());
}

// --- bytes: a text with one character a byte
// --------------------------------------------------------------------------

constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// The characters of the argument as bytes; those above U+00FF lose their high part.
bool bytes_at(JSContext* cx, const Arguments& args, unsigned index, std::string& out) {
    JSString* text = JS::ToString(cx, args.get(index));
    JSLinearString* linear = text == nullptr ? nullptr : JS_EnsureLinearString(cx, text);
    if (linear == nullptr) return false;
    const auto length = JS::GetLinearStringLength(linear);
    out.resize(length);
    for (std::size_t i = 0; i < length; ++i) out[i] = static_cast<char>(JS::GetLinearStringCharAt(linear, i));
    return true;
}

bool host_to_base64(JSContext* cx, unsigned argc, JS::Value* vp) {
    auto args = JS::CallArgsFromVp(argc, vp);
    std::string bytes;
    if (!bytes_at(cx, args, 0, bytes)) return false;
    return give(args, latin1_to_js(cx, base64(bytes)));
}

bool host_from_base64(JSContext* cx, unsigned argc, JS::Value* vp) {
    auto args = JS::CallArgsFromVp(argc, vp);
    std::string text, out;
    if (!bytes_at(cx, args, 0, text)) return false;
    std::uint32_t bits = 0;
    int count = 0;
    for (char c : text) {
        if (c == '-') c = '+';
        if (c == '_') c = '/';
        if (c == '=') break;
        const auto value = kBase64.find(c);
        if (value == std::string_view::npos) continue;
        bits = bits << 6 | static_cast<std::uint32_t>(value);
        count += 6;
        if (count < 8) continue;
        count -= 8;
        out += static_cast<char>(bits >> count & 0xff);
    }
    return give(args, latin1_to_js(cx, out));
}

// --- modules
// ----------------------------------------------------------------------------------------------------------

// The value of an embedded file, evaluated in the run's global: module("sdk"), library("chai/chai.js").
bool evaluate(JSContext* cx, Arguments& args, const std::string& name) {
    const StencilRef stencil = current(cx).engine.platform->state().embedded_stencil(cx, name);
    if (!stencil) return false;
    const JS::RootedScript script(cx, JS::InstantiateGlobalStencil(cx, JS::InstantiateOptions(), stencil));
    return script && JS_ExecuteScript(cx, script, args.rval());
}

bool host_module(JSContext* cx, unsigned argc, JS::Value* vp) {
    auto args = JS::CallArgsFromVp(argc, vp);
    std::string name;
    return text_at(cx, args, 0, name) && evaluate(cx, args, name);
}

// A module is loaded: "sdk", "lib/chai/chai.js".
bool host_loaded(JSContext* cx, unsigned argc, JS::Value* vp) {
    auto args = JS::CallArgsFromVp(argc, vp);
    args.rval().setUndefined();
    return text_at(cx, args, 0, current(cx).realm->loaded.emplace_back());
}

bool host_library(JSContext* cx, unsigned argc, JS::Value* vp) {
    auto args = JS::CallArgsFromVp(argc, vp);
    std::string name;
    if (!text_at(cx, args, 0, name)) return false;
    if (name.ends_with(".json")) return parse_json(cx, embedded("lib/" + name).value_or("null"), args.rval());
    return evaluate(cx, args, "lib/" + name);
}

bool host_has_library(JSContext* cx, unsigned argc, JS::Value* vp) {
    auto args = JS::CallArgsFromVp(argc, vp);
    std::string name;
    if (!text_at(cx, args, 0, name)) return false;
    args.rval().setBoolean(embedded("lib/" + name).has_value());
    return true;
}

const JSFunctionSpec kFunctions[] = {JS_FN("get", host_get, 2, 0),
                                     JS_FN("has", host_has, 2, 0),
                                     JS_FN("set", host_set, 3, 0),
                                     JS_FN("setJson", host_set_json, 3, 0),
                                     JS_FN("unset", host_unset, 2, 0),
                                     JS_FN("clear", host_clear, 1, 0),
                                     JS_FN("keys", host_keys, 1, 0),
                                     JS_FN("environmentName", host_environment_name, 0, 0),
                                     JS_FN("dynamic", host_dynamic, 1, 0),
                                     JS_FN("record", host_record, 4, 0),
                                     JS_FN("recordTests", host_record_tests, 1, 0),
                                     JS_FN("globalChanged", host_global_changed, 0, 0),
                                     JS_FN("error", host_error, 3, 0),
                                     JS_FN("log", host_log, 2, 0),
                                     JS_FN("next", host_next, 1, 0),
                                     JS_FN("skip", host_skip, 0, 0),
                                     JS_FN("changeRequest", host_change_request, 1, 0),
                                     JS_FN("send", host_send, 1, 0),
                                     JS_FN("response", host_response, 0, 0),
                                     JS_FN("text", host_text, 0, 0),
                                     JS_FN("bytes", host_bytes, 0, 0),
                                     JS_FN("headers", host_headers, 0, 0),
                                     JS_FN("cookies", host_cookies, 0, 0),
                                     JS_FN("domain", host_domain, 0, 0),
                                     JS_FN("request", host_request, 0, 0),
                                     JS_FN("info", host_info, 0, 0),
                                     JS_FN("location", host_location, 0, 0),
                                     JS_FN("now", host_now, 0, 0),
                                     JS_FN("reason", host_reason, 1, 0),
                                     JS_FN("parseUrl", host_parse_url, 1, 0),
                                     JS_FN("toBase64", host_to_base64, 1, 0),
                                     JS_FN("fromBase64", host_from_base64, 1, 0),
                                     JS_FN("module", host_module, 1, 0),
                                     JS_FN("loaded", host_loaded, 1, 0),
                                     JS_FN("library", host_library, 1, 0),
                                     JS_FN("hasLibrary", host_has_library, 1, 0),
                                     JS_FS_END};

}  // namespace

JSObject* make_host(JSContext* cx) {
    const JS::RootedObject host(cx, JS_NewPlainObject(cx));
    return host && JS_DefineFunctions(cx, host, kFunctions) ? host.get() : nullptr;
}

}  // namespace assay::script
