// Reads a script word by word: comments, texts and regular expressions are passed over as far as that can be done
// without parsing; where it cannot, the script counts as beyond.
#include "harness/script/vocabulary.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace assay::script {
namespace {

using Words = std::set<std::string_view>;

// What may follow `pm.`, with what may follow that; an empty set: anything.
struct Member {
    std::string_view name;
    Words then;
};
const Words kScopeCalls = {"get", "set", "unset", "has", "clear", "replaceIn"};
const Member kPm[] = {
    {"test", {"skip"}},
    {"expect", {}},
    {"response", {"code", "status", "json", "text", "to", "responseTime", "responseSize", "reason", "headers"}},
    {"environment", kScopeCalls},
    {"globals", kScopeCalls},
    {"collectionVariables", kScopeCalls},
    {"variables", kScopeCalls},
    {"iterationData", {"get", "has"}},
    {"info", {"eventName", "iteration", "iterationCount", "requestName", "requestId"}},
    {"execution", {"setNextRequest", "skipRequest"}},
    {"request", {"method", "url", "headers", "body"}},
    {"cookies", {"get", "has", "toObject"}},
};
// What may follow where `then` above leads to a collection object. Members of lists (headers.one(), ...) are none of
// it: chai sees that they are other objects.
const Words kListCalls = {"get", "has", "toObject"};
const Words kUrlCalls = {"toString", "getPath", "getHost", "getQueryString", "getPathWithQuery", "getRemote"};
const Words kBodyFields = {"raw", "mode"};
// chai-postman's words, and those properties of a response that both sandboxes keep under the same names.
const Words kResponseWords = {
    "accepted",    "badRequest",   "body",         "clientError", "error",           "forbidden",  "header",
    "info",        "json",         "jsonBody",     "jsonSchema",  "notFound",        "ok",         "notAcceptable",
    "rateLimited", "redirection",  "serverError",  "status",      "statusCodeClass", "statusCode", "statusReason",
    "success",     "unauthorised", "unauthorized", "withBody",    "withoutContent"};
const Words kResponseFields = {"code", "status", "responseTime", "responseSize"};
const Words kPostman = {"setNextRequest",           "setEnvironmentVariable", "getEnvironmentVariable",
                        "clearEnvironmentVariable", "setGlobalVariable",      "getGlobalVariable",
                        "clearGlobalVariable",      "getResponseHeader"};
const Words kLibraries = {"lodash", "crypto-js", "moment", "ajv", "tv4", "chai"};

// Names with a meaning in the complete sandbox that core.js lacks or makes otherwise.
const Words kBeyond = {
    "eval",        "Function",        "Backbone",     "Buffer",       "cheerio",           "xml2Json",    "request",
    "with",        "responseCookies", "process",      "globalThis",   "setInterval",       "__proto__",   "prototype",
    "constructor", "toSorted",        "toReversed",   "toSpliced",    "findLast",          "async",       "await",
    "import",      "findLastIndex",   "isWellFormed", "toWellFormed", "captureStackTrace", "SugarMethods"};

// Methods that the complete sandbox adds to texts, numbers, lists, dates and functions (sugar.js), unless they are a
// native object's, or a link of an assertion's chain.
const Words kSugar = {
    "abbr",        "add",         "addDays",      "addHours",     "addMinutes", "addMonths",    "addSeconds",
    "addWeeks",    "addYears",    "advance",      "after",        "all",        "any",          "assign",
    "average",     "bytes",       "camelize",     "cancel",       "capitalize", "chars",        "clone",
    "codes",       "compact",     "count",        "dasherize",    "debounce",   "decodeBase64", "delay",
    "downto",      "duration",    "each",         "encodeBase64", "escapeHTML", "escapeRegExp", "escapeURL",
    "exclude",     "fill",        "findAll",      "first",        "flatten",    "format",       "from",
    "full",        "groupBy",     "has",          "hex",          "humanize",   "inGroups",     "inGroupsOf",
    "include",     "insert",      "intersect",    "is",           "iso",        "last",         "lazy",
    "least",       "lines",       "long",         "metric",       "most",       "none",         "once",
    "ordinalize",  "pad",         "padLeft",      "padRight",     "paragraphs", "parameterize", "pluralize",
    "randomize",   "relative",    "remove",       "removeAt",     "removeTags", "reset",        "rewind",
    "sample",      "set",         "short",        "singularize",  "sortBy",     "spacify",      "stripTags",
    "subtract",    "sum",         "throttle",     "times",        "titleize",   "to",           "toNumber",
    "truncate",    "underscore",  "unescapeHTML", "unescapeURL",  "union",      "unique",       "upto",
    "utc",         "words",       "zip",          "at",           "create",     "extend",       "equal",
    "merge",       "size",        "select",       "reject",       "tap",        "isEmpty",      "isBlank",
    "min",         "max",         "abs",          "ceil",         "floor",      "round",        "pow",
    "sqrt",        "log",         "sin",          "cos",          "tan",        "exp",          "chr",
    "day",         "days",        "hour",         "hours",        "minute",     "minutes",      "second",
    "seconds",     "month",       "months",       "week",         "weeks",      "year",         "years",
    "millisecond", "milliseconds"};
const Words kReceivers = {"Math", "console", "Array", "_", "lodash", "Number"};
const Words kChainLinks = {"to",   "be",      "been", "is",   "that",  "which", "and", "has",  "have",
                           "with", "at",      "of",   "same", "but",   "does",  "not", "deep", "nested",
                           "own",  "ordered", "any",  "all",  "still", "also",  "an",  "a"};

bool starts_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' ||
           static_cast<unsigned char>(c) >= 0x80;
}
bool in_name(char c) { return starts_name(c) || (c >= '0' && c <= '9'); }

struct Token {
    enum class Kind { name, text, other } kind = Kind::other;
    std::string_view text;  // of a text: what is inside the quotes
};

// Empty: the words cannot be told apart for certain.
std::optional<std::vector<Token>> tokens_of(std::string_view source) {
    std::vector<Token> tokens;
    const auto regular_expression_may_follow = [&tokens] {
        if (tokens.empty()) return true;
        const auto& last = tokens.back();
        if (last.kind == Token::Kind::text) return false;
        if (last.kind == Token::Kind::name)
            return last.text == "return" || last.text == "typeof" || last.text == "case";
        return last.text != ")" && last.text != "]" && last.text != "}" && last.text != "number";
    };
    for (std::size_t i = 0; i < source.size();) {
        const char c = source[i];
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
            ++i;
        } else if (source.substr(i, 2) == "//") {
            i = std::min(source.find('\n', i), source.size());
        } else if (source.substr(i, 2) == "/*") {
            const auto end = source.find("*/", i + 2);
            if (end == std::string_view::npos) return std::nullopt;
            i = end + 2;
        } else if (c == '"' || c == '\'') {
            const auto begin = ++i;
            while (i < source.size() && source[i] != c && source[i] != '\n') i += source[i] == '\\' ? 2 : 1;
            if (i >= source.size() || source[i] == '\n') return std::nullopt;
            tokens.push_back({Token::Kind::text, source.substr(begin, i - begin)});
            ++i;
        } else if (c == '/' && regular_expression_may_follow()) {
            bool in_class = false;
            for (++i; i < source.size() && source[i] != '\n' && (in_class || source[i] != '/'); ++i) {
                if (source[i] == '\\')
                    ++i;
                else if (source[i] == '[')
                    in_class = true;
                else if (source[i] == ']')
                    in_class = false;
            }
            if (i >= source.size() || source[i] != '/') return std::nullopt;
            for (++i; i < source.size() && in_name(source[i]);) ++i;  // flags
            tokens.push_back({Token::Kind::text, {}});
        } else if (c >= '0' && c <= '9') {
            while (i < source.size() && (in_name(source[i]) || source[i] == '.')) ++i;
            tokens.push_back({Token::Kind::other, "number"});
        } else if (starts_name(c)) {
            const auto begin = i;
            while (i < source.size() && in_name(source[i])) ++i;
            tokens.push_back({Token::Kind::name, source.substr(begin, i - begin)});
        } else if (c == '\\') {
            return std::nullopt;  // a name written by its code points
        } else {
            // Of a template literal every word counts, text or code: its backquotes are only signs.
            tokens.push_back({Token::Kind::other, source.substr(i, 1)});
            ++i;
        }
    }
    return tokens;
}

class Reader {
 public:
    explicit Reader(const std::vector<Token>& tokens) : tokens_(tokens) {}

    bool within_core() {
        for (at_ = 0; at_ < tokens_.size(); ++at_) {
            const auto& token = tokens_[at_];
            if (token.kind == Token::Kind::text && token.text.find("use sandbox2") != std::string_view::npos)
                return false;
            if (computed_member()) return false;
            if (token.kind != Token::Kind::name) continue;
            if (is_member(at_)) {
                if (sugar() || (kBeyond.count(token.text) != 0 && !chain_link())) return false;
                continue;
            }
            if (is_key(at_)) continue;
            if (token.text == "pm" ? !pm() : token.text == "postman" ? !member_of(kPostman) : !known(token.text))
                return false;
        }
        return true;
    }

 private:
    [[nodiscard]] bool is(std::size_t at, std::string_view text) const {
        return at < tokens_.size() && tokens_[at].kind != Token::Kind::text && tokens_[at].text == text;
    }
    // `.name`, not `...name`.
    [[nodiscard]] bool is_member(std::size_t at) const {
        return at > 0 && is(at - 1, ".") && !(at > 2 && is(at - 2, ".") && is(at - 3, "."));
    }
    // `{name: ...`; of `a ? name : b` it is no harm to think the same of what is not pm.
    [[nodiscard]] bool is_key(std::size_t at) const {
        return at > 0 && (is(at - 1, "{") || is(at - 1, ",")) && is(at + 1, ":");
    }
    // The index of the member's name behind `at`, or 0.
    [[nodiscard]] std::size_t member(std::size_t at) const {
        std::size_t next = at + 1;
        if (is(next, "?")) ++next;
        if (!is(next, ".") || next + 1 >= tokens_.size()) return 0;
        return tokens_[next + 1].kind == Token::Kind::name ? next + 1 : 0;
    }
    bool member_of(const Words& words) {
        const auto name = member(at_);
        if (name == 0 || words.count(tokens_[name].text) == 0) return false;
        at_ = name;
        return true;
    }
    bool pm() {
        const auto name = member(at_);
        if (name == 0) return false;
        const auto found = std::find_if(std::begin(kPm), std::end(kPm),
                                        [&](const Member& each) { return each.name == tokens_[name].text; });
        if (found == std::end(kPm)) return false;
        at_ = name;
        if (found->name == "test" && is(at_ + 1, "(")) return true;
        if (found->name == "expect") return is(at_ + 1, "(") && expectation();
        if (!member_of(found->then)) return false;
        const auto last = tokens_[at_].text;
        if (found->name == "response") {
            if (last == "to") return response_chain(at_);
            return last != "headers" || list_call();
        }
        if (found->name == "request") return request_member(last);
        if (found->name == "cookies") return list_arguments();
        return last != "replaceIn" || text_argument();
    }
    // pm.expect( with whatever within, or pm.expect(pm.response) and its words.
    bool expectation() {
        if (!is(at_ + 2, "pm") || !is(at_ + 3, ".") || !is(at_ + 4, "response") || !is(at_ + 5, ")")) return true;
        at_ += 5;
        return response_chain(at_);
    }
    // `.to.have.status(200)...` behind `at`, as long as the response is what it speaks of.
    [[nodiscard]] bool response_chain(std::size_t at) const {
        for (bool some = false;; some = true) {
            if (!is(at + 1, ".")) return some && !is(at + 1, "[") && !is(at + 1, "(") && !is(at + 1, "?");
            if (at + 2 >= tokens_.size() || tokens_[at + 2].kind != Token::Kind::name) return false;
            at += 2;
            const auto word = tokens_[at].text;
            if (word == "property")
                return is(at + 1, "(") && at + 2 < tokens_.size() && tokens_[at + 2].kind == Token::Kind::text &&
                       kResponseFields.count(tokens_[at + 2].text) != 0;
            if (kResponseWords.count(word) == 0 && kChainLinks.count(word) == 0) return false;
            if (is(at + 1, "(") && (at = closing(at + 1)) == 0) return false;
        }
    }
    // The index of the bracket that closes the one at `at`, or 0.
    [[nodiscard]] std::size_t closing(std::size_t at) const {
        for (std::size_t depth = 0; at < tokens_.size(); ++at) {
            if (is(at, "(")) ++depth;
            if (is(at, ")") && --depth == 0) return at;
        }
        return 0;
    }
    bool list_call() { return member_of(kListCalls) && list_arguments(); }
    // At get, has or toObject of a list of headers or cookies.
    [[nodiscard]] bool list_arguments() const {
        const auto call = tokens_[at_].text;
        if (call == "get") return is(at_ + 1, "(");
        return call == "has" ? text_argument() : is(at_ + 1, "(") && is(at_ + 2, ")");
    }
    [[nodiscard]] bool text_argument() const {
        const bool text = at_ + 2 < tokens_.size() && tokens_[at_ + 2].kind == Token::Kind::text;
        return is(at_ + 1, "(") && (text || is(at_ + 2, "`"));
    }
    bool request_member(std::string_view last) {
        const auto first = at_ - 4;  // pm.request.x; optional links count as beyond
        if (!is(first, "pm") || (first > 0 && is(first - 1, "delete"))) return false;
        if (last == "headers") return list_call();
        if (last == "url") return member_of(kUrlCalls) && is(at_ + 1, "(") && is(at_ + 2, ")");
        return (last == "method" || member_of(kBodyFields)) && !assigned();
    }
    // Whether an assignment follows: `=`, `+=`, `??=`, `++`.
    [[nodiscard]] bool assigned() const {
        static const Words operators = {"+", "-", "*", "/", "%", "&", "|", "^", "?", ">", "<"};
        auto next = at_ + 1;
        while (next < tokens_.size() && tokens_[next].kind == Token::Kind::other &&
               operators.count(tokens_[next].text) != 0)
            ++next;
        const bool counted = next == at_ + 3 && (is(at_ + 1, "+") || is(at_ + 1, "-"));
        return counted || (is(next, "=") && !is(next + 1, "=") && !is(at_ + 1, ">") && !is(at_ + 1, "<"));
    }
    // `.with` as a link of an assertion's chain. Lists have a method of that name.
    [[nodiscard]] bool chain_link() const {
        if (!is(at_, "with") || !is(at_ + 1, ".") || at_ + 2 >= tokens_.size()) return false;
        static const Words of_functions = {"call", "apply", "bind", "name", "toString"};
        return tokens_[at_ + 2].kind == Token::Kind::name && of_functions.count(tokens_[at_ + 2].text) == 0;
    }
    // x["first"](): a method by its text.
    [[nodiscard]] bool computed_member() const {
        const auto& token = tokens_[at_];
        if (token.kind != Token::Kind::text || at_ == 0 || !is(at_ - 1, "[") || !is(at_ + 1, "]")) return false;
        return is(at_ + 2, "(") && (kSugar.count(token.text) != 0 || kBeyond.count(token.text) != 0);
    }
    // A method that lists, texts and the like have in the complete sandbox only.
    [[nodiscard]] bool sugar() const {
        if (!is(at_ + 1, "(") || kSugar.count(tokens_[at_].text) == 0) return false;
        if (at_ < 2) return true;
        const auto& receiver = tokens_[at_ - 2];
        if (receiver.kind != Token::Kind::name) return true;
        return kReceivers.count(receiver.text) == 0 && !(is_member(at_ - 2) && kChainLinks.count(receiver.text) != 0);
    }
    [[nodiscard]] bool known(std::string_view name) const {
        if (name == "require") {
            return is(at_ + 1, "(") && at_ + 3 < tokens_.size() && tokens_[at_ + 2].kind == Token::Kind::text &&
                   is(at_ + 3, ")") && kLibraries.count(tokens_[at_ + 2].text) != 0;
        }
        if (name == "Object" || name == "Date" || name == "String" || name == "RegExp") {
            static const Words native = {"keys",        "values", "entries", "assign", "freeze",       "is",
                                         "fromEntries", "now",    "parse",   "UTC",    "fromCharCode", "raw"};
            const auto call = member(at_);
            return call == 0 || native.count(tokens_[call].text) != 0;
        }
        return kBeyond.count(name) == 0;
    }

    const std::vector<Token>& tokens_;
    std::size_t at_ = 0;
};

}  // namespace

bool within_core(std::string_view source) {
    const auto tokens = tokens_of(source);
    return tokens && Reader(*tokens).within_core();
}

}  // namespace assay::script
