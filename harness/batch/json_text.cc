#include "harness/batch/json_text.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

namespace assay::batch {
namespace {

constexpr std::size_t kDepth = 4;

// An input iterator that counts the lines that the lexer has taken. It reads no further than the token it is at.
class CountingIterator {
 public:
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = const char&;

    CountingIterator(const char* at, std::uint32_t* line) : at_(at), line_(line) {}
    reference operator*() const { return *at_; }
    CountingIterator& operator++() {
        if (*at_ == '\n' && line_ != nullptr) ++*line_;
        ++at_;
        return *this;
    }
    CountingIterator operator++(int) {
        CountingIterator old = *this;
        ++*this;
        return old;
    }
    bool operator==(const CountingIterator& other) const { return at_ == other.at_; }
    bool operator!=(const CountingIterator& other) const { return at_ != other.at_; }

 private:
    const char* at_;
    std::uint32_t* line_;
};

// Notes the line of every key; keeps where and why parsing stopped.
class LineRecorder : public nlohmann::json_sax<nlohmann::json> {
 public:
    LineRecorder(std::map<std::string, std::uint32_t>& lines, const std::uint32_t& line) : lines_(lines), line_(line) {}

    bool key(string_t& name) override {
        if (levels_.empty()) return true;
        std::string escaped;
        for (char c : name) c == '~' ? escaped += "~0" : c == '/' ? escaped += "~1" : escaped += c;
        levels_.back().child = levels_.back().pointer + "/" + escaped;
        if (levels_.size() <= kDepth) lines_[levels_.back().child] = line_;
        return true;
    }
    bool start_object(std::size_t) override { return descend(); }
    bool start_array(std::size_t) override { return descend(); }
    bool end_object() override { return ascend(); }
    bool end_array() override { return ascend(); }
    bool null() override { return true; }
    bool boolean(bool) override { return true; }
    bool number_integer(number_integer_t) override { return true; }
    bool number_unsigned(number_unsigned_t) override { return true; }
    bool number_float(number_float_t, const string_t&) override { return true; }
    bool string(string_t&) override { return true; }
    bool binary(binary_t&) override { return true; }
    bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& why) override {
        position_ = position;
        message_ = why.what();
        return false;
    }

    [[nodiscard]] std::size_t position() const { return position_; }
    [[nodiscard]] const std::string& message() const { return message_; }

 private:
    struct Level {
        std::string pointer;
        std::string child;
    };
    bool descend() {
        // Beyond the recorded depth only the nesting counts: pointers would grow with it.
        if (levels_.size() > kDepth) {
            ++deeper_;
            return true;
        }
        std::string pointer = levels_.empty() ? "" : levels_.back().child;
        levels_.push_back({pointer, pointer});
        return true;
    }
    bool ascend() {
        deeper_ > 0 ? static_cast<void>(--deeper_) : levels_.pop_back();
        return true;
    }

    std::map<std::string, std::uint32_t>& lines_;
    const std::uint32_t& line_;
    std::vector<Level> levels_;
    std::size_t deeper_ = 0;
    std::size_t position_ = 0;
    std::string message_;
};

// The library's "[json.exception.parse_error.101] parse error at line 1, column 5: syntax error while ...", without
// what we say ourselves.
std::string plain_message(std::string message) {
    if (auto at = message.find(": ", message.find("parse error")); at != std::string::npos) message.erase(0, at + 2);
    for (char& c : message)
        if (static_cast<unsigned char>(c) < 0x20) c = ' ';
    if (message.size() > 200) message = message.substr(0, 200) + "...";
    return message;
}

}  // namespace

Result<JsonText> JsonText::parse(std::string_view text, std::string name, std::uint32_t first_line) {
    JsonText made;
    made.name_ = std::move(name);
    made.first_line_ = first_line;
    std::uint32_t line = first_line;
    LineRecorder recorder(made.lines_, line);
    const char* end = text.data() + text.size();
    if (!nlohmann::json::sax_parse(CountingIterator(text.data(), &line), CountingIterator(end, nullptr), &recorder)) {
        // `position` counts the characters read, the offending one included.
        const std::size_t at = std::min(recorder.position() == 0 ? 0 : recorder.position() - 1, text.size());
        const auto before = text.substr(0, at);
        const auto row = first_line + static_cast<std::uint32_t>(std::count(before.begin(), before.end(), '\n'));
        const auto newline = before.rfind('\n');
        const auto column = newline == std::string_view::npos ? at + 1 : at - newline;
        return fail("read JSON",
                    made.name_ + ":" + std::to_string(row) + ":" + std::to_string(column) + ": " +
                        plain_message(recorder.message()),
                    "correct the JSON there");
    }
    made.value_ = nlohmann::json::parse(text, nullptr, false);
    if (made.value_.is_discarded()) return fail("read JSON", made.name_, "correct the JSON");
    return made;
}

std::uint32_t JsonText::line_of(std::string pointer) const {
    for (;;) {
        if (auto known = lines_.find(pointer); known != lines_.end()) return known->second;
        const auto slash = pointer.rfind('/');
        if (slash == std::string::npos) return first_line_;
        pointer.resize(slash);
    }
}

std::string JsonText::where(const std::string& pointer) const { return name_ + ":" + std::to_string(line_of(pointer)); }

}  // namespace assay::batch
