#include "harness/suite/url.h"

#include <fmt/format.h>
#include <algorithm>

namespace assay::suite {
namespace {

using Text = std::string;
using View = std::string_view;

std::vector<Text> split(View text, char separator) {
    std::vector<Text> parts;
    for (std::size_t begin = 0;;) {
        const auto end = text.find(separator, begin);
        parts.emplace_back(text.substr(begin, end - begin));
        if (end == View::npos) return parts;
        begin = end + 1;
    }
}

// Where the next {{...}} stands that contains one of `reserved`; npos when there is none. `length` is its length.
std::size_t find_template(View text, View reserved, std::size_t from, std::size_t& length) {
    for (auto at = text.find("{{", from); at != View::npos; at = text.find("{{", at + 1)) {
        const auto brace = text.find_first_of("{}", at + 2);
        if (brace == View::npos) return View::npos;
        if (text.substr(brace, 2) != "}}") continue;
        if (text.substr(at, brace - at).find_first_of(reserved) == View::npos) continue;
        length = brace + 2 - at;
        return at;
    }
    return View::npos;
}

// A {{variable}} may hold characters that separate parts of a URL. Parsing works on a text where each such variable
// is a mark; marks are put back in every part. The mark's first byte cannot occur in UTF-8.
class Marks {
 public:
    explicit Marks(View text) {
        std::size_t from = 0, length = 0;
        for (auto at = find_template(text, ".:/?#@&]", 0, length); at != View::npos;
             at = find_template(text, ".:/?#@&]", from, length)) {
            marked_.append(text.substr(from, at - from)).append("\xff").append(1, static_cast<char>(kept_.size()));
            kept_.emplace_back(text.substr(at, length));
            from = at + length;
            if (kept_.size() == kLimit) break;
        }
        marked_.append(text.substr(from));
    }
    [[nodiscard]] View text() const { return marked_; }
    [[nodiscard]] Text restored(View part) const {
        if (kept_.empty()) return Text(part);
        Text out;
        for (std::size_t i = 0; i < part.size(); ++i) {
            const bool mark = part[i] == '\xff' && i + 1 < part.size();
            if (mark && static_cast<unsigned char>(part[i + 1]) < kept_.size()) {
                out += kept_[static_cast<unsigned char>(part[++i])];
            } else {
                out += part[i];
            }
        }
        return out;
    }

 private:
    static constexpr std::size_t kLimit = 32;  // below the separators' codes, so that no mark looks like one
    Text marked_;
    std::vector<Text> kept_;
};

QueryParam parse_param(const Text& text, bool last) {
    if (text.empty() && !last) return {};  // "a=b&&c": neither key nor value
    const auto equals = text.find('=');
    if (equals == Text::npos) return {text, std::nullopt, false};
    return {text.substr(0, equals), text.substr(equals + 1), false};
}

// Separators inside a key or value are escaped, except inside {{variables}}.
Text normalised(View text, bool escape_equals) {
    if (text.find_first_of(escape_equals ? "&#=" : "&#") == View::npos) return Text(text);
    Text out;
    const auto escape = [&](View part) {
        for (const char c : part) {
            if (c == '&')
                out += "%26";
            else if (c == '#')
                out += "%23";
            else if (c == '=' && escape_equals)
                out += "%3D";
            else
                out += c;
        }
    };
    std::size_t from = 0, length = 0;
    for (auto at = find_template(text, "&#=", 0, length); at != View::npos;
         at = find_template(text, "&#=", from, length)) {
        escape(text.substr(from, at - from));
        out += text.substr(at, length);
        from = at + length;
    }
    escape(text.substr(from));
    return out;
}

// ":id.json" is the variable "id" followed by ".json".
View variable_of(View segment) {
    if (!segment.starts_with(':')) return {};
    return segment.substr(1, segment.find('.') == View::npos ? View::npos : segment.find('.') - 1);
}

Text path_text(const Url& url) {
    Text text;
    for (const auto& segment : *url.path) {
        text += '/';
        const auto name = variable_of(segment);
        const auto found = std::find_if(url.variables.rbegin(), url.variables.rend(),
                                        [&](const PathVariable& v) { return !name.empty() && v.key == name; });
        if (found == url.variables.rend() || found->value.empty()) {
            text += segment;
        } else {
            text += found->value + segment.substr(name.size() + 1);
        }
    }
    return text.empty() ? "/" : text;
}

enum class Part { user, path, query, fragment };

bool must_encode(unsigned char c, Part part) {
    if (c < 0x20 || c >= 0x7f) return true;
    const auto in = [c](View set) { return set.find(static_cast<char>(c)) != View::npos; };
    switch (part) {
        case Part::query: return in(" \"#'<>");
        case Part::fragment: return in(" \"<>`");
        case Part::path: return in(" \"<>`#?{}");
        case Part::user: return in(" \"<>`#?{}/:;=@[\\]^|");
    }
    return false;
}

void percent(Text& out, View text, Part part) {
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (must_encode(byte, part))
            out += fmt::format("%{:02X}", byte);
        else
            out += c;
    }
}

Text lower(Text text) {
    for (auto& c : text) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    return text;
}

// `append(text, part, which)`: adds a part, encoded or as it stands.
template <typename Append>
Text assembled(const Url& url, View protocol_if_none, Append append) {
    Text text;
    const View protocol = url.protocol.empty() ? protocol_if_none : View(url.protocol);
    if (!protocol.empty()) text.append(protocol).append(protocol.ends_with("://") ? "" : "://");
    if (url.user || url.password) {
        if (url.user) append(text, *url.user, Part::user);
        if (url.password) append(text += ':', *url.password, Part::user);
        text += '@';
    }
    for (std::size_t i = 0; i < url.host.size(); ++i) text.append(i > 0 ? "." : "").append(url.host[i]);
    if (url.port) text.append(":").append(*url.port);
    if (url.path) append(text, path_text(url), Part::path);
    const bool has_query = std::any_of(url.query.begin(), url.query.end(), [](const auto& p) { return !p.disabled; });
    if (has_query) append(text += '?', query_string(url.query), Part::query);
    if (url.hash) append(text += '#', *url.hash, Part::fragment);
    return text;
}

}  // namespace

Url parse_url(std::string_view raw) {
    Url url;
    while (!raw.empty() && (raw.front() == ' ' || (raw.front() >= '\t' && raw.front() <= '\r'))) raw.remove_prefix(1);
    const Marks marks(raw);
    View text = marks.text();
    if (const auto at = text.find('#'); at != View::npos) {
        url.hash = marks.restored(text.substr(at + 1));
        text = text.substr(0, at);
    }
    if (const auto at = text.find('?'); at != View::npos) {
        const auto parts = split(text.substr(at + 1), '&');
        for (std::size_t i = 0; i < parts.size(); ++i) {
            url.query.push_back(parse_param(marks.restored(parts[i]), i + 1 == parts.size()));
        }
        text = text.substr(0, at);
    }
    Text slashed(text);
    std::replace(slashed.begin(), slashed.end(), '\\', '/');
    text = slashed;
    if (const auto at = text.find("://"); at != View::npos) {
        url.protocol = marks.restored(text.substr(0, at));
        text.remove_prefix(at + 3);
        while (text.starts_with('/')) text.remove_prefix(1);
    }
    if (const auto at = text.find('/'); at != View::npos) {
        url.path.emplace();
        for (const auto& segment : split(text.substr(at + 1), '/')) url.path->push_back(marks.restored(segment));
        text = text.substr(0, at);
    }
    if (const auto at = text.rfind('@'); at != View::npos) {
        const auto credentials = text.substr(0, at);
        const auto colon = credentials.find(':');
        url.user = marks.restored(credentials.substr(0, colon));
        if (colon != View::npos) url.password = marks.restored(credentials.substr(colon + 1));
        text = text.substr(at + 1);
    }
    if (const auto at = text.rfind(':'); at != View::npos && text.find(']', at) == View::npos) {
        url.port = marks.restored(text.substr(at + 1));
        text = text.substr(0, at);
    }
    if (!text.empty()) {
        for (const auto& label : split(text, '.')) url.host.push_back(marks.restored(label));
    }
    return url;
}

std::string query_string(const std::vector<QueryParam>& query) {
    Text text;
    bool first = true;
    for (const auto& param : query) {
        if (param.disabled) continue;
        if (!first) text += '&';
        first = false;
        if (param.key) text += normalised(*param.key, true);
        if (param.value) text += "=" + normalised(*param.value, false);
    }
    return text;
}

std::string to_string(const Url& url, std::string_view protocol_if_none) {
    return assembled(url, protocol_if_none, [](Text& text, View part, Part) { text.append(part); });
}

std::string encoded(const Url& url, std::string_view protocol_if_none) {
    Url copy = url;
    copy.protocol = lower(copy.protocol);
    for (auto& label : copy.host) label = lower(label);
    return assembled(copy, protocol_if_none, percent);
}

}  // namespace assay::suite
