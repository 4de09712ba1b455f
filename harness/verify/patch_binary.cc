#include "harness/verify/patch_binary.h"

#include <zlib.h>

#include <algorithm>

namespace assay::verify {
namespace {

constexpr std::string_view kAlphabet =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";

// The delta's sizes: seven bits a byte, least significant first, the high bit says that more follow.
std::optional<std::uint64_t> read_size(std::string_view& delta) {
    std::uint64_t size = 0;
    for (unsigned shift = 0; shift < 63 && !delta.empty(); shift += 7) {
        const auto byte = static_cast<unsigned char>(delta.front());
        delta.remove_prefix(1);
        size |= std::uint64_t{byte & 0x7Fu} << shift;
        if ((byte & 0x80) == 0) return size;
    }
    return std::nullopt;
}

// The bytes of a copy instruction that its flag bits announce, least significant first.
std::optional<std::uint64_t> read_operand(std::string_view& delta, unsigned flags, unsigned count) {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < count; ++i) {
        if ((flags >> i & 1) == 0) continue;
        if (delta.empty()) return std::nullopt;
        value |= std::uint64_t{static_cast<unsigned char>(delta.front())} << (8 * i);
        delta.remove_prefix(1);
    }
    return value;
}

}  // namespace

std::size_t line_bytes(char letter) {
    if (letter >= 'A' && letter <= 'Z') return static_cast<std::size_t>(letter - 'A') + 1;
    if (letter >= 'a' && letter <= 'z') return static_cast<std::size_t>(letter - 'a') + 27;
    return 0;
}

std::optional<std::string> decode_base85(std::string_view text, std::size_t bytes) {
    if (bytes == 0 || text.size() != (bytes + 3) / 4 * 5) return std::nullopt;
    std::string decoded;
    decoded.reserve(text.size() / 5 * 4);
    for (std::size_t pos = 0; pos < text.size(); pos += 5) {
        std::uint64_t word = 0;
        for (char c : text.substr(pos, 5)) {
            const auto digit = kAlphabet.find(c);
            if (digit == std::string_view::npos) return std::nullopt;
            word = word * 85 + digit;
        }
        if (word > 0xFFFFFFFFu) return std::nullopt;
        for (int shift = 24; shift >= 0; shift -= 8) decoded.push_back(static_cast<char>(word >> shift & 0xFF));
    }
    decoded.resize(bytes);
    return decoded;
}

std::optional<std::string> inflate_exactly(std::string_view deflated, std::uint64_t size) {
    // zlib cannot do better than about 1032 : 1; a size beyond that is a lie, and is not allocated.
    if (size > deflated.size() * std::uint64_t{1100} + 64) return std::nullopt;
    std::string bytes(size + 1, '\0');  // one more, so that too much is seen
    z_stream stream{};
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(deflated.data()));  // zlib does not write there
    stream.avail_in = static_cast<uInt>(deflated.size());
    stream.next_out = reinterpret_cast<Bytef*>(bytes.data());
    stream.avail_out = static_cast<uInt>(bytes.size());
    if (inflateInit(&stream) != Z_OK) return std::nullopt;
    const int status = inflate(&stream, Z_FINISH);
    const bool complete = status == Z_STREAM_END && stream.total_out == size && stream.avail_in == 0;
    inflateEnd(&stream);
    if (!complete) return std::nullopt;
    bytes.resize(size);
    return bytes;
}

std::optional<std::string> apply_delta(std::string_view old, std::string_view delta, std::uint64_t limit) {
    const auto old_size = read_size(delta);
    const auto new_size = read_size(delta);
    if (!old_size || !new_size || *old_size != old.size() || *new_size > limit) return std::nullopt;
    std::string made;
    made.reserve(std::min<std::uint64_t>(*new_size, 1 << 20));  // grows by what the program really makes
    while (!delta.empty()) {
        const auto op = static_cast<unsigned char>(delta.front());
        delta.remove_prefix(1);
        if ((op & 0x80) != 0) {
            const auto offset = read_operand(delta, op, 4);
            auto count = read_operand(delta, op >> 4, 3);
            if (!offset || !count) return std::nullopt;
            if (*count == 0) count = 0x10000;
            if (*offset > old.size() || *count > old.size() - *offset || *count > *new_size - made.size())
                return std::nullopt;
            made.append(old.substr(*offset, *count));
        } else {
            if (op == 0 || op > delta.size() || op > *new_size - made.size()) return std::nullopt;
            made.append(delta.substr(0, op));
            delta.remove_prefix(op);
        }
    }
    if (made.size() != *new_size) return std::nullopt;
    return made;
}

}  // namespace assay::verify
