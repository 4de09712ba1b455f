#include "sandbox/policy.h"

#include <algorithm>
#include <charconv>

#include "sandbox/policy_names.h"

namespace assay::sandbox {
namespace {

constexpr unsigned kDeepest = 4;  // includes of includes

std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> words;
    while (true) {
        std::size_t start = text.find_first_not_of(" \t");
        if (start == std::string_view::npos) return words;
        text.remove_prefix(start);
        std::size_t size = std::min(text.find_first_of(" \t"), text.size());
        words.push_back(text.substr(0, size));
        text.remove_prefix(size);
    }
}

std::optional<std::uint64_t> number(std::string_view word) {
    if (auto named = policy_constant(word)) return named;
    int base = 10;
    if (word.starts_with("0x")) base = 16;
    if (word.starts_with("0o")) base = 8;
    if (base != 10) word.remove_prefix(2);
    std::uint64_t value = 0;
    auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value, base);
    if (error != std::errc() || end != word.data() + word.size() || word.empty()) return std::nullopt;
    return value;
}

class Parser {
 public:
    Parser(const std::vector<PolicySource>& sources, Policy& policy) : sources_(sources), policy_(policy) {}

    Result<void> read(const PolicySource& source, unsigned depth) {
        name_ = source.name;
        std::string_view rest = source.text;
        unsigned line = 0;
        while (!rest.empty()) {
            std::string_view text = rest.substr(0, rest.find('\n'));
            rest.remove_prefix(std::min(rest.size(), text.size() + 1));
            ++line;
            ASSAY_CHECK(read_line(text, line, depth));
            name_ = source.name;  // an include has changed it
        }
        return {};
    }

 private:
    using Words = std::vector<std::string_view>;

    auto wrong(unsigned line, const std::string& what) const {
        return fail("read seccomp policy", name_ + ".policy:" + std::to_string(line) + ": " + what);
    }

    Result<void> read_line(std::string_view text, unsigned line, unsigned depth) {
        std::string_view reason;
        if (std::size_t hash = text.find('#'); hash != std::string_view::npos) {
            reason = text.substr(hash + 1);
            reason.remove_prefix(std::min(reason.find_first_not_of(' '), reason.size()));
            text = text.substr(0, hash);
        }
        Words words = words_of(text);
        if (words.empty()) return {};
        if (words[0] == "default") {
            auto error = words.size() == 2 ? errno_by_name(words[1]) : std::nullopt;
            if (!error) return wrong(line, "expected: default ERRNO");
            if (depth == 0) policy_.default_error = *error;
            return {};
        }
        if (words[0] == "include") return include(words, line, depth);
        const auto verdict = verdict_of(words[0]);
        if (!verdict)
            return wrong(line, "expected allow, note, refuse, decline, kill, default or include, found " +
                                   std::string(words[0]));
        if (reason.empty()) return wrong(line, "a rule needs its reason after '#'");
        return rule(*verdict, words, line, reason);
    }

    Result<void> include(const Words& words, unsigned line, unsigned depth) {
        if (words.size() != 2) return wrong(line, "expected: include NAME");
        if (depth == kDeepest) return wrong(line, "includes are nested too deeply");
        for (const PolicySource& source : sources_)
            if (source.name == words[1]) return read(source, depth + 1);
        return wrong(line, "no policy is called " + std::string(words[1]));
    }

    static std::optional<Verdict> verdict_of(std::string_view word) {
        if (word == "allow") return Verdict::allow;
        if (word == "note") return Verdict::note;
        if (word == "refuse") return Verdict::refuse;
        if (word == "decline") return Verdict::decline;
        if (word == "kill") return Verdict::kill;
        return std::nullopt;
    }

    Result<void> rule(Verdict verdict, const Words& words, unsigned line, std::string_view reason) {
        PolicyRule base;
        base.verdict = verdict;
        base.line = line;
        base.reason = reason;
        auto cut = std::find(words.begin(), words.end(), "if");
        Words calls(words.begin() + 1, cut);
        if (verdict == Verdict::refuse || verdict == Verdict::decline) {
            auto error = calls.empty() ? std::nullopt : errno_by_name(calls.back());
            if (!error) return wrong(line, "a refusal names its error last");
            base.error = *error;
            calls.pop_back();
        }
        if (calls.empty()) return wrong(line, "names no call");
        if (verdict == Verdict::note && cut != words.end()) return wrong(line, "what is noted has no condition");
        std::vector<std::vector<PolicyCondition>> alternatives(1);
        if (cut != words.end()) {
            ASSAY_TRY(alternatives, conditions(Words(cut + 1, words.end()), line));
        }
        for (std::string_view call : calls) {
            for (const auto& conditions : alternatives) {
                PolicyRule one = base;
                one.call = call;
                one.conditions = conditions;
                policy_.rules.push_back(std::move(one));
            }
        }
        return {};
    }

    // "argN in A B" | "argN == A" | "argN != A" | "argN & M == A", joined by "and": as a list of alternatives.
    Result<std::vector<std::vector<PolicyCondition>>> conditions(Words words, unsigned line) {
        std::vector<std::vector<PolicyCondition>> all(1);
        while (true) {
            auto end = std::find(words.begin(), words.end(), "and");
            Words part(words.begin(), end);
            ASSAY_TRY(auto options, condition(part, line));
            std::vector<std::vector<PolicyCondition>> crossed;
            for (const auto& left : all)
                for (const auto& right : options) {
                    crossed.push_back(left);
                    crossed.back().push_back(right);
                }
            all = std::move(crossed);
            if (end == words.end()) return all;
            words.erase(words.begin(), end + 1);
        }
    }

    Result<std::vector<PolicyCondition>> condition(const Words& part, unsigned line) {
        if (part.size() < 3 || part[0].size() != 4 || !part[0].starts_with("arg") || part[0][3] < '0' ||
            part[0][3] > '5')
            return wrong(line, "a condition begins with arg0 to arg5 and a comparison");
        PolicyCondition base;
        base.arg = static_cast<unsigned>(part[0][3] - '0');
        std::size_t at = 1;
        if (part[at] == "&") {
            auto mask = number(part[at + 1]);
            if (!mask) return wrong(line, "not a number or a known name: " + std::string(part[at + 1]));
            base.mask = *mask;
            at += 2;
        }
        base.differs = at < part.size() && part[at] == "!=";
        const bool one = base.differs || (at < part.size() && part[at] == "==");
        if (base.differs && at != 1) return wrong(line, "a mask is compared by == only");
        if (at >= part.size() || (!one && (part[at] != "in" || at != 1)) || at + 1 >= part.size() ||
            (one && part.size() != at + 2))
            return wrong(line, "expected: argN in VALUE... | argN == VALUE | argN != VALUE | argN & MASK == VALUE");
        std::vector<PolicyCondition> options;
        for (++at; at < part.size(); ++at) {
            auto value = number(part[at]);
            if (!value) return wrong(line, "not a number or a known name: " + std::string(part[at]));
            base.value = *value;
            options.push_back(base);
        }
        return options;
    }

    const std::vector<PolicySource>& sources_;
    Policy& policy_;
    std::string name_;
};

}  // namespace

Result<Policy> parse_policy(const PolicySource& source, const std::vector<PolicySource>& sources) {
    Policy policy;
    policy.name = source.name;
    ASSAY_CHECK(Parser(sources, policy).read(source, 0));
    if (policy.default_error == 0)
        return fail("read seccomp policy", source.name + ".policy: names no default", "add a line: default ENOSYS");
    return policy;
}

}  // namespace assay::sandbox
