// OAuth 1.0a (RFC 5849), Hawk, AWS signature version 4 and Akamai EdgeGrid, with newman's choices of what is signed.
#include "harness/authorize_signed.h"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <ctime>
#include <map>
#include <vector>

#include "base/base64.h"
#include "harness/http/fields.h"
#include "harness/signatures.h"

namespace assay::harness::auth {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;
using suite::Auth;
using suite::Request;

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    return out;
}

std::string collapsed(std::string_view text) {  // trimmed, runs of blanks as one space
    std::string out;
    for (const char c : text) {
        const bool blank = c == ' ' || (c >= '\t' && c <= '\r');
        if (!blank)
            out += c;
        else if (!out.empty() && out.back() != ' ')
            out += ' ';
    }
    if (out.ends_with(' ')) out.pop_back();
    return out;
}

Pairs decoded_query(const http::Url& url) {
    Pairs pairs;
    std::string_view rest = url.query ? std::string_view(*url.query) : std::string_view();
    while (!rest.empty()) {
        const auto part = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(part.size() + 1, rest.size()));
        if (part.empty()) continue;
        const auto equals = part.find('=');
        const auto decoded = [](std::string_view text) {
            std::string plain(text);
            std::replace(plain.begin(), plain.end(), '+', ' ');
            return http::percent_decode(plain);
        };
        pairs.emplace_back(decoded(part.substr(0, equals)),
                           equals == std::string_view::npos ? "" : decoded(part.substr(equals + 1)));
    }
    return pairs;
}

std::string utc(const char* format, std::int64_t seconds) {
    const std::time_t time = seconds;
    std::tm parts{};
    gmtime_r(&time, &parts);
    std::array<char, 64> text{};
    return {text.data(), std::strftime(text.data(), text.size(), format, &parts)};
}

std::string encode(std::string_view text) { return http::encode_form_component(text); }

const std::string_view kOauthNames[] = {
    "oauth_consumer_key", "oauth_token",     "oauth_signature_method", "oauth_timestamp", "oauth_nonce",
    "oauth_version",      "oauth_signature", "oauth_callback",         "oauth_verifier",  "oauth_body_hash"};

std::string oauth_base(const Request& request, const Pairs& parameters, const http::Url& url) {
    Pairs sorted;
    for (const auto& list : {decoded_query(url), parameters}) {
        for (const auto& [name, value] : list) sorted.emplace_back(encode(name), encode(value));
    }
    std::sort(sorted.begin(), sorted.end(),
              [](const auto& a, const auto& b) { return a.first + " " + a.second < b.first + " " + b.second; });
    std::string form;
    for (const auto& [name, value] : sorted)
        form.append(form.empty() ? "" : "&").append(name).append("=").append(value);
    const auto standard = url.secure() ? "443" : "80";
    const bool plain_port = !url.port || *url.port == standard || url.port->empty();
    const auto authority = lower(plain_port ? url.host : url.host + ":" + *url.port);
    return encode(request.method) + "&" + encode(url.scheme + "://" + authority + url.path) + "&" + encode(form);
}

std::optional<std::string> oauth_signature(const Auth& auth, const std::string& method, const std::string& base) {
    const auto key = encode(auth.get("consumerSecret")) + "&" + encode(auth.get("tokenSecret"));
    if (method == "PLAINTEXT") return key;
    const auto dash = method.find('-');
    const auto hash = lower(dash == std::string::npos ? "" : method.substr(dash + 1));
    if (hash != "sha1" && hash != "sha256" && hash != "sha512") return std::nullopt;
    if (method.starts_with("HMAC-")) return base64_encode(hmac(hash.c_str(), key, base));
    if (!method.starts_with("RSA-")) return std::nullopt;
    const auto made = sign(hash.c_str(), Padding::pkcs1, auth.get("privateKey"), base);
    return made ? std::optional(base64_encode(*made)) : std::nullopt;
}

}  // namespace

void oauth1(const Auth& auth, Request& request, suite::Dynamic& dynamic, const std::string& working_dir) {
    const std::string method(auth.get("signatureMethod"));
    const bool rsa = method.starts_with("RSA");
    if (auth.get("consumerKey").empty() || auth.get(rsa ? "privateKey" : "consumerSecret").empty()) return;
    auto* form = request.body && request.body->mode == suite::Body::Mode::urlencoded ? &request.body->fields : nullptr;
    remove_header(request, "Authorization");
    for (const auto name : kOauthNames) {
        remove_query(request, name);
        if (form != nullptr) std::erase_if(*form, [&](const auto& field) { return field.key == name; });
    }
    const auto given = [&](std::string_view name, std::string otherwise) {
        return auth.get(name).empty() ? std::move(otherwise) : std::string(auth.get(name));
    };
    Pairs own = {{"oauth_consumer_key", std::string(auth.get("consumerKey"))},
                 {"oauth_token", std::string(auth.get("token"))},
                 {"oauth_signature_method", method},
                 {"oauth_timestamp", given("timestamp", std::to_string(now()))},
                 {"oauth_nonce", given("nonce", dynamic.make("$guid")->substr(24, 11))},
                 {"oauth_version", std::string(auth.get("version"))}};
    const auto dash = method.find('-');
    if (form == nullptr && truthy(auth.get("includeBodyHash")) && dash != std::string::npos) {
        const auto hash = lower(method.substr(dash + 1));
        if (request.body == std::nullopt || request.body->mode != suite::Body::Mode::formdata) {
            own.emplace_back("oauth_body_hash",
                             base64_encode(digest(hash.c_str(), hashable_body(request, working_dir).value_or(""))));
        }
    }
    if (!auth.get("callback").empty()) own.emplace_back("oauth_callback", auth.get("callback"));
    if (!auth.get("verifier").empty()) own.emplace_back("oauth_verifier", auth.get("verifier"));
    if (!truthy(auth.get("addEmptyParamsToSign"))) {
        std::erase_if(own, [](const auto& pair) { return pair.second.empty(); });
    }
    auto all = own;
    if (form != nullptr) {
        for (const auto& field : *form) {
            if (!field.disabled) all.emplace_back(field.key, field.value);
        }
    }
    const auto url = sent_url(request);
    const auto signature = oauth_signature(auth, method.empty() ? "HMAC-SHA1" : method, oauth_base(request, all, url));
    if (!signature) return;
    if (!request.url.query.empty()) {  // encoded as the signature has it
        std::vector<suite::QueryParam> query;
        for (const auto& [name, value] : decoded_query(url)) query.push_back({encode(name), encode(value), false});
        request.url.query = std::move(query);
    }
    own.emplace_back("oauth_signature", *signature);
    if (truthy(auth.get("addParamsToHeader"))) {
        const bool bare = truthy(auth.get("disableHeaderEncoding"));
        const auto shown = [bare](std::string_view text) { return bare ? std::string(text) : encode(text); };
        std::string header;
        const auto add = [&](std::string_view name, const std::string& value) {
            header.append(header.empty() ? "" : ",").append(name).append("=\"").append(value).append("\"");
        };
        if (!auth.get("realm").empty()) add("realm", shown(auth.get("realm")));
        for (const auto& [name, value] : own) {
            if (!value.empty()) add(name, shown(value));
        }
        request.headers.push_back({"Authorization", "OAuth " + header, false, true});
    } else if (form != nullptr && (request.method == "PUT" || request.method == "POST")) {
        for (const auto& [name, value] : own) {
            suite::FormField field;
            field.key = name;
            field.value = value;
            form->push_back(std::move(field));
        }
    } else {
        for (const auto& [name, value] : own) request.url.query.push_back({encode(name), encode(value), false});
    }
}

void hawk(const Auth& auth, Request& request, suite::Dynamic& dynamic, const std::string& working_dir) {
    const std::string id(auth.get("authId")), key(auth.get("authKey")), algorithm(auth.get("algorithm"));
    if (id.empty() || key.empty()) return;
    remove_header(request, "Authorization");
    if (algorithm != "sha1" && algorithm != "sha256") return set_header(request, "Authorization", "");
    const auto url = sent_url(request);
    const auto stamp = auth.get("timestamp").empty() ? std::to_string(now()) : std::string(auth.get("timestamp"));
    const auto nonce = auth.get("nonce").empty() ? dynamic.make("$guid")->substr(0, 6) : std::string(auth.get("nonce"));
    std::string hash;
    const auto body = hashable_body(request, working_dir);
    if (truthy(auth.get("includePayloadHash")) && body) {
        std::string type;
        for (const auto& header : request.headers) {
            if (!header.disabled && http::equal_ignoring_case(header.key, "Content-Type")) type = header.value;
        }
        type = collapsed(lower(type.substr(0, type.find(';'))));
        hash = base64_encode(digest(algorithm.c_str(), "hawk.1.payload\n" + type + "\n" + *body + "\n"));
    }
    const std::string ext(auth.get("extraData")), app(auth.get("app")), delegation(auth.get("delegation"));
    const auto port = url.port && !url.port->empty() ? *url.port : url.secure() ? "443" : "80";
    auto normalized = fmt::format("hawk.1.header\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n", stamp, nonce, request.method,
                                  url.target(), lower(url.host), port, hash, ext);
    if (!app.empty()) normalized += app + "\n" + delegation + "\n";
    auto header = fmt::format(R"(Hawk id="{}", ts="{}", nonce="{})", id, stamp, nonce);
    if (!hash.empty()) header += R"(", hash=")" + hash;
    if (!ext.empty()) header += R"(", ext=")" + ext;
    header += fmt::format(R"(", mac="{}")", base64_encode(hmac(algorithm.c_str(), key, normalized)));
    if (!app.empty()) header += R"(, app=")" + app + (delegation.empty() ? "" : R"(", dlg=")" + delegation) + "\"";
    set_header(request, "Authorization", std::move(header));
}

void aws(const Auth& auth, Request& request, const std::string& working_dir) {
    for (const auto name : {"Authorization", "X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Content-Sha256"}) {
        remove_header(request, name);
    }
    for (const auto name : {"X-Amz-Security-Token", "X-Amz-Date", "X-Amz-Algorithm", "X-Amz-Credential",
                            "X-Amz-SignedHeaders", "X-Amz-Signature"}) {
        remove_query(request, name);
    }
    const std::string service(auth.get("service").empty() ? "execute-api" : auth.get("service"));
    const std::string region(auth.get("region").empty() ? "us-east-1" : auth.get("region"));
    const bool in_query = truthy(auth.get("addAuthDataToQuery")), s3 = service == "s3";
    const auto url = sent_url(request);
    const auto date_time = utc("%Y%m%dT%H%M%SZ", now());
    const auto scope = fmt::format("{}/{}/{}/aws4_request", date_time.substr(0, 8), region, service);

    std::map<std::string, std::string> headers;  // lower case, sorted
    for (const auto& header : request.headers) {
        if (!header.disabled && !header.key.empty()) headers[lower(header.key)] = header.value;
    }
    std::vector<std::pair<std::string, std::string>> added;
    if (headers.count("host") == 0) added.emplace_back("Host", url.authority);
    const std::string token(auth.get("sessionToken"));
    auto query = decoded_query(url);
    std::string body_hash = hex(digest("sha256", ""));
    if (in_query) {
        if (!token.empty()) query.emplace_back("X-Amz-Security-Token", token);
        const bool expires =
            std::any_of(query.begin(), query.end(), [](const auto& p) { return p.first == "X-Amz-Expires"; });
        if (s3 && !expires) query.emplace_back("X-Amz-Expires", "86400");
        query.emplace_back("X-Amz-Date", date_time);
        query.emplace_back("X-Amz-Algorithm", "AWS4-HMAC-SHA256");
        query.emplace_back("X-Amz-Credential", fmt::format("{}/{}", auth.get("accessKey"), scope));
        if (s3) body_hash = "UNSIGNED-PAYLOAD";
    } else {
        const auto body = hashable_body(request, working_dir);
        if (body) body_hash = hex(digest("sha256", *body));
        if (body || s3) added.emplace_back("X-Amz-Content-Sha256", body_hash);
        if (!token.empty()) added.emplace_back("X-Amz-Security-Token", token);
        added.emplace_back("X-Amz-Date", date_time);
    }
    for (const auto& [name, value] : added) headers[lower(name)] = value;
    for (const auto name :
         {"authorization", "connection", "x-amzn-trace-id", "user-agent", "expect", "presigned-expires", "range"}) {
        headers.erase(name);
    }
    std::string canonical_headers, signed_headers;
    for (const auto& [name, value] : headers) {
        canonical_headers += name + ":" + collapsed(value) + "\n";
        signed_headers.append(signed_headers.empty() ? "" : ";").append(name);
    }
    if (in_query) query.emplace_back("X-Amz-SignedHeaders", signed_headers);

    Pairs sorted;
    for (const auto& [name, value] : query) {
        if (!name.empty()) sorted.emplace_back(encode(name), encode(value));
    }
    std::stable_sort(sorted.begin(), sorted.end());
    std::string canonical_query;
    for (const auto& [name, value] : sorted) {
        canonical_query.append(canonical_query.empty() ? "" : "&").append(name).append("=").append(value);
    }
    std::vector<std::string> pieces;
    for (std::string_view rest = url.path; !rest.empty();) {
        rest.remove_prefix(1);  // the slash
        const auto piece = rest.substr(0, rest.find('/'));
        rest.remove_prefix(piece.size());
        if (!s3 && piece.empty() && !rest.empty()) continue;
        if (!s3 && piece == "..") {
            if (!pieces.empty()) pieces.pop_back();
        } else if (s3 || piece != ".") {
            pieces.push_back(encode(s3 ? http::percent_decode(piece) : std::string(piece)));
        }
    }
    std::string path;
    for (const auto& piece : pieces) path += "/" + piece;
    if (path.empty()) path = "/";
    const auto canonical = fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, path, canonical_query,
                                       canonical_headers, signed_headers, body_hash);
    const auto to_sign =
        fmt::format("AWS4-HMAC-SHA256\n{}\n{}\n{}", date_time, scope, hex(digest("sha256", canonical)));
    auto key = hmac("sha256", fmt::format("AWS4{}", auth.get("secretKey")), date_time.substr(0, 8));
    for (const auto& part : {region, service, std::string("aws4_request")}) key = hmac("sha256", key, part);
    const auto signature = hex(hmac("sha256", key, to_sign));

    if (in_query) {
        query.emplace_back("X-Amz-Signature", signature);
        for (const auto& [name, value] : query) {
            const bool there = std::any_of(request.url.query.begin(), request.url.query.end(),
                                           [&, n = name](const auto& param) { return param.key == n; });
            if (name.starts_with("X-Amz-") && !there) request.url.query.push_back({name, encode(value), false});
        }
    } else {
        added.emplace_back("Authorization",
                           fmt::format("AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={}, Signature={}",
                                       auth.get("accessKey"), scope, signed_headers, signature));
    }
    for (auto& [name, value] : added) set_header(request, name, std::move(value));
}

void edgegrid(const Auth& auth, Request& request, suite::Dynamic& dynamic, const std::string& working_dir) {
    const std::string access(auth.get("accessToken")), client(auth.get("clientToken"));
    const std::string secret(auth.get("clientSecret"));
    if (access.empty() || client.empty() || secret.empty()) return;
    remove_header(request, "Authorization");
    const auto url = sent_url(request);
    const auto stamp =
        auth.get("timestamp").empty() ? utc("%Y%m%dT%H:%M:%S+0000", now()) : std::string(auth.get("timestamp"));
    const auto nonce = auth.get("nonce").empty() ? *dynamic.make("$guid") : std::string(auth.get("nonce"));
    std::string hash;
    if (request.method == "POST") {
        if (auto body = hashable_body(request, working_dir)) {
            std::size_t most = 131072;
            if (const std::string given(auth.get("maxBodySize")); !given.empty())
                most = std::strtoull(given.c_str(), nullptr, 10);
            hash = base64_encode(digest("sha256", std::string_view(*body).substr(0, most)));
        }
    }
    std::string signed_headers;
    for (std::string_view rest = auth.get("headersToSign"); !rest.empty();) {
        const auto part = rest.substr(0, rest.find(','));
        rest.remove_prefix(std::min(part.size() + 1, rest.size()));
        const auto name = lower(collapsed(part));
        std::string value;
        for (const auto& header : request.headers) {
            if (!header.disabled && lower(header.key) == name) value = header.value;
        }
        if (value.empty()) continue;
        signed_headers.append(signed_headers.empty() ? "" : "\t").append(name).append(":").append(collapsed(value));
    }
    const std::string base(auth.get("baseURL"));
    const auto host = base.empty() ? url.authority : http::parse_url(base).authority;
    auto header = fmt::format("EG1-HMAC-SHA256 client_token={};access_token={};timestamp={};nonce={};", client, access,
                              stamp, nonce);
    const auto data = fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}", request.method, url.scheme, host, url.target(),
                                  signed_headers, hash, header);
    header += "signature=" + base64_encode(hmac("sha256", base64_encode(hmac("sha256", secret, stamp)), data));
    set_header(request, "Authorization", std::move(header));
}

}  // namespace assay::harness::auth
