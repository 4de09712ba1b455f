// File names in diff headers: C-style quotes, prefixes, and the line "diff --git a/X b/X" that does not say where X
// ends.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace assay::verify {

// A name as it stands at the beginning of `text`: quoted ("a/\303\251", with \a \b \t \n \v \f \r \" \\ and three octal
// digits), or up to a tab or the end. Nothing when the quotes are broken. `used` is what it took, if asked for.
std::optional<std::string> read_name(std::string_view text, std::size_t* used = nullptr);

// `name` without its first component, nothing when that leaves nothing. "/dev/null" must be handled before.
std::optional<std::string> strip_component(std::string_view name);

// The name that both sides of "diff --git " share after stripping; nothing when they differ or cannot be told apart.
std::optional<std::string> common_name(std::string_view after_diff_git);

// From the "---" and "+++" lines of a plain diff (without these signs): name and whether the time stamp is the epoch,
// which means that the file is not there.
struct PlainName {
    std::string name;
    bool absent = false;
};
std::optional<PlainName> read_plain_name(std::string_view text);

}  // namespace assay::verify
