// The [Options] section: every option of Hurl 8 by its name, with a value of the option's own kind.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "harness/suite/hurl_parser.h"

namespace assay::suite::hurl {
namespace {

enum class Takes { flag, count, natural, time, text, file, certificate, variable, verbosity };

struct OptionName {
    std::string_view name;
    Takes takes;
};
constexpr std::array<OptionName, 42> kOptions = {{
    {"aws-sigv4", Takes::text},
    {"cacert", Takes::file},
    {"cert", Takes::certificate},
    {"compressed", Takes::flag},
    {"connect-timeout", Takes::time},
    {"connect-to", Takes::text},
    {"delay", Takes::time},
    {"digest", Takes::flag},
    {"header", Takes::text},
    {"http1.0", Takes::flag},
    {"http1.1", Takes::flag},
    {"http2", Takes::flag},
    {"http3", Takes::flag},
    {"insecure", Takes::flag},
    {"ipv4", Takes::flag},
    {"ipv6", Takes::flag},
    {"key", Takes::file},
    {"limit-rate", Takes::natural},
    {"location", Takes::flag},
    {"location-trusted", Takes::flag},
    {"max-redirs", Takes::count},
    {"max-time", Takes::time},
    {"negotiate", Takes::flag},
    {"netrc", Takes::flag},
    {"netrc-file", Takes::file},
    {"netrc-optional", Takes::flag},
    {"ntlm", Takes::flag},
    {"output", Takes::file},
    {"path-as-is", Takes::flag},
    {"pinnedpubkey", Takes::text},
    {"proxy", Takes::text},
    {"repeat", Takes::count},
    {"resolve", Takes::text},
    {"retry", Takes::count},
    {"retry-interval", Takes::time},
    {"skip", Takes::flag},
    {"unix-socket", Takes::text},
    {"user", Takes::text},
    {"variable", Takes::variable},
    {"verbose", Takes::flag},
    {"verbosity", Takes::verbosity},
    {"very-verbose", Takes::flag},
}};

const OptionName* find_option(std::string_view name) {
    const auto found =
        std::find_if(kOptions.begin(), kOptions.end(), [&](const OptionName& known) { return known.name == name; });
    return found == kOptions.end() ? nullptr : &*found;
}

}  // namespace

Parsed<Option> Parser::option() {
    skip_lines();
    in_.skip_blanks();
    Option option;
    option.span.begin = in_.position();
    option.name = std::string(in_.read_while(
        [](char32_t c) { return c < 0x80 && (is_alphanumeric(c) || c == '-' || c == '.' || c == '_'); }));
    option.span.end = in_.position();
    in_.skip_blanks();
    if (!in_.take(":")) return not_this(expecting(in_.position(), ":", true));
    in_.skip_blanks();
    if (find_option(option.name) == nullptr) {
        std::vector<std::string_view> names;
        for (const auto& known : kOptions) names.push_back(known.name);
        // Hurl suggests this one too, though no entry can have it.
        names.insert(std::lower_bound(names.begin(), names.end(), "no-proxy"), "no-proxy");
        return not_this({option.span.begin, false, "Parsing option",
                         fmt::format("the option name is not valid. {}", suggestion(names, option.name))});
    }
    auto value = option_value(option);
    if (!value) {
        value.error().recoverable = false;
        return not_this(std::move(value).error());
    }
    ASSAY_CHECK(line_end());
    return option;
}

Parsed<void> Parser::option_value(Option& option) {
    const auto at = in_.position();
    const Takes takes = find_option(option.name)->takes;
    const bool scalar =
        takes == Takes::flag || takes == Takes::count || takes == Takes::natural || takes == Takes::time;
    if (scalar && in_.looking_at("{{")) {
        ASSAY_TRY(option.value, placeholder(in_));
        return {};
    }
    switch (takes) {
        case Takes::flag: {
            const bool on = in_.take("true");
            if (!on && !in_.take("false")) return not_this(expecting(at, "true|false"));
            option.value = on;
            return {};
        }
        case Takes::count: {
            auto count = integer(true, "integer >= -1");
            if (!count || *count < -1) return not_this(expecting(at, "integer >= -1"));
            option.value = *count;
            return {};
        }
        case Takes::natural: {
            auto natural = integer(false, "integer >= 0");
            if (!natural) return not_this(expecting(at, "integer >= 0"));
            option.value = *natural;
            return {};
        }
        case Takes::time: {
            ASSAY_TRY(const std::int64_t value, integer(false, "integer"));
            const auto unit_at = in_.position();
            const auto unit = in_.read_while([](char32_t c) { return c < 0x80 && is_alphanumeric(c) && !is_digit(c); });
            const std::int64_t factor = unit.empty() || unit == "ms" ? 1
                                        : unit == "s"                ? 1000
                                        : unit == "m"                ? 60'000
                                        : unit == "h"                ? 3'600'000
                                                                     : 0;
            if (factor == 0)
                return not_this({unit_at, false, "Parsing duration",
                                 fmt::format("the duration unit is not valid. {}", suggestion({"ms", "s"}, unit))});
            if (value > INT64_MAX / 3'600'000) return not_this(expecting(at, "integer"));
            option.value = std::chrono::milliseconds(value * factor);
            return {};
        }
        case Takes::text: {
            ASSAY_TRY(option.value, unquoted());
            return {};
        }
        case Takes::file:
        case Takes::certificate: {
            ASSAY_TRY(option.value, file_name(takes == Takes::certificate));
            return {};
        }
        case Takes::variable: {
            ASSAY_TRY(option.value, variable_definition());
            return {};
        }
        case Takes::verbosity: {
            if (!in_.take("brief") && !in_.take("verbose") && !in_.take("debug"))
                return not_this(expecting(at, "brief|verbose|debug"));
            return {};
        }
    }
    return {};
}

Parsed<VariableDefinition> Parser::variable_definition() {
    VariableDefinition definition;
    const auto at = in_.position();
    definition.name =
        std::string(in_.read_while([](char32_t c) { return is_alphanumeric(c) || c == '_' || c == '-'; }));
    if (definition.name.empty()) return not_this(expecting(at, "variable name"));
    if (definition.name == "getEnv" || definition.name == "newDate" || definition.name == "newUuid")
        return not_this({at, false, "Parsing variable",
                         fmt::format("conflicts with the {} function, use a different name", definition.name)});
    in_.skip_blanks();
    ASSAY_CHECK(literal("="));
    in_.skip_blanks();
    if (in_.take("null")) return definition;
    if (in_.take("true")) {
        definition.value = true;
        return definition;
    }
    if (in_.take("false")) {
        definition.value = false;
        return definition;
    }
    if (in_.peek() == '-' || is_digit(in_.peek())) {
        const auto start = in_.place();
        if (auto number = this->number()) {
            std::visit([&](auto value) { definition.value = Number(std::move(value)); }, std::move(*number));
            return definition;
        } else if (!number.error().recoverable) {
            return not_this(expecting(number.error().at, "variable value"));
        }
        in_.seek(start);
    }
    if (in_.peek() == '"') {
        ASSAY_TRY(definition.value, quoted_template());
    } else {
        ASSAY_TRY(definition.value, unquoted());
    }
    return definition;
}

}  // namespace assay::suite::hurl
