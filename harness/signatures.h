// Hashes, message authentication codes and signatures that auth blocks need, by OpenSSL. Algorithms by OpenSSL's names:
// "md5", "sha1", "sha256", "sha384", "sha512", "sha512-256". Bytes in, bytes out. Thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace assay::harness {

// Empty: no such algorithm.
std::string digest(const char* algorithm, std::string_view data);
std::string hmac(const char* algorithm, std::string_view key, std::string_view data);
std::string hex(std::string_view bytes);

// A signature by a private key in PEM (PKCS#1 or PKCS#8, line breaks may be missing). Empty: no usable key.
enum class Padding { pkcs1, pss, ecdsa };  // ecdsa: r and s side by side, as JSON Web Signatures have it
std::optional<std::string> sign(const char* algorithm, Padding padding, std::string_view pem, std::string_view data);

// Base64 of either alphabet, padding optional; what is no digit is passed over.
std::string decode_base64(std::string_view text);
// Base64 for URLs, without padding (RFC 4648, section 5).
std::string base64_url(std::string_view bytes);

}  // namespace assay::harness
