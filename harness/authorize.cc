#include "harness/authorize.h"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>

#include "base/base64.h"
#include "harness/authorize_signed.h"
#include "harness/http/fields.h"
#include "harness/request_body.h"
#include "harness/signatures.h"

namespace assay::harness {

namespace auth {

bool truthy(std::string_view text) { return !text.empty() && text != "false" && text != "0"; }

std::int64_t now() {
    using namespace std::chrono;
    return duration_cast<seconds>(system_clock::now().time_since_epoch()).count();
}

void remove_header(suite::Request& request, std::string_view name) {
    std::erase_if(request.headers,
                  [&](const suite::Header& header) { return http::equal_ignoring_case(header.key, name); });
}

void set_header(suite::Request& request, std::string name, std::string value) {
    remove_header(request, name);
    request.headers.push_back({std::move(name), std::move(value), false, true});
}

void remove_query(suite::Request& request, std::string_view name) {
    std::erase_if(request.url.query, [&](const suite::QueryParam& param) { return param.key == name; });
}

http::Url sent_url(const suite::Request& request) { return http::parse_url(suite::encoded(request.url, "http")); }

std::optional<std::string> hashable_body(const suite::Request& request, const std::string& working_dir) {
    if (!request.body || request.body->disabled || is_empty(*request.body)) return std::nullopt;
    if (request.body->mode == suite::Body::Mode::formdata) return std::nullopt;
    http::Request scratch;
    std::vector<suite::Header> headers;
    build_body(*request.body, working_dir, {}, headers, scratch);
    return scratch.body;
}

}  // namespace auth

namespace {

using suite::Auth;
using suite::Request;

// The state of a block is found again by what the block says.
std::string key_of(const Auth& auth) {
    std::string key;
    for (const auto& [name, value] : auth.parameters) key.append(name).append("\x1f").append(value).append("\x1e");
    return key;
}

const char* digest_algorithm(std::string_view name) {
    if (name == "SHA-256" || name == "SHA-256-sess") return "sha256";
    if (name == "SHA-512-256" || name == "SHA-512-256-sess") return "sha512-256";
    return name.empty() || name == "MD5" || name == "MD5-sess" ? "md5" : nullptr;
}

// RFC 2617, section 3.2.2.
void digest_access(const Auth& auth, Request& request, const DigestStates& states, const std::string& working_dir) {
    DigestState state{std::string(auth.get("realm")),       std::string(auth.get("nonce")),
                      std::string(auth.get("opaque")),      std::string(auth.get("qop")),
                      std::string(auth.get("clientNonce")), 1};
    std::string count(auth.get("nonceCount"));
    if (const auto learned = states.find(key_of(auth)); learned != states.end()) {
        state = learned->second;
        if (state.count != 0) count = fmt::format("{:08}", state.count);
    }
    const auto* hash = digest_algorithm(auth.get("algorithm"));
    if (state.nonce.empty() || state.realm.empty() || auth.get("username").empty() || hash == nullptr) return;
    const auto hashed = [hash](const std::string& text) { return hex(digest(hash, text)); };
    const std::string algorithm(auth.get("algorithm").empty() ? "MD5" : auth.get("algorithm"));
    const auto uri = auth::sent_url(request).target();
    auto first = fmt::format("{}:{}:{}", auth.get("username"), state.realm, auth.get("password"));
    if (algorithm.ends_with("-sess")) first = fmt::format("{}:{}:{}", hashed(first), state.nonce, state.client_nonce);
    auto second = fmt::format("{}:{}", request.method, uri);
    if (state.qop == "auth-int") {
        second += ":" + hashed(auth::hashable_body(request, working_dir).value_or(""));
    }
    const bool protects = state.qop == "auth" || state.qop == "auth-int";
    const auto response = protects ? hashed(fmt::format("{}:{}:{}:{}:{}:{}", hashed(first), state.nonce, count,
                                                        state.client_nonce, state.qop, hashed(second)))
                                   : hashed(fmt::format("{}:{}:{}", hashed(first), state.nonce, hashed(second)));
    auto header = fmt::format(R"(Digest username="{}", realm="{}", nonce="{}", uri="{}", algorithm="{}")",
                              auth.get("username"), state.realm, state.nonce, uri, algorithm);
    if (protects) header += ", qop=" + state.qop;
    if (protects || algorithm == "MD5-sess") {
        if (!count.empty()) header += ", nc=" + count;
        header += fmt::format(R"(, cnonce="{}")", state.client_nonce);
    }
    header += fmt::format(R"(, response="{}")", response);
    if (!state.opaque.empty()) header += fmt::format(R"(, opaque="{}")", state.opaque);
    auth::set_header(request, "Authorization", std::move(header));
}

void api_key(const Auth& auth, Request& request) {
    const std::string key(auth.get("key")), value(auth.get("value"));
    if (key.empty() && value.empty()) return;
    if (auth.get("in") != "query") return auth::set_header(request, key, value);
    auth::remove_query(request, key);
    request.url.query.push_back({key, value, false});
}

void oauth2(const Auth& auth, Request& request) {
    const std::string token(auth.get("accessToken"));
    std::string type(auth.get("tokenType"));
    for (char& c : type) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    if (token.empty() || type == "mac") return;
    auth::remove_header(request, "Authorization");
    auth::remove_query(request, "access_token");
    if (auth.get("addTokenTo") == "queryParams") {
        request.url.query.push_back({"access_token", token, false});
    } else if (auth.get("addTokenTo").empty() || auth.get("addTokenTo") == "header") {
        const auto given = std::find_if(auth.parameters.begin(), auth.parameters.end(),
                                        [](const auto& parameter) { return parameter.first == "headerPrefix"; });
        std::string prefix = given == auth.parameters.end() ? "Bearer" : given->second;
        prefix.erase(0, std::min(prefix.find_first_not_of(' '), prefix.size()));
        while (prefix.ends_with(' ')) prefix.pop_back();
        auth::set_header(request, "Authorization", (prefix.empty() ? "" : prefix + " ") + token);
    }
}

// nonce="..." of a challenge.
std::string field_of(const std::string& challenge, std::string_view name) {
    std::string lower = challenge;
    for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    const auto at = lower.find(std::string(name) + "=\"");
    if (at == std::string::npos) return {};
    const auto begin = at + name.size() + 2;
    const auto end = challenge.find('"', begin);
    return end == std::string::npos ? std::string() : challenge.substr(begin, end - begin);
}

}  // namespace

bool known_to_newman_only(std::string_view auth_type) { return auth_type == "ntlm"; }

void authorise(const Auth& auth, Request& request, suite::Dynamic& dynamic, const std::string& working_dir,
               const DigestStates& states) {
    if (auth.type == "basic") {
        auth::set_header(request, "Authorization",
                         "Basic " + base64_encode(fmt::format("{}:{}", auth.get("username"), auth.get("password"))));
    } else if (auth.type == "bearer") {
        if (auth.get("token").empty()) return;
        auth::set_header(request, "Authorization", fmt::format("Bearer {}", auth.get("token")));
    } else if (auth.type == "apikey") {
        api_key(auth, request);
    } else if (auth.type == "oauth2") {
        oauth2(auth, request);
    } else if (auth.type == "digest") {
        digest_access(auth, request, states, working_dir);
    } else if (auth.type == "oauth1") {
        auth::oauth1(auth, request, dynamic, working_dir);
    } else if (auth.type == "hawk") {
        auth::hawk(auth, request, dynamic, working_dir);
    } else if (auth.type == "awsv4") {
        auth::aws(auth, request, working_dir);
    } else if (auth.type == "edgegrid") {
        auth::edgegrid(auth, request, dynamic, working_dir);
    } else if (auth.type == "jwt") {
        auth::jwt(auth, request);
    } else if (auth.type == "asap") {
        auth::asap(auth, request, dynamic);
    }
}

bool answer_challenge(const Auth& auth, const http::Response& response, suite::Dynamic& dynamic, DigestStates& states) {
    if (auth.type != "digest" || auth::truthy(auth.get("disableRetryRequest"))) return false;
    const auto challenge = std::find_if(response.headers.begin(), response.headers.end(), [](const auto& header) {
        return http::equal_ignoring_case(header.name, "WWW-Authenticate") &&
               http::equal_ignoring_case(std::string_view(header.value).substr(0, 7), "Digest ");
    });
    auto& state = states[key_of(auth)];
    if ((response.code != 401 && response.code != 403) || challenge == response.headers.end()) {
        if (state.count != 0) ++state.count;
        return false;
    }
    const std::string text((*challenge).value);
    DigestState told{
        field_of(text, "realm"), field_of(text, "nonce"), field_of(text, "opaque"), field_of(text, "qop"), {}, 0};
    if (told.qop.empty()) told.qop = auth.get("qop");
    // What the block knew already is not asked for twice.
    const auto known = [&](std::string_view name, const std::string& learned) {
        return !auth.get(name).empty() || !learned.empty();
    };
    const bool all_known = known("nonce", state.nonce) && known("realm", state.realm) &&
                           (told.opaque.empty() || known("opaque", state.opaque)) &&
                           (told.qop.empty() || known("clientNonce", state.client_nonce));
    if (all_known) return false;
    if (!told.qop.empty()) {
        told.client_nonce = dynamic.make("$guid")->substr(0, 8);
        told.count = 1;
    }
    state = std::move(told);
    return true;
}

}  // namespace assay::harness
