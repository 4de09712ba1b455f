#include "harness/verify/patch_hunk.h"

#include <charconv>
#include <utility>

#include "harness/verify/verdict.h"

namespace assay::verify {
namespace {

// The numbers of "@@ -1,2 +3,4 @@". False: `rest` is no such header.
bool read_ranges(std::string_view rest, Hunk& hunk) {
    auto take = [&](std::string_view word) {
        if (!rest.starts_with(word)) return false;
        rest.remove_prefix(word.size());
        return true;
    };
    auto number = [&](std::uint32_t& value) {
        auto [end, status] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
        if (status != std::errc{}) return false;
        rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
        return true;
    };
    hunk.old_count = hunk.new_count = 1;
    return take("@@ -") && number(hunk.old_start) && (!take(",") || number(hunk.old_count)) && take(" +") &&
           number(hunk.new_start) && (!take(",") || number(hunk.new_count)) && take(" @@");
}

// "\ No newline at end of file", in whatever language.
Result<void> no_newline(PatchLines& in, Hunk& hunk) {
    if (hunk.lines.empty() || !in.line().starts_with("\\ ") || in.line().size() < 11)
        return in.bad("a line that begins with a backslash, but is not \"\\ No newline at end of file\"", kRemade);
    hunk.lines.back().has_newline = false;
    in.skip();
    return {};
}

}  // namespace

bool is_hunk_header(std::string_view line) {
    Hunk ignored;
    return read_ranges(line, ignored);
}

Result<Hunk> read_hunk(PatchLines& in) {
    Hunk hunk;
    hunk.patch_line = in.number();
    if (!read_ranges(in.line(), hunk)) return in.bad("a broken hunk header: " + excerpt(in.line(), 60), kRemade);
    in.skip();
    std::uint32_t old_left = hunk.old_count, new_left = hunk.new_count;
    std::uint32_t old_number = hunk.old_start, new_number = hunk.new_start;
    bool changes = false;
    auto cut_short = [&] {
        return in.bad(std::min(in.number(), in.last_number()),
                      "the hunk of line " + std::to_string(hunk.patch_line) + " ends early: " +
                          std::to_string(old_left) + " old and " + std::to_string(new_left) + " new lines are missing",
                      "the patch was cut or edited; make it again");
    };
    while (old_left > 0 || new_left > 0) {
        if (in.at_end()) return cut_short();
        const std::string_view text = in.line();
        if (in.is_cut())
            return in.bad("the patch ends in the middle of a line",
                          "end the patch with a line break; a final one is easily stripped by mistake");
        const char kind = text.empty() ? ' ' : text.front();
        if (kind == '\\') {
            ASSAY_CHECK(no_newline(in, hunk));
            continue;
        }
        const bool old_side = kind == ' ' || kind == '-';
        const bool new_side = kind == ' ' || kind == '+';
        // An empty line is an empty context line of newer diffs; "\r" alone is one whose carriage return stayed.
        if ((!old_side && !new_side) || (old_side && old_left == 0) || (new_side && new_left == 0)) return cut_short();
        hunk.lines.push_back({kind, true, text.empty() ? text : text.substr(1), new_side ? new_number : old_number});
        if (old_side) --old_left, ++old_number;
        if (new_side) --new_left, ++new_number;
        changes = changes || kind != ' ';
        in.skip();
    }
    if (in.bytes_left() > 12 && in.line().starts_with("\\ ")) ASSAY_CHECK(no_newline(in, hunk));
    if (!changes) return in.bad(hunk.patch_line, "a hunk that changes nothing", kRemade);
    return hunk;
}

}  // namespace assay::verify
