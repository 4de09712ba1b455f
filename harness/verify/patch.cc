#include "harness/verify/patch.h"

#include <algorithm>
#include <charconv>
#include <unordered_map>
#include <utility>

#include "harness/verify/patch_binary.h"
#include "harness/verify/patch_hunk.h"
#include "harness/verify/patch_lines.h"
#include "harness/verify/patch_names.h"
#include "harness/verify/verdict.h"

namespace assay::verify {
namespace {

// One pass over the text, a line at a time. Every method that reads a construct leaves the position after it.
class Parser {
 public:
    Parser(Patch& patch, const PatchLimits& limits) : patch_(patch), in_(*patch.text, patch.name), limits_(limits) {}

    Result<void> run() {
        while (!in_.at_end()) {
            if (in_.line().starts_with("diff --git ")) {
                ASSAY_CHECK(git_file());
            } else if (in_.line().starts_with("--- ") && in_.second_line().starts_with("+++ ") &&
                       in_.third_line().starts_with("@@ -")) {
                ASSAY_CHECK(plain_file());
            } else if (is_hunk_header(in_.line())) {
                return in_.bad("a hunk without a file header before it", kRemade);
            } else {
                in_.skip();
            }
        }
        if (patch_.files.empty() && patch_.text->find_first_not_of(" \t\r\n") != std::string::npos)
            return in_.bad(1, "no diff in this text", "give a unified diff, as `git diff` prints it");
        return {};
    }

 private:
    // --- file headers ---

    Result<void> git_file() {
        FilePatch file;
        file.patch_line = in_.number();
        const auto shared = common_name(in_.header_line().substr(11));
        in_.skip();
        std::optional<std::string> old_name, new_name;
        bool any = false;
        for (; !in_.at_end(); in_.skip(), any = true) {
            if (in_.is_cut()) break;  // cut in the middle of a line: git takes no notice of it
            const std::string_view text = in_.header_line();
            auto after = [&](std::string_view word) -> std::optional<std::string_view> {
                if (!text.starts_with(word)) return std::nullopt;
                return text.substr(word.size());
            };
            if (auto rest = after("old mode ")) {
                ASSAY_TRY(file.old_mode, mode(*rest));
            } else if (rest = after("new mode "); rest) {
                ASSAY_TRY(file.new_mode, mode(*rest));
            } else if (rest = after("deleted file mode "); rest) {
                file.change = Change::remove;
                ASSAY_TRY(file.old_mode, mode(*rest));
            } else if (rest = after("new file mode "); rest) {
                file.change = Change::create;
                ASSAY_TRY(file.new_mode, mode(*rest));
            } else if (rest = after("rename from "); rest) {
                file.change = Change::rename;
                ASSAY_TRY(old_name, whole_name(*rest));
            } else if (rest = after("rename to "); rest) {
                file.change = Change::rename;
                ASSAY_TRY(new_name, whole_name(*rest));
            } else if (rest = after("copy from "); rest) {
                file.change = Change::copy;
                ASSAY_TRY(old_name, whole_name(*rest));
            } else if (rest = after("copy to "); rest) {
                file.change = Change::copy;
                ASSAY_TRY(new_name, whole_name(*rest));
            } else if (rest = after("similarity index "); rest) {
                file.similarity = number_in(*rest);
            } else if (rest = after("index "); rest) {
                const auto space = rest->find(' ');
                file.full_index = std::min(space, rest->size()) >= 82;  // two hashes of 40 digits and ".."
                if (space != std::string_view::npos) {
                    ASSAY_TRY(const auto both, mode(rest->substr(space + 1)));
                    if (!file.old_mode) file.old_mode = both;
                }
            } else if (rest = after("--- "); rest) {
                ASSAY_CHECK(side(*rest, old_name, file.change == Change::create));
            } else if (rest = after("+++ "); rest) {
                ASSAY_CHECK(side(*rest, new_name, file.change == Change::remove));
            } else if (!after("dissimilarity index ")) {
                break;
            }
        }
        if (!any) return {};  // "diff --git" in prose: nothing of a header follows
        ASSAY_CHECK(name_sides(file, shared, old_name, new_name));
        return body(std::move(file));
    }

    // Decides both paths from the three places that may name them, and refuses a contradiction.
    Result<void> name_sides(FilePatch& file, const std::optional<std::string>& shared,
                            const std::optional<std::string>& old_name, const std::optional<std::string>& new_name) {
        const bool moved = file.change == Change::rename || file.change == Change::copy;
        // The first line counts where no other names the file; one side alone is not enough for git either.
        const bool unnamed = !old_name && !new_name;
        const auto& old_path = old_name || !(unnamed || file.change == Change::remove) ? old_name : shared;
        const auto& new_path = new_name || !(unnamed || file.change == Change::create) ? new_name : shared;
        if ((file.change != Change::create && !old_path) || (file.change != Change::remove && !new_path))
            return in_.bad(file.patch_line, "the header does not name the file", kRemade);
        if (!moved && old_path && new_path && *old_path != *new_path)
            return in_.bad(
                file.patch_line,
                "the header names two files, " + excerpt(*old_path) + " and " + excerpt(*new_path) + ", and no rename",
                kRemade);
        if (file.change != Change::create) file.old_path = *old_path;
        if (file.change != Change::remove) file.new_path = *new_path;
        return {};
    }

    // The name on a "---" or "+++" line of a git diff.
    Result<void> side(std::string_view text, std::optional<std::string>& name, bool must_be_absent) {
        const auto read = read_name(text);
        if (!read) return in_.bad("a file name with broken quotes", kRemade);
        if (*read == "/dev/null") {
            if (must_be_absent) return {};
            // Without "new file mode" or "deleted file mode" git takes this as an error too.
            return in_.bad("/dev/null in a diff that neither creates nor deletes the file", kRemade);
        }
        if (must_be_absent) return in_.bad("/dev/null expected, " + excerpt(*read) + " found", kRemade);
        const auto stripped = strip_component(*read);
        if (!stripped) return in_.bad("\"" + excerpt(*read) + "\" has no a/ or b/ before the name", kRemade);
        if (name && *name != *stripped)
            return in_.bad("the header names two files, " + excerpt(*name) + " and " + excerpt(*stripped), kRemade);
        name = stripped;
        return check_length(*stripped);
    }

    Result<std::string> whole_name(std::string_view text) {
        auto name = read_name(text);
        if (!name || name->empty()) return in_.bad("no file name, or one with broken quotes", kRemade);
        ASSAY_CHECK(check_length(*name));
        return *name;
    }

    Result<void> check_length(const std::string& name) {
        if (name.size() <= limits_.path) return {};
        return in_.bad("a path of " + std::to_string(name.size()) + " bytes", "use shorter paths");
    }

    Result<void> plain_file() {
        FilePatch file;
        file.patch_line = in_.number();
        const auto before = read_plain_name(in_.header_line().substr(4));
        in_.skip();
        const auto after = read_plain_name(in_.header_line().substr(4));
        if (!before || !after) return in_.bad("no file name, or one with broken quotes", kRemade);
        in_.skip();
        // Names without a folder on both sides come from `diff -u a b` in one folder: nothing to strip.
        auto bare = [](const PlainName& side) {
            return side.name == "/dev/null" || side.name.find('/') == std::string::npos;
        };
        const bool keep = bare(*before) && bare(*after);
        auto path = [&](const PlainName& side) -> std::optional<std::string> {
            if (side.name == "/dev/null") return std::nullopt;
            return keep ? std::optional(side.name) : strip_component(side.name);
        };
        const auto old_path = path(*before);
        const auto new_path = path(*after);
        if (!old_path && !new_path) return in_.bad(file.patch_line, "the header does not name the file", kRemade);
        // "file.orig" against "file": the shorter name is meant.
        std::string name = new_path ? *new_path : *old_path;
        if (old_path && new_path && old_path->size() < name.size() && name.starts_with(*old_path)) name = *old_path;
        ASSAY_CHECK(check_length(name));
        if (before->absent && !after->absent) file.change = Change::create;
        if (after->absent && !before->absent) file.change = Change::remove;
        if (file.change != Change::create) file.old_path = name;
        if (file.change != Change::remove) file.new_path = name;
        file.maybe_new = file.change == Change::modify;
        return body(std::move(file));
    }

    // --- bodies ---

    Result<void> body(FilePatch file) {
        if (patch_.files.size() >= limits_.files)
            return in_.bad(file.patch_line, "more than " + std::to_string(limits_.files) + " files", "split the patch");
        while (in_.line().starts_with("@@ -")) {
            ASSAY_TRY(auto hunk, read_hunk(in_));
            file.hunks.push_back(std::move(hunk));
        }
        if (file.hunks.empty() && in_.header_line() == "GIT binary patch") {
            ASSAY_CHECK(binary(file));
        } else if (file.hunks.empty() && in_.header_line().ends_with(" differ") &&
                   (in_.line().starts_with("Binary files ") || in_.line().starts_with("Files "))) {
            file.binary_omitted = true;
            in_.skip();
        }
        std::uint64_t old_lines = 0, new_lines = 0;
        for (const Hunk& hunk : file.hunks) old_lines += hunk.old_count, new_lines += hunk.new_count;
        if (file.change == Change::create && old_lines != 0)
            return in_.bad(file.patch_line, file.new_path + " is new, but its diff has old lines", kRemade);
        if (file.change == Change::remove && new_lines != 0)
            return in_.bad(file.patch_line, file.old_path + " is deleted, but its diff has new lines", kRemade);
        if (old_lines != 0 || file.hunks.size() > 1) file.maybe_new = false;
        const bool new_mode = file.new_mode && file.new_mode != file.old_mode;
        if (file.hunks.empty() && !file.binary && !file.binary_omitted && file.change == Change::modify && !new_mode)
            return in_.bad(file.patch_line, "the header of " + file.new_path + " is not followed by any change",
                           kRemade);
        patch_.files.push_back(std::move(file));
        return {};
    }

    Result<void> binary(FilePatch& file) {
        in_.skip();
        ASSAY_TRY(auto forward, binary_part());
        if (!forward) return in_.bad("no \"literal\" or \"delta\" after \"GIT binary patch\"", kRemade);
        file.binary = std::move(*forward);
        return binary_part().map([](auto&&) {});  // the way back is read, checked and not kept
    }

    Result<std::optional<BinaryPart>> binary_part() {
        BinaryPart part;
        part.patch_line = in_.number();
        std::string_view head = in_.header_line();
        if (head.starts_with("literal ")) {
            head.remove_prefix(8);
        } else if (head.starts_with("delta ")) {
            part.kind = BinaryPart::Kind::delta;
            head.remove_prefix(6);
        } else {
            return std::optional<BinaryPart>{};
        }
        std::uint64_t size = 0;
        auto [end, status] = std::from_chars(head.data(), head.data() + head.size(), size);
        if (status != std::errc{} || end != head.data() + head.size())
            return in_.bad("a binary part without its size", kRemade);
        unpacked_ += size;
        if (size > limits_.result.count || unpacked_ > limits_.result.count)
            return in_.bad("binary parts of more than " + format_bytes(limits_.result), "leave them out");
        in_.skip();
        std::string deflated;
        for (; !in_.at_end() && !in_.header_line().empty(); in_.skip()) {
            const std::string_view text = in_.header_line();
            auto bytes = decode_base85(text.substr(1), line_bytes(text.front()));
            if (!bytes) return in_.bad("a broken line of base 85", kRemade);
            deflated += *bytes;
        }
        if (!in_.at_end()) in_.skip();  // the empty line
        auto bytes = inflate_exactly(deflated, size);
        if (!bytes) return in_.bad(part.patch_line, "a binary part that does not unpack to its size", kRemade);
        part.bytes = std::move(*bytes);
        return std::optional(std::move(part));
    }

    // --- numbers ---

    Result<std::uint32_t> mode(std::string_view text) const {
        std::uint32_t value = 0;
        auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value, 8);
        if (status != std::errc{} || end != text.data() + text.size() || value > 0177777)
            return in_.bad("a broken file mode: " + excerpt(text, 40), kRemade);
        return value;
    }
    static std::optional<std::uint32_t> number_in(std::string_view text) {
        std::uint32_t value = 0;
        auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (status != std::errc{} || value > 100) return std::nullopt;
        return value;
    }

    Patch& patch_;
    PatchLines in_;
    const PatchLimits& limits_;
    std::uint64_t unpacked_ = 0;
};

}  // namespace

Result<Patch> parse_patch(std::string text, std::string name, const PatchLimits& limits) {
    Patch patch;
    patch.name = std::move(name);
    if (text.size() > limits.patch.count)
        return fail("read patch", patch.name + ": " + format_bytes({text.size()}) + " long",
                    "a patch may have " + format_bytes(limits.patch));
    patch.text = std::make_shared<const std::string>(std::move(text));
    ASSAY_CHECK(Parser(patch, limits).run());
    return patch;
}

AddedSource added_lines_of_patch(const Patch& patch) {
    AddedSource source;
    source.backing.push_back(patch.text);
    std::unordered_map<std::string_view, std::size_t> index;
    for (const FilePatch& file : patch.files) {
        if (file.change == Change::remove) continue;
        auto [place, fresh] = index.try_emplace(file.new_path, source.files.size());
        if (fresh) source.files.push_back({file.new_path, {}});
        auto& lines = source.files[place->second].lines;
        for (const Hunk& hunk : file.hunks)
            for (const HunkLine& line : hunk.lines)
                if (line.kind == '+') lines.push_back({line.number, line.text});
    }
    return source;
}

}  // namespace assay::verify
