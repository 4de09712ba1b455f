// The text of a patch a line at a time, and how its errors name their line. Internal to this room.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace assay::verify {

constexpr const char* kRemade = "make it again with `git diff --binary`, with the prefixes a/ and b/";

class PatchLines {
 public:
    // Both must outlive it.
    PatchLines(const std::string& text, const std::string& patch_name) : text_(text), name_(patch_name) {}

    [[nodiscard]] bool at_end() const { return pos_ >= text_.size(); }
    [[nodiscard]] std::string_view line() const { return line_from(pos_); }
    [[nodiscard]] std::string_view second_line() const { return line_from(end_of(pos_) + 1); }
    [[nodiscard]] std::string_view third_line() const {
        const std::size_t second = end_of(pos_) + 1;
        return second >= text_.size() ? std::string_view{} : line_from(end_of(second) + 1);
    }
    // Header lines: a patch that went through a mail or an editor may have gained carriage returns.
    [[nodiscard]] std::string_view header_line() const {
        std::string_view text = line();
        if (text.ends_with('\r')) text.remove_suffix(1);
        return text;
    }
    void skip() {
        pos_ = end_of(pos_) + 1;
        ++number_;
    }

    [[nodiscard]] std::uint32_t number() const { return number_; }  // of line(), 1-based
    // The text ends within line().
    [[nodiscard]] bool is_cut() const { return end_of(pos_) >= text_.size(); }
    [[nodiscard]] std::size_t bytes_left() const { return text_.size() - std::min(pos_, text_.size()); }
    [[nodiscard]] std::uint32_t last_number() const {
        return static_cast<std::uint32_t>(std::count(text_.begin(), text_.end(), '\n')) +
               (text_.empty() || text_.back() == '\n' ? 0 : 1);
    }

    [[nodiscard]] tl::unexpected<Error> bad(std::uint32_t number, const std::string& what, const char* remedy) const {
        return fail("read patch", name_ + ":" + std::to_string(number) + ": " + what, remedy);
    }
    // Of line().
    [[nodiscard]] tl::unexpected<Error> bad(const std::string& what, const char* remedy) const {
        return bad(number_, what, remedy);
    }

 private:
    [[nodiscard]] std::size_t end_of(std::size_t pos) const { return std::min(text_.find('\n', pos), text_.size()); }
    [[nodiscard]] std::string_view line_from(std::size_t pos) const {
        return pos >= text_.size() ? std::string_view{} : text_.substr(pos, end_of(pos) - pos);
    }

    std::string_view text_;
    const std::string& name_;
    std::size_t pos_ = 0;
    std::uint32_t number_ = 1;
};

}  // namespace assay::verify
