#include "harness/suite/located_json.h"

#include <fmt/format.h>
#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>

namespace assay::suite {
namespace {

constexpr std::size_t kDepthLimit = 256;  // the readers recurse; no real collection nests this deep

// Forward iterator that tells how far the parser has read.
struct CountingIterator {
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = const char&;

    const char* at;
    std::size_t* read;

    reference operator*() const { return *at; }
    CountingIterator& operator++() {
        ++at;
        ++*read;
        return *this;
    }
    CountingIterator operator++(int) {
        auto old = *this;
        ++*this;
        return old;
    }
    bool operator==(const CountingIterator& other) const { return at == other.at; }
    bool operator!=(const CountingIterator& other) const { return at != other.at; }
};

std::uint32_t line_at(std::string_view text, std::size_t offset) {
    const auto end = text.begin() + static_cast<std::ptrdiff_t>(std::min(offset, text.size()));
    return static_cast<std::uint32_t>(1 + std::count(text.begin(), end, '\n'));
}

class Builder : public nlohmann::json_sax<Json> {
 public:
    Builder(std::string_view text, const std::size_t& read) : text_(text), read_(read) {}

    Json root;
    std::size_t error_at = 0;
    std::string error;

    bool null() override { return put(nullptr); }
    bool boolean(bool value) override { return put(value); }
    bool number_integer(number_integer_t value) override { return put(value); }
    bool number_unsigned(number_unsigned_t value) override { return put(value); }
    bool number_float(number_float_t value, const string_t&) override { return put(value); }
    bool string(string_t& value) override { return put(std::move(value)); }
    bool binary(binary_t&) override { return false; }
    bool start_object(std::size_t) override {
        const bool located = !open_.empty() && open_.back().located;
        const bool wrapped = open_.size() == 1 && open_.back().structural && key_ == "collection";
        const bool structural = open_.empty() || located || wrapped;
        if (!open(Json::object(), false, structural)) return false;
        if (located) (*open_.back().json)[kLine] = current_line();
        return true;
    }
    bool key(string_t& value) override {
        key_ = std::move(value);
        return true;
    }
    bool end_object() override { return close(); }
    bool start_array(std::size_t) override {
        const bool inside = !open_.empty() && open_.back().structural;
        return open(Json::array(), inside && (key_ == "item" || key_ == "event"), false);
    }
    bool end_array() override { return close(); }
    bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& e) override {
        error_at = position;
        // "[json.exception.parse_error.101] parse error at line 3, column 5: syntax error while ...": the last part
        const std::string_view what = e.what();
        const auto colon = what.find(": ");
        error = what.substr(colon == std::string_view::npos ? 0 : colon + 2);
        return false;
    }

 private:
    struct Open {
        Json* json;
        bool located;     // an array whose objects get their line
        bool structural;  // the collection, a folder, an item, an event
    };

    template <typename T>
    Json* place(T&& value) {
        if (open_.empty()) {
            root = std::forward<T>(value);
            return &root;
        }
        Json& parent = *open_.back().json;
        if (parent.is_array()) {
            parent.push_back(std::forward<T>(value));
            return &parent.back();
        }
        return &(parent[key_] = std::forward<T>(value));
    }
    template <typename T>
    bool put(T&& value) {
        place(std::forward<T>(value));
        return true;
    }
    bool open(Json container, bool located, bool structural) {
        if (open_.size() == kDepthLimit) {
            error_at = read_;
            error = fmt::format("nested deeper than {} levels", kDepthLimit);
            return false;
        }
        open_.push_back({place(std::move(container)), located, structural});
        return true;
    }
    bool close() {
        open_.pop_back();
        return true;
    }
    // Lines are counted on from the last call: one pass over the text in all.
    std::uint32_t current_line() {
        const auto to = std::min(read_, text_.size());
        line_ += static_cast<std::uint32_t>(std::count(text_.begin() + static_cast<std::ptrdiff_t>(counted_),
                                                       text_.begin() + static_cast<std::ptrdiff_t>(to), '\n'));
        counted_ = to;
        return line_;
    }

    std::string_view text_;
    const std::size_t& read_;
    std::vector<Open> open_;
    std::string key_;
    std::size_t counted_ = 0;
    std::uint32_t line_ = 1;
};

}  // namespace

Result<Json> parse_located(std::string_view text, const std::string& file) {
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    std::size_t read = 0;
    Builder builder(text, read);
    const CountingIterator begin{text.data(), &read}, end{text.data() + text.size(), &read};
    if (!Json::sax_parse(begin, end, &builder)) {
        return fail("parse JSON", fmt::format("{}:{}: {}", file, line_at(text, builder.error_at), builder.error),
                    "correct the file at that line, or export it again");
    }
    return std::move(builder.root);
}

std::uint32_t line_of(const Json& object) {
    if (!object.is_object()) return 0;
    const auto found = object.find(kLine);
    return found == object.end() ? 0 : found->get<std::uint32_t>();
}

Result<std::string> read_text(const std::string& path) {
    errno = 0;
    std::ifstream stream(path, std::ios::binary);
    if (!stream) return fail_errno(errno, "open", path, "check the path and its permissions");
    std::string text((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
    if (stream.bad() || text.empty()) {
        return fail_errno(errno, "read", path + (text.empty() ? ": the file is empty or not a regular file" : ""));
    }
    return text;
}

}  // namespace assay::suite
