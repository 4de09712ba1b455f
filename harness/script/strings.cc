// Text between C++ (UTF-8) and JavaScript (UTF-16, or Latin-1 where that suffices).
#include <js/String.h>

#include "harness/script/spider.h"

namespace assay::script {
namespace {

bool ascii(std::string_view text) {
    unsigned char all = 0;
    for (const char c : text) all |= static_cast<unsigned char>(c);
    return all < 0x80;
}

// The WHATWG decoder: each maximal invalid part is one U+FFFD.
std::u16string decoded(std::string_view text) {
    std::u16string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size();) {
        const auto lead = static_cast<unsigned char>(text[i++]);
        if (lead < 0x80) {
            out += static_cast<char16_t>(lead);
            continue;
        }
        const int extra = lead >= 0xf0 && lead <= 0xf4 ? 3 : lead >= 0xe0 && lead < 0xf0 ? 2 : lead >= 0xc2 ? 1 : 0;
        if (extra == 0 || lead > 0xf4) {
            out += u'\ufffd';
            continue;
        }
        std::uint32_t code = lead & (0x3f >> extra);
        unsigned low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
        unsigned high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
        int left = extra;
        for (; left > 0 && i < text.size(); --left) {
            const auto byte = static_cast<unsigned char>(text[i]);
            if (byte < low || byte > high) break;
            low = 0x80;
            high = 0xbf;
            code = code << 6 | (byte & 0x3f);
            ++i;
        }
        if (left > 0) {
            out += u'\ufffd';
        } else if (code < 0x10000) {
            out += static_cast<char16_t>(code);
        } else {
            out += static_cast<char16_t>(0xd800 + ((code - 0x10000) >> 10));
            out += static_cast<char16_t>(0xdc00 + ((code - 0x10000) & 0x3ff));
        }
    }
    return out;
}

}  // namespace

JSString* latin1_to_js(JSContext* cx, std::string_view bytes) {
    return JS_NewStringCopyN(cx, bytes.data(), bytes.size());
}

JSString* to_js(JSContext* cx, std::string_view utf8) {
    if (ascii(utf8)) return latin1_to_js(cx, utf8);
    const auto wide = decoded(utf8);
    return JS_NewUCStringCopyN(cx, wide.data(), wide.size());
}

bool to_utf8(JSContext* cx, JSString* text, std::string& out) {
    JSLinearString* linear = JS_EnsureLinearString(cx, text);
    if (linear == nullptr) return false;
    const auto length = JS::GetLinearStringLength(linear);
    if (JS::LinearStringHasLatin1Chars(linear)) {
        const JS::AutoCheckCannotGC no_gc;
        const auto* chars = reinterpret_cast<const char*>(JS::GetLatin1LinearStringChars(no_gc, linear));
        if (ascii({chars, length})) {
            out.assign(chars, length);
            return true;
        }
    }
    const JS::RootedString rooted(cx, text);
    const JS::UniqueChars chars = JS_EncodeStringToUTF8(cx, rooted);
    if (!chars) return false;
    out = chars.get();
    return true;
}

}  // namespace assay::script
