// The native functions by which a script asks: the answer, the request, where in the run it is, and what needs no run
// at all.
#include <js/PropertyAndElement.h>
#include <js/PropertySpec.h>

#include "harness/check/reason.h"
#include "harness/script/host.h"
#include "harness/suite/postman.h"

namespace assay::script {
namespace {

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
    return give(cx, args, facts);
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
    return give(cx, args, facts);
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

const JSFunctionSpec kFunctions[] = {JS_FN("response", host_response, 0, 0),
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
                                     JS_FS_END};

}  // namespace

bool add_facts(JSContext* cx, JS::HandleObject host) { return JS_DefineFunctions(cx, host, kFunctions); }

}  // namespace assay::script
