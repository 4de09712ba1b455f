#include "harness/http/content_decoding.h"

#include <brotli/decode.h>
#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <memory>

namespace assay::http {

namespace {

using Decoded = tl::expected<std::string, DecodeError>;

// Grows by doubling, never beyond one byte more than the limit: that byte tells that the limit is passed.
class Output {
 public:
    explicit Output(Bytes limit) : limit_(limit.count == 0 ? UINT64_MAX : limit.count) {}

    // Room to write to; empty when the limit is passed.
    std::pair<unsigned char*, std::size_t> room() {
        if (used_ > limit_) return {nullptr, 0};
        if (used_ == text_.size()) {
            const std::uint64_t most = limit_ == UINT64_MAX ? UINT64_MAX : limit_ + 1;
            text_.resize(
                static_cast<std::size_t>(std::min<std::uint64_t>(std::max<std::size_t>(16384, used_ * 2), most)));
        }
        return {reinterpret_cast<unsigned char*>(text_.data()) + used_, text_.size() - used_};
    }
    void wrote(std::size_t bytes) { used_ += bytes; }
    [[nodiscard]] bool over() const { return used_ > limit_; }
    std::string take() {
        text_.resize(used_);
        return std::move(text_);
    }

 private:
    std::uint64_t limit_;
    std::size_t used_ = 0;
    std::string text_;
};

tl::unexpected<DecodeError> too_large() { return tl::unexpected(DecodeError{true, "", ""}); }

constexpr int kRaw = -15, kZlib = 15, kGzip = 15 + 16;

tl::unexpected<DecodeError> cut_short() {
    return tl::unexpected(DecodeError{false, "Z_BUF_ERROR", "unexpected end of file"});
}

Decoded inflate_all(std::string_view body, int window_bits, Bytes limit, CutShort cut) {
    if (body.empty() && cut == CutShort::accepted) return std::string();
    z_stream stream{};
    if (::inflateInit2(&stream, window_bits) != Z_OK)
        return tl::unexpected(DecodeError{false, "Z_MEM_ERROR", "out of memory"});
    const std::unique_ptr<z_stream, int (*)(z_stream*)> guard(&stream, ::inflateEnd);
    Output output(limit);
    while (true) {
        // avail_in is 32 bits wide: a body of more than that is passed in turns.
        if (stream.avail_in == 0 && !body.empty()) {
            const std::size_t part = std::min<std::size_t>(body.size(), 1u << 30);
            stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
            stream.avail_in = static_cast<uInt>(part);
            body.remove_prefix(part);
        }
        auto [at, size] = output.room();
        if (size == 0) return too_large();
        const auto offered = static_cast<uInt>(std::min<std::size_t>(size, 1u << 30));
        stream.next_out = at;
        stream.avail_out = offered;
        const int status = ::inflate(&stream, Z_SYNC_FLUSH);
        output.wrote(offered - stream.avail_out);
        if (output.over()) return too_large();
        switch (status) {
            case Z_OK: break;
            case Z_STREAM_END:
                // A further gzip member follows at once; zeros pad the end; anything else is an error.
                if (window_bits != kGzip || stream.avail_in == 0 || *stream.next_in == 0) return output.take();
                if (::inflateReset(&stream) != Z_OK) return output.take();
                break;
            case Z_BUF_ERROR:
                if (stream.avail_in != 0 || !body.empty()) break;
                if (cut == CutShort::refused) return cut_short();
                return output.take();  // newman takes what came
            case Z_NEED_DICT: return tl::unexpected(DecodeError{false, "Z_NEED_DICT", "Missing dictionary"});
            case Z_DATA_ERROR:
                return tl::unexpected(DecodeError{false, "Z_DATA_ERROR", stream.msg ? stream.msg : "invalid data"});
            default: return tl::unexpected(DecodeError{false, "Z_STREAM_ERROR", "stream error"});
        }
        if (stream.avail_in == 0 && body.empty() && stream.avail_out != 0) {
            if (cut == CutShort::refused) return cut_short();
            return output.take();
        }
    }
}

Decoded unbrotli(std::string_view body, Bytes limit) {
    const std::unique_ptr<BrotliDecoderState, void (*)(BrotliDecoderState*)> state(
        ::BrotliDecoderCreateInstance(nullptr, nullptr, nullptr), ::BrotliDecoderDestroyInstance);
    if (!state) return tl::unexpected(DecodeError{false, "ERR_ZLIB_INITIALIZATION_FAILED", "Initialization failed"});
    Output output(limit);
    const auto* in = reinterpret_cast<const unsigned char*>(body.data());
    std::size_t in_left = body.size();
    while (true) {
        auto [out, room] = output.room();
        if (room == 0) return too_large();
        std::size_t out_left = room;
        const auto status = ::BrotliDecoderDecompressStream(state.get(), &in_left, &in, &out_left, &out, nullptr);
        output.wrote(room - out_left);
        if (output.over()) return too_large();
        if (status == BROTLI_DECODER_RESULT_SUCCESS) return output.take();  // what follows is ignored
        if (status == BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT) return cut_short();
        if (status == BROTLI_DECODER_RESULT_ERROR) {
            // The name of the library's error code as Node builds it, where all but a few are errors of format.
            const BrotliDecoderErrorCode code = ::BrotliDecoderGetErrorCode(state.get());
            const std::string_view family = code >= -16 ? "FORMAT_" : code >= -20 ? "" : "ALLOC_";
            return tl::unexpected(DecodeError{false,
                                              fmt::format("ERR__ERROR_{}{}", family, ::BrotliDecoderErrorString(code)),
                                              "Decompression failed"});
        }
    }
}

}  // namespace

Coding content_coding(const Fields& fields) {
    const auto text = fields.joined("content-encoding");
    if (!text) return Coding::identity;
    std::string_view coding = *text;
    while (!coding.empty() && (coding.front() == ' ' || coding.front() == '\t')) coding.remove_prefix(1);
    if (equal_ignoring_case(coding, "gzip")) return Coding::gzip;
    if (equal_ignoring_case(coding, "deflate")) return Coding::deflate;
    if (equal_ignoring_case(coding, "br")) return Coding::brotli;
    return Coding::identity;
}

tl::expected<std::string, DecodeError> decode_content(Coding coding, std::string_view body, Bytes limit, CutShort cut) {
    switch (coding) {
        case Coding::gzip: return inflate_all(body, kGzip, limit, cut);
        case Coding::deflate:
            return inflate_all(body, !body.empty() && (body.front() & 0x0F) == 0x08 ? kZlib : kRaw, limit, cut);
        case Coding::brotli: return unbrotli(body, limit);
        case Coding::identity: break;
    }
    if (limit.count != 0 && body.size() > limit.count) return too_large();
    return std::string(body);
}

}  // namespace assay::http
