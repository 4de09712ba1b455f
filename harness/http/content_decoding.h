// Content-Encoding as newman undoes it: gzip, deflate (with or without a zlib header), br; anything else stays.
//
// Lenient where newman is: a truncated gzip or deflate body yields what could be decoded. The output is bounded, so a
// body that expands without end costs no more memory than the limit.
#pragma once

#include <string>
#include <string_view>

#include "base/units.h"
#include "harness/http/fields.h"

#include <tl/expected.hpp>

namespace assay::http {

enum class Coding { identity, gzip, deflate, brotli };

// By the Content-Encoding fields of a response; a list of codings, or one that newman does not know, is identity.
[[nodiscard]] Coding content_coding(const Fields& fields);

struct DecodeError {
    bool too_large = false;  // more than the limit came out
    std::string code;        // "Z_DATA_ERROR"
    std::string message;     // "incorrect header check", in zlib's words
};

// Whether a gzip or deflate body may end early: newman takes what came of it, Hurl does not.
enum class CutShort { accepted, refused };

// `limit` 0 = none. The input is the whole body, or, after an early close, what arrived of it.
[[nodiscard]] tl::expected<std::string, DecodeError> decode_content(Coding coding, std::string_view body, Bytes limit,
                                                                    CutShort cut = CutShort::accepted);

}  // namespace assay::http
