// The native functions by which a script says something: assertions, errors, lines of the console, what comes next.
// After skipRequest nothing that it says counts.
#include <fmt/format.h>

#include <js/PropertyAndElement.h>
#include <js/PropertySpec.h>
#include <js/shadow/Object.h>

#include "harness/script/host.h"
#include "harness/script/realms.h"

namespace assay::script {
namespace {

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

const JSFunctionSpec kFunctions[] = {JS_FN("record", host_record, 4, 0),
                                     JS_FN("recordTests", host_record_tests, 1, 0),
                                     JS_FN("globalChanged", host_global_changed, 0, 0),
                                     JS_FN("error", host_error, 3, 0),
                                     JS_FN("log", host_log, 2, 0),
                                     JS_FN("next", host_next, 1, 0),
                                     JS_FN("skip", host_skip, 0, 0),
                                     JS_FN("changeRequest", host_change_request, 1, 0),
                                     JS_FN("send", host_send, 1, 0),
                                     JS_FS_END};

}  // namespace

bool add_results(JSContext* cx, JS::HandleObject host) { return JS_DefineFunctions(cx, host, kFunctions); }

}  // namespace assay::script
