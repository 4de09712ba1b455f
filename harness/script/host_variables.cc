// The native functions of pm.variables and its like: the scopes of a run, and {{$dynamic}} values.
#include <js/PropertySpec.h>

#include <cmath>

#include "harness/script/host.h"

namespace assay::script {
namespace {

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

const JSFunctionSpec kFunctions[] = {
    JS_FN("get", host_get, 2, 0),         JS_FN("has", host_has, 2, 0),
    JS_FN("set", host_set, 3, 0),         JS_FN("setJson", host_set_json, 3, 0),
    JS_FN("unset", host_unset, 2, 0),     JS_FN("clear", host_clear, 1, 0),
    JS_FN("keys", host_keys, 1, 0),       JS_FN("environmentName", host_environment_name, 0, 0),
    JS_FN("dynamic", host_dynamic, 1, 0), JS_FS_END};

}  // namespace

bool add_variables(JSContext* cx, JS::HandleObject host) { return JS_DefineFunctions(cx, host, kFunctions); }

}  // namespace assay::script
