#include "harness/hurl/encoding.h"

#include <fmt/format.h>
#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/hex.h"
#include "harness/hurl/entities.h"

namespace assay::hurl {
namespace {

bool is_alphanumeric(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

void append_utf8(std::string& text, char32_t c) {
    if (c < 0x80) {
        text += static_cast<char>(c);
    } else if (c < 0x800) {
        text += {static_cast<char>(0xC0 | (c >> 6)), static_cast<char>(0x80 | (c & 0x3F))};
    } else if (c < 0x10000) {
        text += {static_cast<char>(0xE0 | (c >> 12)), static_cast<char>(0x80 | ((c >> 6) & 0x3F)),
                 static_cast<char>(0x80 | (c & 0x3F))};
    } else {
        text += {static_cast<char>(0xF0 | (c >> 18)), static_cast<char>(0x80 | ((c >> 12) & 0x3F)),
                 static_cast<char>(0x80 | ((c >> 6) & 0x3F)), static_cast<char>(0x80 | (c & 0x3F))};
    }
}

// "&#...": windows-1252 for the controls between 128 and 159, as every browser reads them. Empty: no character.
std::optional<std::string> numeric_entity(char32_t code) {
    constexpr std::array<char16_t, 32> kWindows = {0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                                   0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D,   0x017D, 0x8F,
                                                   0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                                   0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178};
    std::string text;
    if (code == 0 || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
        code = 0xFFFD;
    else if (code >= 0x80 && code <= 0x9F)
        code = kWindows[code - 0x80];
    else if (code == 0x0D)
        return "\r";
    else if ((code >= 1 && code <= 8) || code == 0x0B || (code >= 0x0E && code <= 0x1F) ||
             (code >= 0x7F && code <= 0x9F) || (code >= 0xFDD0 && code <= 0xFDEF) || (code & 0xFFFE) == 0xFFFE)
        return "";
    append_utf8(text, code);
    return text;
}

// One entity at `text`, which begins with '&'; how much it takes, 0 for none.
std::size_t entity(std::string_view text, std::string& into) {
    if (text.size() > 2 && text[1] == '#') {
        const bool hex = text[2] == 'x' || text[2] == 'X';
        std::size_t at = hex ? 3 : 2;
        const auto begin = at;
        char32_t code = 0;
        for (; at < text.size(); ++at) {
            const int digit = hex_digit(text[at]);
            if (digit < 0 || (!hex && digit > 9)) break;
            code = std::min<char32_t>(code * (hex ? 16 : 10) + static_cast<char32_t>(digit), 0x110000);
        }
        if (at == begin) return 0;
        into += *numeric_entity(code);
        return at + (at < text.size() && text[at] == ';' ? 1 : 0);
    }
    // The longest name: "&notit;" is "&not" and "it;".
    std::size_t end = 1;
    while (end < text.size() && end < 33 && is_alphanumeric(text[end])) ++end;
    if (end < text.size() && text[end] == ';') ++end;
    for (; end > 2; --end) {
        const auto name = text.substr(1, end - 1);
        const auto found =
            std::lower_bound(kEntities.begin(), kEntities.end(), name,
                             [](const Entity& known, std::string_view wanted) { return known.name < wanted; });
        if (found == kEntities.end() || found->name != name) continue;
        into += found->text;
        return end;
    }
    return 0;
}

struct Charset {
    std::string_view label;
    std::string_view name;   // the Encoding Standard's
    std::string_view iconv;  // glibc's
};
// https://encoding.spec.whatwg.org/#names-and-labels, the labels in use.
constexpr std::array<Charset, 62> kCharsets = {{
    {"utf-8", "UTF-8", "UTF-8"},
    {"utf8", "UTF-8", "UTF-8"},
    {"unicode-1-1-utf-8", "UTF-8", "UTF-8"},
    {"ascii", "windows-1252", "WINDOWS-1252"},
    {"us-ascii", "windows-1252", "WINDOWS-1252"},
    {"iso-8859-1", "windows-1252", "WINDOWS-1252"},
    {"iso8859-1", "windows-1252", "WINDOWS-1252"},
    {"iso88591", "windows-1252", "WINDOWS-1252"},
    {"latin1", "windows-1252", "WINDOWS-1252"},
    {"l1", "windows-1252", "WINDOWS-1252"},
    {"cp1252", "windows-1252", "WINDOWS-1252"},
    {"windows-1252", "windows-1252", "WINDOWS-1252"},
    {"iso-8859-2", "ISO-8859-2", "ISO-8859-2"},
    {"latin2", "ISO-8859-2", "ISO-8859-2"},
    {"iso-8859-3", "ISO-8859-3", "ISO-8859-3"},
    {"iso-8859-4", "ISO-8859-4", "ISO-8859-4"},
    {"iso-8859-5", "ISO-8859-5", "ISO-8859-5"},
    {"iso-8859-6", "ISO-8859-6", "ISO-8859-6"},
    {"iso-8859-7", "ISO-8859-7", "ISO-8859-7"},
    {"iso-8859-8", "ISO-8859-8", "ISO-8859-8"},
    {"iso-8859-9", "windows-1254", "WINDOWS-1254"},
    {"latin5", "windows-1254", "WINDOWS-1254"},
    {"iso-8859-10", "ISO-8859-10", "ISO-8859-10"},
    {"iso-8859-13", "ISO-8859-13", "ISO-8859-13"},
    {"iso-8859-14", "ISO-8859-14", "ISO-8859-14"},
    {"iso-8859-15", "ISO-8859-15", "ISO-8859-15"},
    {"latin9", "ISO-8859-15", "ISO-8859-15"},
    {"iso-8859-16", "ISO-8859-16", "ISO-8859-16"},
    {"windows-1250", "windows-1250", "WINDOWS-1250"},
    {"windows-1251", "windows-1251", "WINDOWS-1251"},
    {"windows-1253", "windows-1253", "WINDOWS-1253"},
    {"windows-1254", "windows-1254", "WINDOWS-1254"},
    {"windows-1255", "windows-1255", "WINDOWS-1255"},
    {"windows-1256", "windows-1256", "WINDOWS-1256"},
    {"windows-1257", "windows-1257", "WINDOWS-1257"},
    {"windows-1258", "windows-1258", "WINDOWS-1258"},
    {"cp1250", "windows-1250", "WINDOWS-1250"},
    {"cp1251", "windows-1251", "WINDOWS-1251"},
    {"windows-874", "windows-874", "WINDOWS-874"},
    {"tis-620", "windows-874", "WINDOWS-874"},
    {"koi8-r", "KOI8-R", "KOI8-R"},
    {"koi8-u", "KOI8-U", "KOI8-U"},
    {"ibm866", "IBM866", "IBM866"},
    {"cp866", "IBM866", "IBM866"},
    {"macintosh", "macintosh", "MACINTOSH"},
    {"gb2312", "GBK", "GBK"},
    {"gbk", "GBK", "GBK"},
    {"gb18030", "gb18030", "GB18030"},
    {"big5", "Big5", "BIG5-HKSCS"},
    {"big5-hkscs", "Big5", "BIG5-HKSCS"},
    {"euc-jp", "EUC-JP", "EUC-JP"},
    {"iso-2022-jp", "ISO-2022-JP", "ISO-2022-JP"},
    {"shift_jis", "Shift_JIS", "CP932"},
    {"shift-jis", "Shift_JIS", "CP932"},
    {"sjis", "Shift_JIS", "CP932"},
    {"windows-31j", "Shift_JIS", "CP932"},
    {"euc-kr", "EUC-KR", "CP949"},
    {"ks_c_5601-1987", "EUC-KR", "CP949"},
    {"utf-16", "UTF-16LE", "UTF-16LE"},
    {"utf-16le", "UTF-16LE", "UTF-16LE"},
    {"utf-16be", "UTF-16BE", "UTF-16BE"},
    {"unicode", "UTF-16LE", "UTF-16LE"},
}};

// The C1 controls that the web's windows-1252 has where the real one has nothing.
bool convert(std::string_view bytes, const Charset& charset, std::string& text) {
    const iconv_t conversion = ::iconv_open("UTF-8", std::string(charset.iconv).c_str());
    if (conversion == reinterpret_cast<iconv_t>(-1)) return false;
    std::string input(bytes);
    char* from = input.data();
    std::size_t left = input.size();
    std::array<char, 4096> buffer{};
    bool good = true;
    while (good && left > 0) {
        char* to = buffer.data();
        std::size_t room = buffer.size();
        const auto done = ::iconv(conversion, &from, &left, &to, &room);
        const int error = errno;
        text.append(buffer.data(), buffer.size() - room);
        if (done != static_cast<std::size_t>(-1) || error == E2BIG) continue;
        if (error == EILSEQ && charset.name == "windows-1252") {
            append_utf8(text, static_cast<unsigned char>(*from));
            ++from;
            --left;
            continue;
        }
        good = false;
    }
    ::iconv_close(conversion);
    return good;
}

// The size of the character at `bytes`, or of what is broken there with `good` false.
std::size_t utf8_size(std::string_view bytes, bool& good) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
    const unsigned char first = byte(0);
    good = true;
    if (first < 0x80) return 1;
    good = false;
    if (first < 0xC2 || first > 0xF4) return 1;
    const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    for (std::size_t i = 1; i < size; ++i) {
        if (i >= bytes.size()) return i;
        unsigned char low = 0x80, high = 0xBF;
        if (i == 1 && first == 0xE0) low = 0xA0;
        if (i == 1 && first == 0xED) high = 0x9F;
        if (i == 1 && first == 0xF0) low = 0x90;
        if (i == 1 && first == 0xF4) high = 0x8F;
        if (byte(i) < low || byte(i) > high) return i;
    }
    good = true;
    return size;
}

bool is_utf8(std::string_view bytes) {
    for (bool good = true; !bytes.empty(); bytes.remove_prefix(utf8_size(bytes, good))) {
        (void)utf8_size(bytes, good);
        if (!good) return false;
    }
    return true;
}

}  // namespace

std::string url_encode(std::string_view text, bool keep_slash) {
    std::string encoded;
    for (const char c : text) {
        const bool plain = is_alphanumeric(c) || std::string_view("-._~").find(c) != std::string_view::npos;
        if (plain || (keep_slash && c == '/'))
            encoded += c;
        else
            encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return encoded;
}

std::string url_decode(std::string_view text) {
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
            decoded += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
            i += 2;
        } else {
            decoded += text[i];
        }
    }
    return utf8_lossy(decoded);
}

std::string html_escape(std::string_view text) {
    std::string escaped;
    for (const char c : text) {
        switch (c) {
            case '&': escaped += "&amp;"; break;
            case '<': escaped += "&lt;"; break;
            case '>': escaped += "&gt;"; break;
            case '"': escaped += "&quot;"; break;
            case '\'': escaped += "&#x27;"; break;
            default: escaped += c;
        }
    }
    return escaped;
}

std::string html_unescape(std::string_view text) {
    std::string plain;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t taken = text[at] == '&' ? entity(text.substr(at), plain) : 0;
        if (taken == 0) plain += text[at];
        at += std::max<std::size_t>(taken, 1);
    }
    return plain;
}

std::string utf8_lossy(std::string_view bytes) {
    std::string text;
    while (!bytes.empty()) {
        bool good = true;
        const auto size = utf8_size(bytes, good);
        if (good)
            text.append(bytes.substr(0, size));
        else
            text.append("\xEF\xBF\xBD");
        bytes.remove_prefix(size);
    }
    return text;
}

Decoded decode_charset(std::string_view bytes, std::string_view label) {
    std::string wanted;
    for (const char c : label)
        if (!(c == ' ' || (c >= '\t' && c <= '\r'))) wanted += c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    const auto charset =
        std::find_if(kCharsets.begin(), kCharsets.end(), [&](const Charset& known) { return known.label == wanted; });
    if (charset == kCharsets.end()) return {{}, std::string(label), CharsetTrouble::unknown};
    Decoded decoded{{}, std::string(charset->name), std::nullopt};
    if (charset->name == "UTF-8") {
        if (is_utf8(bytes))
            decoded.text = bytes;
        else
            decoded.trouble = CharsetTrouble::undecodable;
    } else if (!convert(bytes, *charset, decoded.text)) {
        decoded.trouble = CharsetTrouble::undecodable;
    }
    return decoded;
}

}  // namespace assay::hurl
