#include "images/oci/stream.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>
#include <openssl/evp.h>

#include <cerrno>

#include "images/archive_reader.h"

namespace assay::images::oci {
namespace {

constexpr std::size_t kChunk = 128 * 1024;

class Digest {
 public:
    Digest() : context_(::EVP_MD_CTX_new()) { ::EVP_DigestInit_ex(context_.get(), ::EVP_sha256(), nullptr); }
    void add(const void* bytes, std::size_t size) { ::EVP_DigestUpdate(context_.get(), bytes, size); }
    std::string text() {
        unsigned char digest[EVP_MAX_MD_SIZE];
        unsigned length = 0;
        ::EVP_DigestFinal_ex(context_.get(), digest, &length);
        std::string text = "sha256:";
        for (unsigned i = 0; i < length; ++i) text += fmt::format("{:02x}", digest[i]);
        return text;
    }

 private:
    struct Free {
        void operator()(EVP_MD_CTX* context) const { ::EVP_MD_CTX_free(context); }
    };
    std::unique_ptr<EVP_MD_CTX, Free> context_;
};

// The call that unpacks what begins so, of packings that people use by hand and that are not read here; else null.
const char* foreign_packing(std::string_view begin) {
    using namespace std::string_view_literals;
    static constexpr std::pair<std::string_view, const char*> kKnown[] = {{"\xfd"
                                                                           "7zXZ\0"sv,
                                                                           "xz -dc"},
                                                                          {"BZh"sv, "bzip2 -dc"},
                                                                          {"\x04\x22\x4d\x18"sv, "lz4 -dc"},
                                                                          {"PK\x03\x04"sv, "unzip -p"}};
    for (const auto& [magic, call] : kKnown)
        if (begin.starts_with(magic)) return call;
    return nullptr;
}

}  // namespace

struct BlobStream::State {
    Fd file;
    std::uint64_t limit = 0;
    Digest packed, unpacked;
    std::uint64_t size = 0, given = 0;
    int failed = 0;                 // errno of reading the file
    const char* foreign = nullptr;  // what unpacks it, when that is not done here
    bool opened = false, ended = false;
    std::string buffer = std::string(kChunk, '\0');
    ArchiveReader reader{archive_read_new()};

    // Bytes of the file; negative with errno set. Everything read is part of the digest.
    ssize_t read_more() {
        ssize_t got = 0;
        do got = ::read(file.get(), buffer.data(), buffer.size());
        while (got < 0 && errno == EINTR);
        if (got < 0) failed = errno;
        if (got > 0) {
            if (size == 0) foreign = foreign_packing({buffer.data(), static_cast<std::size_t>(got)});
            packed.add(buffer.data(), static_cast<std::size_t>(got));
            size += static_cast<std::uint64_t>(got);
        }
        return got;
    }

    static la_ssize_t on_read(archive* reader, void* self, const void** bytes) {
        auto* state = static_cast<State*>(self);
        const ssize_t got = state->read_more();
        if (got < 0 || state->foreign != nullptr) {
            archive_set_error(reader, state->failed, "cannot be read");
            return ARCHIVE_FATAL;
        }
        *bytes = state->buffer.data();
        return got;
    }

    [[nodiscard]] tl::unexpected<Error> broken() const {
        if (failed != 0) return fail_errno(failed, "read blob");
        if (foreign != nullptr)
            return fail("decompress blob", "it is packed otherwise than with gzip or zstd",
                        fmt::format("unpack it first: {} FILE | assay image import -", foreign));
        const char* why = archive_error_string(reader.get());
        return fail("decompress blob", why == nullptr ? "it is damaged" : why);
    }

    Result<void> open() {
        if (!reader) return fail_errno(ENOMEM, "read blob");
        archive_read_support_format_raw(reader.get());
        archive_read_support_format_empty(reader.get());
        archive_read_support_filter_gzip(reader.get());
        archive_read_support_filter_zstd(reader.get());
        opened = true;
        if (archive_read_open(reader.get(), this, nullptr, &on_read, nullptr) != ARCHIVE_OK) return broken();
        archive_entry* entry = nullptr;
        const int status = archive_read_next_header(reader.get(), &entry);
        if (status == ARCHIVE_EOF) ended = true;
        if (status < ARCHIVE_WARN) return broken();
        return {};
    }
};

BlobStream::BlobStream(Fd file, Bytes limit) : state_(std::make_unique<State>()) {
    state_->file = std::move(file);
    state_->limit = limit.count;
}

BlobStream::~BlobStream() = default;

Result<std::string_view> BlobStream::next() {
    State& state = *state_;
    if (!state.opened) ASSAY_CHECK(state.open());
    if (state.ended) return std::string_view();
    for (;;) {
        const void* block = nullptr;
        std::size_t size = 0;
        la_int64_t offset = 0;
        const int status = archive_read_data_block(state.reader.get(), &block, &size, &offset);
        if (status == ARCHIVE_EOF) {
            state.ended = true;
            return std::string_view();
        }
        if (status < ARCHIVE_WARN) return state.broken();
        if (size == 0) continue;
        state.given += size;
        if (state.given > state.limit)
            return fail("decompress blob", fmt::format("it is larger than {}", format_bytes(Bytes{state.limit})));
        state.unpacked.add(block, size);
        return std::string_view(static_cast<const char*>(block), size);
    }
}

Result<BlobStream::Ends> BlobStream::finish() {
    for (;;) {
        ASSAY_TRY(const std::string_view rest, next());
        if (rest.empty()) break;
    }
    for (ssize_t got = 1; got > 0;)
        if (got = state_->read_more(); got < 0) return state_->broken();
    return Ends{state_->packed.text(), state_->unpacked.text(), state_->size};
}

}  // namespace assay::images::oci
