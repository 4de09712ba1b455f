#include "harness/http/fields.h"

namespace assay::http {

namespace {
char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }
}  // namespace

bool equal_letters_ignoring_case(const char* a, const char* b, std::size_t size) noexcept {
    for (std::size_t i = 0; i < size; ++i)
        if (lower(a[i]) != lower(b[i])) return false;
    return true;
}

Field Fields::operator[](std::size_t at) const noexcept {
    const Entry& entry = entries_[at];
    const char* text = text_.data();
    return {{text + entry.name_at, entry.value_at - entry.name_at},
            {text + entry.value_at, entry.end - entry.value_at}};
}

std::optional<std::string_view> Fields::find(std::string_view name) const noexcept {
    for (Field field : *this)
        if (equal_ignoring_case(field.name, name)) return field.value;
    return std::nullopt;
}

std::optional<std::string> Fields::joined(std::string_view name) const {
    std::optional<std::string> all;
    for (Field field : *this) {
        if (!equal_ignoring_case(field.name, name)) continue;
        if (all) {
            all->append(", ").append(field.value);
        } else {
            all.emplace(field.value);
        }
    }
    return all;
}

void Fields::clear() noexcept {
    text_.clear();
    entries_.clear();
    closed_ = name_end_ = 0;
}

void Fields::add(std::string_view name, std::string_view value) {
    append(name);
    end_name();
    append(value);
    end_value();
}

std::string_view Fields::open_name() const noexcept { return std::string_view(text_).substr(closed_); }

void Fields::end_value() {
    while (text_.size() > name_end_ && (text_.back() == ' ' || text_.back() == '\t')) text_.pop_back();
    const auto end = static_cast<std::uint32_t>(text_.size());
    entries_.push_back({closed_, name_end_, end});
    closed_ = end;
}

}  // namespace assay::http
