#include "harness/script/host.h"

#include <js/PropertySpec.h>

#include "base/base64.h"
#include "harness/script/embedded.h"
#include "harness/script/realms.h"

namespace assay::script {

bool give_list(JSContext* cx, Arguments& args, const std::vector<std::string_view>& texts) {
    JS::RootedValueVector values(cx);
    for (const auto text : texts) {
        JSString* made = to_js(cx, text);
        if (made == nullptr || !values.append(JS::StringValue(made))) return false;
    }
    return give(cx, args, values);
}

bool give_pairs(JSContext* cx, Arguments& args, const Pairs& pairs) {
    std::vector<std::string_view> flat;
    for (const auto& [name, value] : pairs) {
        flat.push_back(name);
        flat.push_back(value);
    }
    return give_list(cx, args, flat);
}

namespace {

// --- bytes: a text with one character a byte ---

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
    return give(args, latin1_to_js(cx, base64_encode(bytes)));
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

// --- modules ---

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

const JSFunctionSpec kFunctions[] = {JS_FN("toBase64", host_to_base64, 1, 0),
                                     JS_FN("fromBase64", host_from_base64, 1, 0),
                                     JS_FN("module", host_module, 1, 0),
                                     JS_FN("loaded", host_loaded, 1, 0),
                                     JS_FN("library", host_library, 1, 0),
                                     JS_FN("hasLibrary", host_has_library, 1, 0),
                                     JS_FS_END};

}  // namespace

JSObject* make_host(JSContext* cx) {
    const JS::RootedObject host(cx, JS_NewPlainObject(cx));
    const bool whole = host && add_variables(cx, host) && add_results(cx, host) && add_facts(cx, host) &&
                       JS_DefineFunctions(cx, host, kFunctions);
    return whole ? host.get() : nullptr;
}

}  // namespace assay::script
