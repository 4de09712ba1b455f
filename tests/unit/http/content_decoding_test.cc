#include "harness/http/content_decoding.h"

#include <gtest/gtest.h>
#include <zlib.h>

using namespace assay;
using namespace assay::http;
using namespace std::string_literals;

namespace {

// window bits: 31 gzip, 15 zlib, -15 raw
std::string compress(const std::string& text, int window_bits) {
    z_stream stream{};
    deflateInit2(&stream, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
    std::string out(deflateBound(&stream, text.size()) + 64, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

std::string decoded(Coding coding, const std::string& body, Bytes limit = 1_MiB) {
    auto result = decode_content(coding, body, limit);
    if (result) return *result;
    return result.error().too_large ? "too large" : result.error().message + " [" + result.error().code + "]";
}

const std::string kHello = [] {
    std::string text;
    for (int i = 0; i < 20; ++i) text += "hello world ";
    return text;
}();
const std::string kGzip = compress(kHello, 31);
const std::string kDeflate = compress(kHello, 15);
const std::string kRaw = compress(kHello, -15);

// "hello world " twenty times, by Node's brotliCompressSync
const std::string kBrotli =
    "\x1b\xef\x00\xf8\x8d\x94\x6e\xde\x44\x55\x86\x96\x20\x6c\x6f\x35\xcb\x62\xb5\x40\x06\x54\xdb\x03"s;

}  // namespace

TEST(DecodeContent, UndoesWhatNewmanUndoes) {
    EXPECT_EQ(decoded(Coding::gzip, kGzip), kHello);
    EXPECT_EQ(decoded(Coding::deflate, kDeflate), kHello);
    EXPECT_EQ(decoded(Coding::deflate, kRaw), kHello);
    EXPECT_EQ(decoded(Coding::identity, "abc"), "abc");
    EXPECT_EQ(decoded(Coding::gzip, ""), "");
    EXPECT_EQ(decoded(Coding::deflate, ""), "");
}

TEST(DecodeContent, TakesWhatCameOfATruncatedBody) {
    for (const std::size_t cut : {5, 12, 20}) {
        const std::string some = decoded(Coding::gzip, kGzip.substr(0, kGzip.size() - cut));
        EXPECT_TRUE(kHello.starts_with(some)) << cut;
    }
    EXPECT_TRUE(kHello.starts_with(decoded(Coding::deflate, kDeflate.substr(0, kDeflate.size() - 6))));
    EXPECT_EQ(decoded(Coding::gzip, kGzip.substr(0, 5)), "");
}

TEST(DecodeContent, RefusesWhatIsNotGzipInZlibsWords) {
    EXPECT_EQ(decoded(Coding::gzip, "not gzip at all"), "incorrect header check [Z_DATA_ERROR]");
    EXPECT_EQ(decoded(Coding::gzip, kDeflate), "incorrect header check [Z_DATA_ERROR]");
    EXPECT_EQ(decoded(Coding::deflate, "\x78\x9cgarbage!"), "invalid block type [Z_DATA_ERROR]");
    EXPECT_EQ(decoded(Coding::deflate, "not deflate"), "invalid block type [Z_DATA_ERROR]");
    std::string bad_sum = kGzip;
    bad_sum[bad_sum.size() - 6] = static_cast<char>(bad_sum[bad_sum.size() - 6] + 1);
    EXPECT_EQ(decoded(Coding::gzip, bad_sum), "incorrect data check [Z_DATA_ERROR]");
    std::string bad_length = kGzip;
    bad_length[bad_length.size() - 2] = 1;
    EXPECT_EQ(decoded(Coding::gzip, bad_length), "incorrect length check [Z_DATA_ERROR]");
}

TEST(DecodeContent, ReadsFurtherGzipMembersAndPadding) {
    EXPECT_EQ(decoded(Coding::gzip, kGzip + kGzip), kHello + kHello);
    EXPECT_EQ(decoded(Coding::gzip, kGzip + "\0\0\0"s), kHello);
    EXPECT_EQ(decoded(Coding::gzip, kGzip + "\x1f"), kHello);
    EXPECT_EQ(decoded(Coding::gzip, kGzip + "GARBAGE"), "incorrect header check [Z_DATA_ERROR]");
    EXPECT_EQ(decoded(Coding::deflate, kDeflate + "GARB"), kHello);
}

TEST(DecodeContent, UndoesBrotliStrictly) {
    EXPECT_EQ(decoded(Coding::brotli, kBrotli), kHello);
    EXPECT_EQ(decoded(Coding::brotli, kBrotli + "GARB"), kHello);
    EXPECT_EQ(decoded(Coding::brotli, kBrotli.substr(0, kBrotli.size() - 3)), "unexpected end of file [Z_BUF_ERROR]");
    EXPECT_EQ(decoded(Coding::brotli, ""), "unexpected end of file [Z_BUF_ERROR]");
    EXPECT_EQ(decoded(Coding::brotli, "\xff\xff\xff\xffnot brotli"),
              "Decompression failed [ERR__ERROR_FORMAT_PADDING_2]");
}

TEST(DecodeContent, StopsAtTheLimitHoweverMuchIsToCome) {
    const std::string bomb = compress(std::string(64u << 20, 'x'), 31);
    ASSERT_LT(bomb.size(), 128u << 10);
    EXPECT_EQ(decoded(Coding::gzip, bomb, 1_MiB), "too large");
    EXPECT_EQ(decoded(Coding::gzip, kGzip, Bytes{kHello.size()}), kHello);
    EXPECT_EQ(decoded(Coding::gzip, kGzip, Bytes{kHello.size() - 1}), "too large");
    EXPECT_EQ(decoded(Coding::brotli, kBrotli, Bytes{10}), "too large");
    EXPECT_EQ(decoded(Coding::gzip, kGzip, Bytes{0}), kHello);
}

TEST(ContentCoding, KnowsThreeAndNoLists) {
    const auto of = [](std::initializer_list<const char*> values) {
        Fields fields;
        for (const char* value : values) fields.add("Content-Encoding", value);
        return content_coding(fields);
    };
    EXPECT_EQ(of({"gzip"}), Coding::gzip);
    EXPECT_EQ(of({"GZip"}), Coding::gzip);
    EXPECT_EQ(of({"deflate"}), Coding::deflate);
    EXPECT_EQ(of({"br"}), Coding::brotli);
    EXPECT_EQ(of({"x-gzip"}), Coding::identity);
    EXPECT_EQ(of({"gzip, gzip"}), Coding::identity);
    EXPECT_EQ(of({"gzip", "gzip"}), Coding::identity);
    EXPECT_EQ(of({}), Coding::identity);
}
