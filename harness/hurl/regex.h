// Regular expressions as Hurl has them: the syntax of Rust's regex crate, run by PCRE2.
//
// Unicode throughout. What the crate refuses (look-around, back references, possessive and atomic groups) is refused
// here; what it has and PCRE2 has not is refused by name: set operations inside of [...], nested classes, (?R). Work
// is bounded: a pattern that would take for ever over some answer ends with an error.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace assay::hurl {

// Immutable and shared by all threads.
class Regex {
 public:
    // The error says what is wrong.
    static tl::expected<std::shared_ptr<const Regex>, std::string> compile(std::string_view pattern);
    ~Regex();
    Regex(const Regex&) = delete;
    Regex& operator=(const Regex&) = delete;

    enum class Trouble { too_much_work };
    using Groups = std::vector<std::optional<std::string_view>>;  // 0 is the whole match; views into the text
    // The first match, empty when there is none. `text` is UTF-8.
    [[nodiscard]] tl::expected<std::optional<Groups>, Trouble> search(std::string_view text) const;
    // Every match replaced; $1, ${name} and $$ mean what they mean to the crate.
    [[nodiscard]] tl::expected<std::string, Trouble> replace_all(std::string_view text, std::string_view with) const;

    [[nodiscard]] const std::string& pattern() const noexcept { return pattern_; }

 private:
    struct Code;
    Regex(std::string pattern, std::unique_ptr<Code> code);
    [[nodiscard]] tl::expected<std::optional<Groups>, Trouble> search_from(std::string_view text, std::size_t from,
                                                                           bool not_empty) const;
    void expand(std::string_view with, const Groups& groups, std::string& into) const;

    std::string pattern_;
    std::unique_ptr<Code> code_;
};

}  // namespace assay::hurl
