// The native functions behind the sandbox's JavaScript, and what those who write them share. Internal to this room.
//
// A native function reads the running script's state through the context's private pointer, and keeps no JavaScript
// value beyond its call. False: an exception is pending, or the script is to end.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/script/spider.h"

namespace assay::script {

// What prelude/core.js gets as `host`. Null: an exception is pending.
JSObject* make_host(JSContext* cx);

// The parts of it by subject, each of a file of its own.
bool add_variables(JSContext* cx, JS::HandleObject host);
bool add_results(JSContext* cx, JS::HandleObject host);
bool add_facts(JSContext* cx, JS::HandleObject host);
// What only prelude/sandbox.js uses.
bool add_sandbox_host(JSContext* cx, JS::HandleObject host);

// --- arguments and results ---

using Arguments = JS::CallArgs;

inline bool text_at(JSContext* cx, const Arguments& args, unsigned index, std::string& out) {
    JSString* text = JS::ToString(cx, args.get(index));
    return text != nullptr && to_utf8(cx, text, out);
}

inline bool give(Arguments& args, JSString* text) {
    if (text == nullptr) return false;
    args.rval().setString(text);
    return true;
}

inline bool give(JSContext* cx, Arguments& args, const JS::HandleValueArray& values) {
    JSObject* list = JS::NewArrayObject(cx, values);
    if (list == nullptr) return false;
    args.rval().setObject(*list);
    return true;
}

inline bool parse_json(JSContext* cx, std::string_view json, JS::MutableHandleValue out) {
    const JS::RootedString text(cx, to_js(cx, json));
    return text && JS_ParseJSON(cx, text, out);
}

bool give_list(JSContext* cx, Arguments& args, const std::vector<std::string_view>& texts);
bool give_pairs(JSContext* cx, Arguments& args, const Pairs& pairs);  // name, value, name, value, ...

}  // namespace assay::script
