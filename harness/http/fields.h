// The header fields of one message: one block of text and offsets into it, so that a message of any number of
// fields costs two allocations.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace assay::http {

// A view into a Fields; valid until the Fields changes.
struct Field {
    std::string_view name;
    std::string_view value;
};

[[nodiscard]] bool equal_letters_ignoring_case(const char* a, const char* b, std::size_t size) noexcept;
// ASCII only, as header names are compared. Most names differ in length: that is told without a call.
[[nodiscard]] inline bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && equal_letters_ignoring_case(a.data(), b.data(), a.size());
}

// In order of arrival, duplicates kept. Copyable; a copy is exactly as large as it has to be.
class Fields {
 public:
    class Iterator {
     public:
        using iterator_category = std::input_iterator_tag;
        using value_type = Field;
        using difference_type = std::ptrdiff_t;
        using pointer = void;
        using reference = Field;
        Iterator(const Fields& fields, std::size_t at) : fields_(&fields), at_(at) {}
        Field operator*() const { return (*fields_)[at_]; }
        Iterator& operator++() {
            ++at_;
            return *this;
        }
        Iterator operator++(int) {
            Iterator before = *this;
            ++at_;
            return before;
        }
        bool operator==(const Iterator& other) const { return at_ == other.at_; }

     private:
        const Fields* fields_;
        std::size_t at_;
    };

    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
    [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
    [[nodiscard]] Field operator[](std::size_t at) const noexcept;
    [[nodiscard]] Iterator begin() const noexcept { return {*this, 0}; }
    [[nodiscard]] Iterator end() const noexcept { return {*this, entries_.size()}; }

    // The first field of that name, in any case; a field without a value is an empty string, not nullopt.
    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const noexcept;
    // All of that name joined by ", ", as Node does for names that it does not know better; nullopt when none.
    [[nodiscard]] std::optional<std::string> joined(std::string_view name) const;

    void clear() noexcept;
    void add(std::string_view name, std::string_view value);

    // Building a field from pieces, as a parser that is fed in pieces does: name, end_name, value, end_value.
    void append(std::string_view piece) { text_.append(piece); }
    void end_name() noexcept { name_end_ = static_cast<std::uint32_t>(text_.size()); }
    [[nodiscard]] std::string_view open_name() const noexcept;  // what has been appended since the last field
    void end_value();                                           // trims trailing blanks, closes the field
    void drop_open() noexcept { text_.resize(closed_); }        // forgets what has been appended since

 private:
    struct Entry {
        std::uint32_t name_at;
        std::uint32_t value_at;  // the name ends here
        std::uint32_t end;
    };
    std::string text_;
    std::vector<Entry> entries_;
    std::uint32_t closed_ = 0;
    std::uint32_t name_end_ = 0;
};

}  // namespace assay::http
