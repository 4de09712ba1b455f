#include "harness/suite/script_outline.h"

#include <algorithm>
#include <array>
#include <optional>

#include "harness/suite/script_tokens.h"

namespace assay::suite {
namespace {

using Kind = Token::Kind;

constexpr std::size_t kExpandAtMost = 1000;  // names that literal lists write out, of one site
constexpr int kDepthAtMost = 200;            // of brackets; deeper ones are not looked into

// A loop over a list that stands in the text.
struct Loop {
    std::string variable;
    std::uint32_t count = 1;
    std::vector<std::string> elements;  // empty: not all of them are texts or numbers
};

// How often the code at work runs.
struct Context {
    bool certain = true;
    std::vector<Loop> loops;

    [[nodiscard]] Context unsure() const { return {false, loops}; }
    [[nodiscard]] Context in(const Loop& loop) const {
        Context inner = *this;
        inner.loops.push_back(loop);
        return inner;
    }
};

struct Piece {
    bool known = true;
    std::string text;  // of an unknown one: the variable it is, if it is one
};

class Outliner {
 public:
    explicit Outliner(std::string_view source) : tokens_(tokens_of(source)), match_(tokens_.size(), 0) {
        match_brackets();
    }

    ScriptOutline run() {
        walk(0, tokens_.size(), Context(), std::nullopt);
        std::sort(found_.sets.begin(), found_.sets.end());
        found_.sets.erase(std::unique(found_.sets.begin(), found_.sets.end()), found_.sets.end());
        return std::move(found_);
    }

 private:
    [[nodiscard]] const Token& at(std::size_t index) const {
        static const Token kNone;
        return index < tokens_.size() ? tokens_[index] : kNone;
    }
    [[nodiscard]] const Token& before(std::size_t index) const { return at(index - 1); }  // of 0: none

    // match_[i] of an opening bracket is its end; of one without an end the end of the text.
    void match_brackets() {
        std::vector<std::size_t> open;
        for (std::size_t i = 0; i < tokens_.size(); ++i) {
            const Token& token = tokens_[i];
            if (token.is("(") || token.is("[") || token.is("{")) {
                match_[i] = tokens_.size();
                open.push_back(i);
            } else if ((token.is(")") || token.is("]") || token.is("}")) && !open.empty()) {
                match_[open.back()] = i;
                match_[i] = open.back();
                open.pop_back();
            }
        }
    }

    // Where the expression or statement that begins at `from` ends: at a ";", a "," where `comma` says so, the end of
    // what surrounds it, or a line break after which nothing can go on.
    [[nodiscard]] std::size_t end_of(std::size_t from, std::size_t to, bool comma) const {
        for (std::size_t i = from; i < to; ++i) {
            const Token& token = tokens_[i];
            if (token.is(";") || (comma && token.is(","))) return i;
            if (i > from && token.line > before(i).line && ends_value(before(i)) && !goes_on(token)) return i;
            if (opens(token)) i = std::min(match_[i], to);
        }
        return to;
    }
    static bool opens(const Token& token) { return token.is("(") || token.is("[") || token.is("{"); }
    static bool ends_value(const Token& token) {
        return token.kind != Kind::punct || token.is(")") || token.is("]") || token.is("}");
    }
    static bool goes_on(const Token& token) {
        if (token.kind == Kind::punct) return !token.is("{") && !token.is("++");
        return token.kind == Kind::name && (token.text == "in" || token.text == "of" || token.text == "instanceof");
    }

    // `callback`: how often a function that stands right here is called; nothing: nobody knows.
    void walk(std::size_t from, std::size_t to, const Context& context, const std::optional<Loop>& callback) {
        if (++depth_ <= kDepthAtMost) {
            for (std::size_t i = from; i < to;) i = std::min(step(i, to, context, callback), to);
        }
        --depth_;
    }
    void inside(std::size_t open, const Context& context, const std::optional<Loop>& callback = std::nullopt) {
        walk(open + 1, match_[open], context, callback);
    }

    // Looks at what begins at `i`; gives where to go on.
    std::size_t step(std::size_t i, std::size_t to, const Context& context, const std::optional<Loop>& callback) {
        const Token& token = tokens_[i];
        const bool member = before(i).is(".") || before(i).is("?.");
        if (token.kind == Kind::name && !member && !at(i + 1).is(":")) {
            if (const auto next = statement(i, to, context)) return *next;
            if (token.text == "function") return function(i, to, context, callback);
            look_for_assertion(i, context);
            look_for_variable(i);
            return i + 1;
        }
        if (token.is("=>")) {
            const Context body = called(context, callback);
            if (at(i + 1).is("{")) return inside(i + 1, body), match_[i + 1] + 1;
            const std::size_t end = end_of(i + 1, to, true);
            return walk(i + 1, end, body, std::nullopt), end;
        }
        if (token.is("&&") || token.is("||") || token.is("??") || token.is("?") || token.is("?.")) {
            const std::size_t end = end_of(i + 1, to, true);
            return walk(i + 1, end, context.unsure(), std::nullopt), std::max(end, i + 1);
        }
        if (token.is("(")) return inside(i, context, callback_of(i)), match_[i] + 1;
        // A block after ")" that no keyword explained is a method's body.
        if (token.is("{") && before(i).is(")")) return inside(i, context.unsure()), match_[i] + 1;
        if (token.is("[") || token.is("{")) return inside(i, context), match_[i] + 1;
        return i + 1;
    }

    std::optional<std::size_t> statement(std::size_t i, std::size_t to, const Context& context) {
        const std::string& word = tokens_[i].text;
        static constexpr std::array<std::string_view, 5> kHeads = {"if", "while", "for", "switch", "with"};
        const bool head = std::find(kHeads.begin(), kHeads.end(), word) != kHeads.end() && at(i + 1).is("(");
        if (head) {
            const std::size_t close = match_[i + 1];
            inside(i + 1, context);
            const auto loop = word == "for" ? literal_for(i + 1) : std::nullopt;
            return body(close + 1, to, loop ? context.in(*loop) : context.unsure());
        }
        if (word == "catch" && at(i + 1).is("(")) return body(match_[i + 1] + 1, to, context.unsure());
        if (word == "else" || word == "do" || word == "catch") return body(i + 1, to, context.unsure());
        return std::nullopt;
    }

    std::size_t body(std::size_t i, std::size_t to, const Context& context) {
        if (i >= to) return to;
        if (at(i).is("{")) return inside(i, context), match_[i] + 1;
        const std::size_t end = end_of(i, to, false);
        return walk(i, end, context, std::nullopt), std::max(end, i + 1);
    }

    std::size_t function(std::size_t i, std::size_t to, const Context& context, const std::optional<Loop>& callback) {
        std::size_t open = i + 1;
        while (open < to && !at(open).is("(")) ++open;
        if (open >= to) return i + 1;
        const std::size_t block = match_[open] + 1;
        if (!at(block).is("{")) return block;
        const bool called_here = at(match_[block] + 1).is("(");  // function () { ... }()
        inside(block, called_here ? context : called(context, callback));
        return match_[block] + 1;
    }
    static Context called(const Context& context, const std::optional<Loop>& callback) {
        return callback ? context.in(*callback) : context.unsure();
    }

    // What the functions in the parentheses at `open` are called for: once in (function () { ... })(), once for each
    // element in [...].forEach(...).
    [[nodiscard]] std::optional<Loop> callback_of(std::size_t open) const {
        const Token& previous = before(open);
        const bool grouping = previous.kind == Kind::punct && !previous.is(")") && !previous.is("]");
        if (open == 0 || grouping) return at(match_[open] + 1).is("(") ? std::optional(Loop()) : std::nullopt;
        if (open < 4 || !previous.named("forEach") || !at(open - 2).is(".") || !at(open - 3).is("]"))
            return std::nullopt;
        const std::size_t list = match_[open - 3];
        const Token& in_front = before(list);
        if (list > 0 && (in_front.kind != Kind::punct || in_front.is(")") || in_front.is("]"))) return std::nullopt;
        auto loop = literal_list(list);
        if (!loop) return loop;
        std::size_t parameter = open + 1;
        if (at(parameter).named("async")) ++parameter;
        if (at(parameter).named("function")) ++parameter;
        if (at(parameter).kind == Kind::name && at(parameter + 1).is("(")) ++parameter;  // a function's name
        if (at(parameter).is("(")) ++parameter;
        if (at(parameter).kind == Kind::name) loop->variable = at(parameter).text;
        return loop;
    }

    // for (const x of ["a", "b"])
    [[nodiscard]] std::optional<Loop> literal_for(std::size_t open) const {
        const bool declared = at(open + 1).named("const") || at(open + 1).named("let") || at(open + 1).named("var");
        const std::size_t list = open + 4;
        if (!declared || at(open + 2).kind != Kind::name || !at(open + 3).named("of") || !at(list).is("[") ||
            match_[list] + 1 != match_[open])
            return std::nullopt;
        auto loop = literal_list(list);
        if (loop) loop->variable = at(open + 2).text;
        return loop;
    }

    [[nodiscard]] std::optional<Loop> literal_list(std::size_t open) const {
        Loop loop;
        loop.count = 0;
        bool plain = true;
        for (std::size_t i = open + 1; i < match_[open];) {
            if (at(i).is("...")) return std::nullopt;
            const std::size_t end = end_of_element(i, match_[open]);
            const Token& token = at(i);
            plain = plain && end == i + 1 &&
                    (token.kind == Kind::text || token.kind == Kind::number ||
                     (token.kind == Kind::template_text && token.pieces.empty()));
            if (plain) loop.elements.push_back(token.text);
            ++loop.count;
            i = end + 1;
        }
        if (!plain) loop.elements.clear();
        return loop;
    }
    [[nodiscard]] std::size_t end_of_element(std::size_t from, std::size_t to) const {
        for (std::size_t i = from; i < to; ++i) {
            if (tokens_[i].is(",")) return i;
            if (opens(tokens_[i])) i = std::min(match_[i], to);
        }
        return to;
    }

    void look_for_assertion(std::size_t i, const Context& context) {
        if (at(i).text == "pm" && at(i + 1).is(".") && at(i + 2).named("test")) {
            std::size_t open = i + 3;
            if (at(open).is(".") && at(open + 1).named("skip")) open += 2;
            if (!at(open).is("(")) return;
            const std::size_t end = end_of_element(open + 1, match_[open]);
            add_site(pieces(open + 1, end), context, at(i).line, false);
        } else if (at(i).text == "tests" && at(i + 1).is("[") && at(match_[i + 1] + 1).is("=")) {
            add_site(pieces(i + 2, match_[i + 1]), context, at(i).line, true);
        } else if (at(i).text == "tests" && at(i + 1).is(".") && at(i + 2).kind == Kind::name && at(i + 3).is("=")) {
            add_site({{true, at(i + 2).text}}, context, at(i).line, true);
        }
    }

    void look_for_variable(std::size_t i) {
        static constexpr std::array<std::string_view, 4> kScopes = {"globals", "environment", "collectionVariables",
                                                                    "variables"};
        std::size_t open = 0;
        if (at(i).text == "pm" && at(i + 1).is(".") && at(i + 3).is(".") && at(i + 4).named("set") &&
            std::find(kScopes.begin(), kScopes.end(), at(i + 2).text) != kScopes.end())
            open = i + 5;
        if (at(i).text == "postman" && at(i + 1).is(".") &&
            (at(i + 2).named("setGlobalVariable") || at(i + 2).named("setEnvironmentVariable")))
            open = i + 3;
        if (open != 0 && at(open).is("(") && at(open + 1).kind == Kind::text) found_.sets.push_back(at(open + 1).text);
    }

    // The parts of an expression that makes a name: texts, templates and what is added to them.
    [[nodiscard]] std::vector<Piece> pieces(std::size_t from, std::size_t to) const {
        std::vector<Piece> all;
        for (std::size_t i = from; i < to; ++i) {
            const Token& token = at(i);
            const bool alone = (i == from || before(i).is("+")) && (i + 1 == to || at(i + 1).is("+"));
            if (alone && token.kind == Kind::text) {
                all.push_back({true, token.text});
            } else if (alone && token.kind == Kind::template_text) {
                all.push_back({true, token.text});
                for (std::size_t k = 0; k + 1 < token.pieces.size(); k += 2) {
                    all.push_back({false, token.pieces[k]});
                    all.push_back({true, token.pieces[k + 1]});
                }
            } else if (alone && token.kind == Kind::name) {
                all.push_back({false, token.text});
            } else if (!token.is("+")) {
                all.push_back({false, ""});
                if (opens(token)) i = std::min(match_[i], to);
            }
        }
        return all;
    }

    void add_site(const std::vector<Piece>& name, const Context& context, std::uint32_t line, bool keyed) {
        std::vector<std::string> names = {""};
        std::uint64_t times = context.certain ? 1 : 0;
        std::vector<const Loop*> used;
        bool exact = !name.empty();
        for (const Piece& piece : name) {
            if (piece.known) {
                for (auto& each : names) each += piece.text;
                continue;
            }
            const auto loop = std::find_if(context.loops.rbegin(), context.loops.rend(),
                                           [&](const Loop& each) { return each.variable == piece.text; });
            exact = exact && loop != context.loops.rend() && !loop->elements.empty() && used.empty() &&
                    loop->elements.size() <= kExpandAtMost;
            if (!exact) break;
            used.push_back(&*loop);
            std::vector<std::string> longer;
            for (const auto& element : loop->elements) longer.push_back(names.front() + element);
            names = std::move(longer);
        }
        for (const Loop& loop : context.loops) {
            const bool written_out = exact && std::find(used.begin(), used.end(), &loop) != used.end();
            if (!written_out) times *= loop.count;
        }
        const auto count = static_cast<std::uint32_t>(std::min<std::uint64_t>(times, 100'000));
        if (!exact) return add_computed(name, count, line);
        // Of the object `tests` a name is one key, however often it is set.
        for (const auto& each : names) {
            auto& all = found_.assertions;
            const auto same = std::find_if(all.begin(), all.end(), [&](const auto& site) {
                return keyed && site.exact && site.name == each && site.times <= 1;
            });
            if (same != all.end())
                same->times = std::max(same->times, std::min(count, 1u));
            else
                all.push_back({each, "", true, keyed ? std::min(count, 1u) : count, line});
        }
    }

    void add_computed(const std::vector<Piece>& name, std::uint32_t times, std::uint32_t line) {
        AssertionSite site;
        site.exact = false;
        site.times = times;
        site.line = line;
        std::size_t i = 0;
        for (; i < name.size() && name[i].known; ++i) site.name += name[i].text;
        for (std::size_t k = name.size(); k > i && name[k - 1].known; --k) site.suffix = name[k - 1].text + site.suffix;
        found_.assertions.push_back(std::move(site));
    }

    std::vector<Token> tokens_;
    std::vector<std::size_t> match_;
    ScriptOutline found_;
    int depth_ = 0;
};

}  // namespace

ScriptOutline outline(std::string_view source) { return Outliner(source).run(); }

}  // namespace assay::suite
