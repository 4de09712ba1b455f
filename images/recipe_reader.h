// One table of a recipe, read with its file and line at hand. Of images/ alone.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <toml++/toml.h>

#include "base/result.h"
#include "base/units.h"

namespace assay::images {

// Reads one table with the file and line at hand, so that every complaint names its place.
class RecipeReader {
 public:
    RecipeReader(const toml::table& table, const std::string& file) : table_(table), file_(file) {}

    [[nodiscard]] Error complain(const toml::node* node, std::string detail, std::string remedy = {}) const {
        const auto line = (node != nullptr ? node->source() : table_.source()).begin.line;
        return Error{"read recipe", 0, fmt::format("{}:{}: {}", file_, line, detail), std::move(remedy)};
    }

    [[nodiscard]] bool has(std::string_view key) const { return table_.contains(key); }

    // Missing is empty when not required.
    Result<std::string> text(std::string_view key, bool required) const {
        const toml::node* node = table_.get(key);
        if (node == nullptr) {
            if (required) return tl::unexpected(complain(nullptr, fmt::format("'{}' is missing", key)));
            return std::string();
        }
        const auto value = node->value_exact<std::string>();
        if (!value || (required && value->empty()))
            return tl::unexpected(complain(node, fmt::format("'{}' must be a text that is not empty", key)));
        return *value;
    }

    Result<bool> flag(std::string_view key) const {
        const toml::node* node = table_.get(key);
        if (node == nullptr) return false;
        const auto value = node->value_exact<bool>();
        if (!value) return tl::unexpected(complain(node, fmt::format("'{}' must be true or false", key)));
        return *value;
    }

    // Missing is 0.
    Result<std::uint64_t> number(std::string_view key, std::uint64_t least, std::uint64_t most) const {
        const toml::node* node = table_.get(key);
        if (node == nullptr) return 0;
        const auto value = node->value_exact<std::int64_t>();
        if (!value || *value < 0 || static_cast<std::uint64_t>(*value) < least ||
            static_cast<std::uint64_t>(*value) > most)
            return tl::unexpected(complain(node, fmt::format("'{}' must be a number from {} to {}", key, least, most)));
        return static_cast<std::uint64_t>(*value);
    }

    // "512M"; missing is 0.
    Result<Bytes> size(std::string_view key) const {
        ASSAY_TRY(const std::string value, text(key, false));
        if (value.empty()) return Bytes{};
        auto bytes = parse_bytes(value);
        if (!bytes)
            return tl::unexpected(complain(table_.get(key), fmt::format("'{}': {}", key, bytes.error().detail)));
        return *bytes;
    }

    // A table of texts, in the order of their names; missing is empty.
    Result<std::vector<std::pair<std::string, std::string>>> pairs(std::string_view key) const {
        std::vector<std::pair<std::string, std::string>> found;
        const toml::node* node = table_.get(key);
        if (node == nullptr) return found;
        if (!node->is_table()) return tl::unexpected(complain(node, fmt::format("write [{}]", key)));
        for (const auto& [name, entry] : *node->as_table()) {
            const auto value = entry.value_exact<std::string>();
            if (!value) return tl::unexpected(complain(&entry, fmt::format("values of [{}] are texts", key)));
            found.emplace_back(std::string(name.str()), *value);
        }
        return found;
    }

    // An absolute path without "..", so that a plan cannot lead out of the root.
    Result<std::string> path(std::string_view key) const {
        ASSAY_TRY(std::string value, text(key, true));
        const std::filesystem::path parsed(value);
        if (!parsed.is_absolute() || parsed.lexically_normal() != parsed)
            return tl::unexpected(
                complain(table_.get(key), fmt::format("'{}' must be an absolute, plain path: {}", key, value)));
        return value;
    }

    Result<std::vector<std::string>> texts(std::string_view key, bool required) const {
        std::vector<std::string> values;
        const toml::node* node = table_.get(key);
        if (node == nullptr && !required) return values;
        const toml::array* list = node != nullptr ? node->as_array() : nullptr;
        if (list == nullptr || list->empty())
            return tl::unexpected(complain(node, fmt::format("'{}' must be a list of texts", key)));
        for (const toml::node& entry : *list) {
            const auto value = entry.value_exact<std::string>();
            if (!value) return tl::unexpected(complain(&entry, fmt::format("'{}' must be a list of texts", key)));
            values.push_back(*value);
        }
        return values;
    }

    Result<std::vector<RecipeReader>> tables(std::string_view key) const {
        std::vector<RecipeReader> found;
        const toml::node* node = table_.get(key);
        if (node == nullptr) return found;
        const toml::array* list = node->as_array();
        if (list == nullptr) return tl::unexpected(complain(node, fmt::format("write [[{}]]", key)));
        for (const toml::node& entry : *list) {
            if (!entry.is_table()) return tl::unexpected(complain(&entry, fmt::format("write [[{}]]", key)));
            found.emplace_back(*entry.as_table(), file_);
        }
        return found;
    }

    Result<void> only(std::initializer_list<std::string_view> known) const {
        for (const auto& [key, node] : table_)
            if (std::find(known.begin(), known.end(), key.str()) == known.end())
                return tl::unexpected(complain(&node, fmt::format("'{}' is not known here", key.str()),
                                               fmt::format("known are: {}", fmt::join(known, ", "))));
        return {};
    }

    [[nodiscard]] const toml::table& table() const { return table_; }
    [[nodiscard]] const std::string& file() const { return file_; }

 private:
    const toml::table& table_;
    const std::string& file_;
};

}  // namespace assay::images
