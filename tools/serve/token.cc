#include "tools/serve/token.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <cctype>

#include "base/fd.h"

namespace assay::serve {

namespace {
constexpr std::size_t kShortest = 16;
constexpr std::size_t kLongest = 4096;
}  // namespace

Result<std::string> read_token(const std::string& file, const std::string& given) {
    std::string token = given;
    if (!file.empty()) {
        ASSAY_TRY(token, read_file(file, kLongest));
        token.resize(std::min(token.find_first_of("\r\n"), token.size()));
    }
    const std::string remedy =
        "write 32 random bytes, as of \"openssl rand -hex 32\", to a file that only you can read, and give "
        "--token-file";
    if (token.empty()) return fail("read token", "a server on the network needs a bearer token", remedy);
    if (token.size() < kShortest) return fail("read token", "the token has less than 16 characters", remedy);
    if (!std::all_of(token.begin(), token.end(), [](unsigned char c) { return c > 0x20 && c < 0x7f; }))
        return fail("read token", "the token has characters that a header cannot carry", remedy);
    return token;
}

bool shows_token(std::string_view authorization, const std::string& token) {
    constexpr std::string_view kScheme = "bearer ";
    if (authorization.size() < kScheme.size()) return false;
    for (std::size_t i = 0; i < kScheme.size(); ++i)
        if (std::tolower(static_cast<unsigned char>(authorization[i])) != kScheme[i]) return false;
    const std::string_view shown = authorization.substr(kScheme.size());
    return shown.size() == token.size() && CRYPTO_memcmp(shown.data(), token.data(), token.size()) == 0;
}

}  // namespace assay::serve
