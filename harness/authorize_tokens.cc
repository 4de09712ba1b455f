// JSON Web Tokens (RFC 7519, signed by RFC 7515): the jwt block, and Atlassian's ASAP on top of it.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/authorize_signed.h"
#include "harness/signatures.h"

namespace assay::harness::auth {
namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

// Empty: an algorithm that there is not, or a key that is none.
std::optional<std::string> signed_token(const Json& header, const Json& payload, const std::string& algorithm,
                                        const std::string& secret, std::string_view private_key) {
    if (algorithm.size() != 5) return std::nullopt;
    const auto bits = algorithm.substr(2);
    if (bits != "256" && bits != "384" && bits != "512") return std::nullopt;
    const auto hash = "sha" + bits;
    auto token = base64_url(text_of(header)) + "." + base64_url(text_of(payload));
    const auto kind = algorithm.substr(0, 2);
    std::optional<std::string> signature;
    if (kind == "HS") {
        if (secret.empty()) return std::nullopt;
        signature = hmac(hash.c_str(), secret, token);
    } else if (kind == "RS" || kind == "PS" || kind == "ES") {
        const auto padding = kind == "RS" ? Padding::pkcs1 : kind == "PS" ? Padding::pss : Padding::ecdsa;
        signature = sign(hash.c_str(), padding, private_key, token);
    }
    if (!signature) return std::nullopt;
    return token + "." + base64_url(*signature);
}

// An object, from a text that may be blank; nullopt when it is something else.
std::optional<Json> object_of(std::string_view text) {
    if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return Json::object();
    auto json = Json::parse(text, nullptr, false);
    return json.is_object() ? std::optional(std::move(json)) : std::nullopt;
}

}  // namespace

void jwt(const suite::Auth& auth, suite::Request& request) {
    const std::string algorithm(auth.get("algorithm"));
    auto header = object_of(auth.get("header"));
    const auto payload = object_of(auth.get("payload"));
    if (!header || !payload) return;
    (*header)["alg"] = algorithm;
    const bool encoded = truthy(auth.get("isSecretBase64Encoded"));
    const auto secret = encoded ? decode_base64(auth.get("secret")) : std::string(auth.get("secret"));
    const auto token = signed_token(*header, *payload, algorithm, secret, auth.get("privateKey"));
    if (!token) return;
    if (auth.get("addTokenTo") == "queryParam") {
        const std::string name(auth.get("queryParamKey").empty() ? "token" : auth.get("queryParamKey"));
        remove_query(request, name);
        request.url.query.push_back({name, *token, false});
    } else if (auth.get("addTokenTo").empty() || auth.get("addTokenTo") == "header") {
        std::string prefix = "Bearer";
        for (const auto& [name, value] : auth.parameters) {
            if (name == "headerPrefix") prefix = value;
        }
        set_header(request, "Authorization", (prefix.empty() ? "" : prefix + " ") + *token);
    }
}

bool is_empty_text(const Json& value) { return value.is_string() && value.get_ref<const std::string&>().empty(); }

void asap(const suite::Auth& auth, suite::Request& request, suite::Dynamic& dynamic) {
    auto claims = object_of(auth.get("claims"));
    if (!claims) return;
    const auto claim = [&](const char* name, const Json& otherwise) {
        const auto found = claims->find(name);
        return found != claims->end() && !found->is_null() && !is_empty_text(*found) ? *found : otherwise;
    };
    const auto parameter = [&](std::string_view name) { return Json(std::string(auth.get(name))); };
    const auto issuer = claim("iss", parameter("iss")), audience = claim("aud", parameter("aud"));
    const auto own_subject = claim("sub", parameter("sub")), key_id = claim("kid", parameter("kid"));
    std::string key(auth.get("privateKey"));
    if (is_empty_text(issuer) || is_empty_text(audience) || is_empty_text(key_id) || key.empty()) return;
    if (const auto data = key.find(";base64,"); key.find("data:") != std::string::npos && data != std::string::npos) {
        key = "-----BEGIN PRIVATE KEY-----" + key.substr(data + 8) + "-----END PRIVATE KEY-----";
    }
    const auto seconds = std::strtoll(std::string(auth.get("exp")).c_str(), nullptr, 10);
    const auto time = now();
    const auto issued = claim("iat", time), id = claim("jti", *dynamic.make("$guid"));
    const auto expires = claim("exp", time + (seconds == 0 ? 3600 : seconds));
    (*claims)["iat"] = issued;
    (*claims)["iss"] = issuer;
    (*claims)["sub"] = is_empty_text(own_subject) ? issuer : own_subject;
    (*claims)["jti"] = id;
    (*claims)["aud"] = audience;
    (*claims)["exp"] = expires;
    const std::string algorithm(auth.get("alg").empty() ? "RS256" : auth.get("alg"));
    if (algorithm.starts_with("HS")) return;
    const auto token = signed_token({{"alg", algorithm}, {"kid", key_id}}, *claims, algorithm, {}, key);
    if (token) set_header(request, "Authorization", "Bearer " + *token);
}

}  // namespace assay::harness::auth
