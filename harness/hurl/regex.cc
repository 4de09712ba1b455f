#include "harness/hurl/regex.h"

#include <fmt/format.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>

namespace assay::hurl {
namespace {

constexpr std::uint32_t kMatchLimit = 5'000'000;  // steps: some tenths of a second

struct Free {
    void operator()(pcre2_compile_context* context) const { pcre2_compile_context_free(context); }
    void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
    void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
    void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};

bool is_word(char c) { return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// The crate's syntax in PCRE2's, or what is wrong.
class Translation {
 public:
    explicit Translation(std::string_view pattern) : in_(pattern) {}
    tl::expected<std::string, std::string> translate() {
        while (at_ < in_.size() && wrong_.empty()) {
            const char c = in_[at_];
            if (c == '\\')
                escape(false);
            else if (c == '[')
                set();
            else if (c == '(')
                group();
            else if (quantifier())
                continue;
            else
                out_ += in_[at_++];
        }
        if (!wrong_.empty()) return tl::unexpected(wrong_);
        return out_;
    }

 private:
    [[nodiscard]] char next(std::size_t ahead = 0) const { return at_ + ahead < in_.size() ? in_[at_ + ahead] : '\0'; }
    void refuse(std::string why) { wrong_ = std::move(why); }

    void escape(bool in_set) {
        ++at_;
        const char c = next();
        if (c == '\0') return refuse("incomplete escape sequence, reached end of pattern prematurely");
        ++at_;
        if (c >= '0' && c <= '9') return refuse("backreferences are not supported");
        if (c == 'v') {
            out_ += "\\x{0b}";
        } else if (c == 'x' || c == 'u' || c == 'U') {
            code_point(c);
        } else if (!in_set && c == '<') {
            out_ += "\\b(?=\\w)";
        } else if (!in_set && c == '>') {
            out_ += "\\b(?<=\\w)";
        } else if (is_word(c) && c != '_') {
            constexpr std::string_view kKnown = "dDsSwWpPntrfa";
            constexpr std::string_view kOutside = "bBAz";
            const bool known = kKnown.find(c) != std::string_view::npos ||
                               (!in_set && kOutside.find(c) != std::string_view::npos && next() != '{');
            if (!known) return refuse("unrecognized escape sequence");
            out_ += {'\\', c};
        } else {
            out_ += {'\\', c};
        }
    }

    void code_point(char kind) {
        std::string digits;
        if (next() == '{') {
            for (++at_; at_ < in_.size() && in_[at_] != '}'; ++at_) digits += in_[at_];
            ++at_;
        } else {
            for (const std::size_t count = kind == 'x'   ? 2
                                           : kind == 'u' ? 4
                                                         : 8;
                 digits.size() < count && next() != '\0';)
                digits += in_[at_++];
        }
        if (digits.empty() || digits.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos)
            return refuse("invalid hexadecimal digit");
        out_ += "\\x{" + digits + "}";
    }

    void set() {
        out_ += in_[at_++];
        if (next() == '^') out_ += in_[at_++];
        bool first = true;
        while (at_ < in_.size() && wrong_.empty()) {
            const char c = in_[at_];
            if (c == ']' && !first) {
                out_ += in_[at_++];
                return;
            }
            first = false;
            if (c == '\\') {
                escape(true);
            } else if (c == '[') {
                const auto end = in_.find(":]", at_);
                if (next(1) != ':' || end == std::string_view::npos) return refuse("nested classes are not supported");
                out_ += in_.substr(at_, end + 2 - at_);
                at_ = end + 2;
            } else if ((c == '&' || c == '~' || c == '-') && next(1) == c) {
                return refuse("set operations in classes are not supported");
            } else {
                if (c == ']') out_ += '\\';
                out_ += in_[at_++];
            }
        }
        if (wrong_.empty()) refuse("unclosed character class");
    }

    void group() {
        out_ += in_[at_++];
        if (next() == '*') return refuse("repetition operator missing expression");
        if (next() != '?') return;
        const char kind = next(1);
        const char after = next(2);
        if (kind == '=' || kind == '!' || (kind == '<' && (after == '=' || after == '!')))
            return refuse("look-around, including look-ahead and look-behind, is not supported");
        if (kind == '<' || (kind == 'P' && after == '<')) {
            const auto end = in_.find('>', at_);
            if (end == std::string_view::npos) return refuse("unclosed group name");
            const auto begin = in_.find('<', at_);
            out_ += "?<";
            out_ += in_.substr(begin + 1, end - begin);
            at_ = end + 1;
            return;
        }
        out_ += in_[at_++];
        for (; at_ < in_.size(); ++at_) {
            const char flag = in_[at_];
            if (flag == ':' || flag == ')') return;  // the loop outside takes it
            if (std::string_view("imsUx-").find(flag) == std::string_view::npos && flag != 'u')
                return refuse("unrecognized flag");
            if (flag != 'u') out_ += flag;
        }
        refuse("unclosed group");
    }

    // True: taken. A plus after a quantifier is the crate's repetition of a repetition and PCRE2's possessive one.
    bool quantifier() {
        const char c = in_[at_];
        if (c != '*' && c != '+' && c != '?' && c != '{') return false;
        std::size_t size = 1;
        if (c == '{') {
            const auto end = in_.find('}', at_);
            if (end == std::string_view::npos) {
                refuse("unclosed counted repetition");
                return true;
            }
            size = end + 1 - at_;
        }
        out_ += in_.substr(at_, size);
        at_ += size;
        if (next() == '?') out_ += in_[at_++];
        if (next() == '+' || next() == '*') refuse("a repetition of a repetition needs a group");
        return true;
    }

    std::string_view in_;
    std::size_t at_ = 0;
    std::string out_;
    std::string wrong_;
};

}  // namespace

struct Regex::Code {
    std::unique_ptr<pcre2_code, Free> code;
    std::unique_ptr<pcre2_match_context, Free> limits;
};

Regex::Regex(std::string pattern, std::unique_ptr<Code> code) : pattern_(std::move(pattern)), code_(std::move(code)) {}
Regex::~Regex() = default;

tl::expected<std::shared_ptr<const Regex>, std::string> Regex::compile(std::string_view pattern) {
    auto translated = Translation(pattern).translate();
    if (!translated) return tl::unexpected(translated.error());
    const std::unique_ptr<pcre2_compile_context, Free> context(pcre2_compile_context_create(nullptr));
    pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
    int error = 0;
    PCRE2_SIZE offset = 0;
    auto code = std::make_unique<Code>();
    code->code.reset(
        pcre2_compile(reinterpret_cast<PCRE2_SPTR>(translated->data()), translated->size(),
                      PCRE2_UTF | PCRE2_UCP | PCRE2_DOLLAR_ENDONLY | PCRE2_ALT_CIRCUMFLEX | PCRE2_NEVER_BACKSLASH_C,
                      &error, &offset, context.get()));
    if (!code->code) {
        PCRE2_UCHAR message[200];
        pcre2_get_error_message(error, message, sizeof message);
        return tl::unexpected(std::string(reinterpret_cast<const char*>(message)));
    }
    pcre2_jit_compile(code->code.get(), PCRE2_JIT_COMPLETE);  // where there is no JIT the interpreter runs
    code->limits.reset(pcre2_match_context_create(nullptr));
    pcre2_set_match_limit(code->limits.get(), kMatchLimit);
    return std::shared_ptr<const Regex>(new Regex(std::string(pattern), std::move(code)));
}

tl::expected<std::optional<Regex::Groups>, Regex::Trouble> Regex::search_from(std::string_view text, std::size_t from,
                                                                              bool not_empty) const {
    const std::unique_ptr<pcre2_match_data, Free> data(
        pcre2_match_data_create_from_pattern(code_->code.get(), nullptr));
    const int found = pcre2_match(code_->code.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), from,
                                  not_empty ? PCRE2_NOTEMPTY_ATSTART : 0, data.get(), code_->limits.get());
    if (found == PCRE2_ERROR_NOMATCH) return std::nullopt;
    if (found < 0) return tl::unexpected(Trouble::too_much_work);
    const PCRE2_SIZE* ends = pcre2_get_ovector_pointer(data.get());
    Groups groups(pcre2_get_ovector_count(data.get()));
    for (std::size_t i = 0; i < groups.size(); ++i)
        if (ends[2 * i] != PCRE2_UNSET) groups[i] = text.substr(ends[2 * i], ends[2 * i + 1] - ends[2 * i]);
    return groups;
}

tl::expected<std::optional<Regex::Groups>, Regex::Trouble> Regex::search(std::string_view text) const {
    return search_from(text, 0, false);
}

// $name takes all letters, digits and underscores that follow; an unknown group is empty.
void Regex::expand(std::string_view with, const Groups& groups, std::string& into) const {
    for (std::size_t at = 0; at < with.size();) {
        if (with[at] != '$' || at + 1 == with.size()) {
            into += with[at++];
            continue;
        }
        if (with[at + 1] == '$') {
            into += '$';
            at += 2;
            continue;
        }
        const bool braced = with[at + 1] == '{';
        const std::size_t begin = at + (braced ? 2 : 1);
        std::size_t end = begin;
        if (braced) {
            end = with.find('}', begin);
        } else {
            while (end < with.size() && is_word(with[end])) ++end;
        }
        if (end == begin || end == std::string_view::npos) {
            into += with[at++];
            continue;
        }
        const std::string name(with.substr(begin, end - begin));
        int number = PCRE2_ERROR_NOSUBSTRING;
        if (name.find_first_not_of("0123456789") == std::string::npos) {
            if (name.size() < 6) number = std::stoi(name);
        } else {
            number = pcre2_substring_number_from_name(code_->code.get(), reinterpret_cast<PCRE2_SPTR>(name.c_str()));
        }
        if (number >= 0 && static_cast<std::size_t>(number) < groups.size())
            into.append(groups[static_cast<std::size_t>(number)].value_or(std::string_view()));
        at = end + (braced ? 1 : 0);
    }
}

tl::expected<std::string, Regex::Trouble> Regex::replace_all(std::string_view text, std::string_view with) const {
    std::string result;
    std::size_t at = 0;
    bool after_match = false;  // an empty match may not stand directly behind another match
    while (at <= text.size()) {
        const auto found = search_from(text, at, after_match);
        if (!found) return tl::unexpected(found.error());
        if (!*found) break;
        const auto whole = *(**found)[0];
        const auto begin = static_cast<std::size_t>(whole.data() - text.data());
        result.append(text.substr(at, begin - at));
        expand(with, **found, result);
        at = begin + whole.size();
        after_match = true;
    }
    if (at < text.size()) result.append(text.substr(at));
    return result;
}

}  // namespace assay::hurl
