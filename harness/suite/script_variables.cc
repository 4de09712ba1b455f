#include "harness/suite/script_variables.h"

#include <algorithm>
#include <array>
#include <optional>

#include "harness/suite/script_tokens.h"

namespace assay::suite {
namespace {

using Kind = Token::Kind;

template <std::size_t N>
bool one_of(const std::array<std::string_view, N>& words, std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

void add_once(std::vector<std::string>& names, const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

class Reader {
 public:
    explicit Reader(std::string_view source) : tokens_(tokens_of(source)) {}

    ScriptVariables run() {
        for (std::size_t i = 0; i < tokens_.size(); ++i) {
            const Token& token = tokens_[i];
            if (token.kind == Kind::text || token.kind == Kind::template_text) {
                templates(token.text);
                for (const auto& piece : token.pieces) templates(piece);
                // An expression in a template is not taken apart: one that is more than a name may do anything.
                for (std::size_t k = 0; k < token.pieces.size(); k += 2)
                    if (token.pieces[k].find("pm.") != std::string::npos ||
                        token.pieces[k].find("postman.") != std::string::npos)
                        anything();
            }
            if (token.kind == Kind::name && !member(i) && !at(i + 1).is(":")) name(i);
        }
        return std::move(found_);
    }

 private:
    [[nodiscard]] const Token& at(std::size_t index) const {
        static const Token kNone;
        return index < tokens_.size() ? tokens_[index] : kNone;
    }
    [[nodiscard]] bool member(std::size_t i) const {
        return i > 0 && (tokens_[i - 1].is(".") || tokens_[i - 1].is("?."));
    }
    void anything() { found_.reads_any = found_.sets_any = true; }
    void templates(std::string_view text) {
        for (const auto& name : template_variables(text)) add_once(found_.reads, name);
    }

    void name(std::size_t i) {
        static constexpr std::array<std::string_view, 4> kScopes = {"globals", "environment", "collectionVariables",
                                                                    "variables"};
        const std::string& word = tokens_[i].text;
        if (word == "eval" || word == "Function") return anything();
        if (word == "pm") {
            if (!at(i + 1).is(".")) return anything();
            if (one_of(kScopes, at(i + 2).text)) return scope(i + 3);
            if (!at(i + 2).named("execution")) return;
            if (at(i + 3).is(".")) return jump(i + 4);
            found_.jumps_any = true;
            return;
        }
        if (word == "postman") return at(i + 1).is(".") ? old_interface(i + 2) : anything();
        if (word == "globals" || word == "environment") return old_scope(i + 1);
    }

    // `i`: behind pm.environment.
    void scope(std::size_t i) {
        const std::string& call = at(i + 1).text;
        if (!at(i).is(".")) return anything();
        if (call == "name") return;
        if (call == "get" || call == "has") return read(i + 2);
        if (call == "set" || call == "unset") return set(i + 2);
        if (call == "clear") {
            found_.sets_any = true;
        } else if (call == "replaceIn") {
            if (!literal(i + 2)) found_.reads_any = true;  // of a literal the names are found as of any text
        } else if (call == "toObject" || call == "toJSON" || call == "values") {
            found_.reads_any = true;
        } else {
            anything();
        }
    }

    // `i`: behind the old objects `globals` and `environment`.
    void old_scope(std::size_t i) {
        const bool dotted = at(i).is(".") && at(i + 1).kind == Kind::name;
        const bool indexed = at(i).is("[") && at(i + 1).kind == Kind::text && at(i + 2).is("]");
        // Setting a member of these objects reaches nobody: they are copies.
        if (dotted || indexed)
            add_once(found_.reads, at(i + 1).text);
        else
            found_.reads_any = true;
    }

    void old_interface(std::size_t i) {
        const std::string& call = at(i).text;
        if (call == "getGlobalVariable" || call == "getEnvironmentVariable") return read(i + 1);
        if (call == "setGlobalVariable" || call == "setEnvironmentVariable" || call == "clearGlobalVariable" ||
            call == "clearEnvironmentVariable")
            return set(i + 1);
        if (call == "clearGlobalVariables" || call == "clearEnvironmentVariables") {
            found_.sets_any = true;
        } else if (call == "setNextRequest") {
            jump(i);
        } else if (call != "getResponseHeader" && call != "getResponseCookie") {
            anything();
        }
    }

    // `i`: the name of a call on pm.execution or postman.
    void jump(std::size_t i) {
        if (!at(i).named("setNextRequest")) return;
        if (const auto to = literal(i + 1))
            add_once(found_.jumps, *to);
        else
            found_.jumps_any = true;
    }

    // The first argument of the call whose "(" is at `open`, when it is a text that stands there.
    [[nodiscard]] std::optional<std::string> literal(std::size_t open) const {
        const Token& argument = at(open + 1);
        const bool text =
            argument.kind == Kind::text || (argument.kind == Kind::template_text && argument.pieces.empty());
        if (!at(open).is("(") || !text || !(at(open + 2).is(",") || at(open + 2).is(")"))) return std::nullopt;
        return argument.text;
    }
    void read(std::size_t open) {
        if (const auto name = literal(open))
            add_once(found_.reads, *name);
        else
            found_.reads_any = true;
    }
    void set(std::size_t open) {
        if (const auto name = literal(open))
            add_once(found_.sets, *name);
        else
            found_.sets_any = true;
    }

    std::vector<Token> tokens_;
    ScriptVariables found_;
};

}  // namespace

ScriptVariables script_variables(std::string_view source) { return Reader(source).run(); }

std::vector<std::string> template_variables(std::string_view text) {
    std::vector<std::string> names;
    for (auto at = text.find("{{"); at != std::string_view::npos;) {
        const auto brace = text.find_first_of("{}", at + 2);
        if (brace == std::string_view::npos) break;
        if (text.substr(brace, 2) != "}}") {
            at = text.find("{{", at + 1);
            continue;
        }
        const auto name = text.substr(at + 2, brace - at - 2);
        if (!name.empty() && !name.starts_with('$')) add_once(names, std::string(name));
        at = text.find("{{", brace + 2);
    }
    return names;
}

}  // namespace assay::suite
