// A blob as a stream: plain, gzip or zstd, its digests taken of exactly the bytes that are handed on.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "base/units.h"

namespace assay::images::oci {

// Reads `file` once, from where it stands. For one thread.
class BlobStream {
 public:
    // `limit`: of the decompressed bytes; more is an error.
    BlobStream(Fd file, Bytes limit);
    BlobStream(const BlobStream&) = delete;
    BlobStream& operator=(const BlobStream&) = delete;
    ~BlobStream();

    // The next decompressed bytes, valid until the next call; empty at the end.
    Result<std::string_view> next();

    struct Ends {
        std::string digest;      // "sha256:...", of the file as it is
        std::string diff_id;     // of the decompressed bytes
        std::uint64_t size = 0;  // of the file
    };
    // Reads what is left of the file, whatever follows its content.
    Result<Ends> finish();

 private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace assay::images::oci
