#include "harness/signatures.h"

#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <memory>
#include <vector>

#include "base/base64.h"

namespace assay::harness {
namespace {

template <auto Free>
struct Freed {
    template <typename T>
    void operator()(T* pointer) const {
        Free(pointer);
    }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Context = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;
using Ecdsa = std::unique_ptr<ECDSA_SIG, Freed<ECDSA_SIG_free>>;

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

// Of PEM only what stands between the markers, so that missing line breaks do no harm.
Key key_of(std::string_view pem) {
    const auto begin = pem.find("-----BEGIN");
    const auto open = begin == std::string_view::npos ? begin : pem.find("-----", begin + 10);
    const auto close = open == std::string_view::npos ? open : pem.find("-----END", open + 5);
    if (close == std::string_view::npos) return nullptr;
    const auto der = decode_base64(pem.substr(open + 5, close - open - 5));
    const auto* at = bytes_of(der);
    return Key(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(der.size())));
}

std::optional<std::string> raw_ecdsa(const std::string& der, const EVP_PKEY* key) {
    const auto* at = bytes_of(std::string_view(der));
    const Ecdsa parsed(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
    if (!parsed) return std::nullopt;
    const auto width = (EVP_PKEY_get_bits(key) + 7) / 8;
    std::string raw(static_cast<std::size_t>(width) * 2, '\0');
    if (BN_bn2binpad(ECDSA_SIG_get0_r(parsed.get()), bytes_of(raw), width) < 0 ||
        BN_bn2binpad(ECDSA_SIG_get0_s(parsed.get()), bytes_of(raw) + width, width) < 0) {
        return std::nullopt;
    }
    return raw;
}

}  // namespace

std::string digest(const char* algorithm, std::string_view data) {
    const auto* type = EVP_get_digestbyname(algorithm);
    std::string out(EVP_MAX_MD_SIZE, '\0');
    unsigned size = 0;
    if (type == nullptr || EVP_Digest(data.data(), data.size(), bytes_of(out), &size, type, nullptr) != 1) return {};
    out.resize(size);
    return out;
}

std::string hmac(const char* algorithm, std::string_view key, std::string_view data) {
    const auto* type = EVP_get_digestbyname(algorithm);
    std::string out(EVP_MAX_MD_SIZE, '\0');
    unsigned size = 0;
    if (type == nullptr || HMAC(type, key.data(), static_cast<int>(key.size()), bytes_of(data), data.size(),
                                bytes_of(out), &size) == nullptr) {
        return {};
    }
    out.resize(size);
    return out;
}

std::string hex(std::string_view bytes) {
    std::string out;
    for (const char c : bytes) {
        out += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
        out += "0123456789abcdef"[static_cast<unsigned char>(c) & 15];
    }
    return out;
}

std::optional<std::string> sign(const char* algorithm, Padding padding, std::string_view pem, std::string_view data) {
    const auto key = key_of(pem);
    const Context context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* settings = nullptr;  // the context owns it
    if (!key || !context ||
        EVP_DigestSignInit(context.get(), &settings, EVP_get_digestbyname(algorithm), nullptr, key.get()) != 1) {
        return std::nullopt;
    }
    const bool elliptic = EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_EC;
    if (elliptic != (padding == Padding::ecdsa)) return std::nullopt;
    if (padding == Padding::pss && (EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PSS_PADDING) != 1 ||
                                    EVP_PKEY_CTX_set_rsa_pss_saltlen(settings, RSA_PSS_SALTLEN_DIGEST) != 1)) {
        return std::nullopt;
    }
    std::size_t size = 0;
    if (EVP_DigestSign(context.get(), nullptr, &size, bytes_of(data), data.size()) != 1) return std::nullopt;
    std::string out(size, '\0');
    if (EVP_DigestSign(context.get(), bytes_of(out), &size, bytes_of(data), data.size()) != 1) return std::nullopt;
    out.resize(size);
    return elliptic ? raw_ecdsa(out, key.get()) : std::optional(std::move(out));
}

std::string decode_base64(std::string_view text) {
    static constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    unsigned bits = 0;
    int count = 0;
    for (char c : text) {
        c = c == '-' ? '+' : c == '_' ? '/' : c;
        const auto value = kDigits.find(c);
        if (value == std::string_view::npos) continue;
        bits = bits << 6 | static_cast<unsigned>(value);
        count += 6;
        if (count < 8) continue;
        count -= 8;
        out += static_cast<char>(bits >> count & 0xff);
    }
    return out;
}

std::string base64_url(std::string_view bytes) {
    auto text = base64_encode(bytes);
    while (text.ends_with('=')) text.pop_back();
    for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
    return text;
}

}  // namespace assay::harness
