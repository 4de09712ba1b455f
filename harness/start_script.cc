#include "harness/start_script.h"

#include <algorithm>
#include <array>
#include <map>

namespace assay::harness {
namespace {

constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,@%+";

// With nothing that fails and nothing that is unset these change nothing.
constexpr std::array<std::string_view, 12> kOptions = {
    "set -e",         "set -u",          "set -eu",          "set -ue",          "set -o errexit",
    "set -o nounset", "set -o pipefail", "set -eo pipefail", "set -uo pipefail", "set -euo pipefail",
    "set +e",         "set -o errtrace"};

// The script is ./NAME, so all of these are `cd .`.
constexpr std::array<std::string_view, 8> kOwnFolder = {R"sh(cd "$(dirname "$0")")sh",
                                                        R"sh(cd "$(dirname "$0")" || exit)sh",
                                                        R"sh(cd "$(dirname "$0")" || exit 1)sh",
                                                        R"sh(cd "$(dirname -- "$0")")sh",
                                                        R"sh(cd "$(dirname "${0}")")sh",
                                                        R"sh(cd $(dirname $0))sh",
                                                        R"sh(cd "$(dirname "${BASH_SOURCE[0]}")")sh",
                                                        R"sh(cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1)sh"};

// What bash gives a meaning of its own, or makes itself: no script that names one of these is read here.
constexpr std::array<std::string_view, 51> kShells = {
    "CDPATH",       "CHILD_MAX", "COLUMNS",    "COPROC",   "DIRSTACK", "EMACS",     "ENV",        "EPOCHREALTIME",
    "EPOCHSECONDS", "EUID",      "EXECIGNORE", "FCEDIT",   "FIGNORE",  "FUNCNAME",  "FUNCNEST",   "GLOBIGNORE",
    "GROUPS",       "HOME",      "HOSTFILE",   "HOSTNAME", "HOSTTYPE", "IFS",       "IGNOREEOF",  "INPUTRC",
    "INSIDE_EMACS", "LINENO",    "LINES",      "MACHTYPE", "MAIL",     "MAILCHECK", "MAILPATH",   "MAPFILE",
    "OLDPWD",       "OPTARG",    "OPTERR",     "OPTIND",   "OSTYPE",   "PATH",      "PIPESTATUS", "POSIXLY_CORRECT",
    "PPID",         "PWD",       "RANDOM",     "REPLY",    "SECONDS",  "SRANDOM",   "TERM",       "TIMEFORMAT",
    "TMOUT",        "UID",       "_"};
constexpr std::array<std::string_view, 11> kShellsFamilies = {"BASH",   "COMP", "HIST",     "LANG",  "LC_",  "LD_",
                                                              "PROMPT", "PS",   "READLINE", "SHELL", "SHLVL"};
// Those among them that any server has: they mean to bash what they mean to every program.
constexpr std::array<std::string_view, 9> kOrdinary = {"HOME", "HOSTNAME", "LANG", "LC_ALL", "PATH",
                                                       "PWD",  "SHLVL",    "TERM", "_"};

template <std::size_t N>
bool among(const std::array<std::string_view, N>& all, std::string_view one) {
    return std::find(all.begin(), all.end(), one) != all.end();
}

bool starts_name(char c) { return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool in_name(char c) { return starts_name(c) || (c >= '0' && c <= '9'); }

bool is_the_shells(std::string_view name) {
    return among(kShells, name) || std::any_of(kShellsFamilies.begin(), kShellsFamilies.end(),
                                               [&](std::string_view family) { return name.starts_with(family); });
}

struct Variable {
    std::string value;
    bool exported = false;
};
using Variables = std::map<std::string, Variable, std::less<>>;

// The words of one line, as far as they need nothing but variables that are known. Where `good()` is false in the end,
// the line was another.
class Words {
 public:
    Words(std::string_view line, const Variables& variables) : rest_(line), variables_(variables) {}

    std::optional<std::string> next() {
        while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) rest_.remove_prefix(1);
        if (rest_.empty() || !good_) return std::nullopt;
        std::string word;
        while (good_ && !rest_.empty() && rest_.front() != ' ' && rest_.front() != '\t') piece(word);
        return good_ ? std::optional(std::move(word)) : std::nullopt;
    }
    [[nodiscard]] bool good() const { return good_; }

 private:
    void piece(std::string& word) {
        const char c = take();
        if (c == '\'') {
            const std::size_t end = rest_.find('\'');
            if (end == std::string_view::npos) return refuse();
            word += rest_.substr(0, end);
            rest_.remove_prefix(end + 1);
        } else if (c == '"') {
            quoted(word);
        } else if (c == '$') {
            // Unquoted: what would be split, or matched against files, or be no word at all, is for the shell.
            const std::string value = expansion();
            if (value.empty() || value.find_first_not_of(kPlain) != std::string::npos) return refuse();
            word += value;
        } else if (kPlain.find(c) != std::string_view::npos) {
            word += c;
        } else {
            refuse();
        }
    }

    void quoted(std::string& word) {
        while (good_ && !rest_.empty()) {
            const char c = take();
            if (c == '"') return;
            if (c == '\\' || c == '`') return refuse();
            if (c == '$')
                word += expansion();
            else
                word += c;
        }
        refuse();
    }

    // After the "$": NAME, {NAME}, {NAME:-DEFAULT}.
    std::string expansion() {
        const bool braced = !rest_.empty() && rest_.front() == '{';
        if (braced) rest_.remove_prefix(1);
        std::string name;
        if (rest_.empty() || !starts_name(rest_.front())) return refused();
        while (!rest_.empty() && in_name(rest_.front())) name += take();
        if (is_the_shells(name)) return refused();
        const auto known = variables_.find(name);
        std::optional<std::string> value;
        if (known != variables_.end()) value = known->second.value;
        if (braced && !ends_brace(value)) return refused();
        return value ? *value : refused();
    }

    // "}" or ":-DEFAULT}", which is the value of what is unset or empty.
    bool ends_brace(std::optional<std::string>& value) {
        const std::size_t end = rest_.find('}');
        if (end == std::string_view::npos) return false;
        std::string_view inside = rest_.substr(0, end);
        rest_.remove_prefix(end + 1);
        if (inside.empty()) return true;
        if (!inside.starts_with(":-")) return false;
        inside.remove_prefix(2);
        if (inside.find_first_not_of(kPlain) != std::string_view::npos) return false;
        if (!value || value->empty()) value = std::string(inside);
        return true;
    }

    char take() {
        const char c = rest_.front();
        rest_.remove_prefix(1);
        return c;
    }
    void refuse() { good_ = false; }
    std::string refused() {
        refuse();
        return {};
    }

    std::string_view rest_;
    const Variables& variables_;
    bool good_ = true;
};

// A script, line by line, until it executes something.
class Reader {
 public:
    Reader(const Environment& env, std::string work_dir) : work_dir_(std::move(work_dir)) {
        for (const auto& [name, value] : env) variables_[name] = {value, true};
        // SHLVL is one more in this shell, and one less again for what it executes.
    }

    // False: this is for the shell, or done().
    bool line(std::string_view text) {
        if (text.empty() || text.front() == '#') return true;
        const std::string_view command = text.substr(0, text.find_first_of(" \t"));
        // From its first command on this is a variable of bash's own, which exec does not export.
        if (command != "exec") variables_.erase("_");
        if (among(kOptions, text)) return true;
        if (among(kOwnFolder, text)) {
            variables_["OLDPWD"] = {work_dir_, true};
            return true;
        }
        Words words(text.substr(command.size()), variables_);
        if (command == "exec") return execute(words);
        if (command == "export") return assign(words);
        // NAME=VALUE alone. With a quote in it the name would be no name, with a second word that would be a command.
        Words alone(text, variables_);
        const auto word = alone.next();
        return word && assignable(text.substr(0, text.find('='))) && set(*word, false) && !alone.next() && alone.good();
    }
    [[nodiscard]] bool done() const { return !argv_.empty(); }

    [[nodiscard]] ScriptEnd end() const {
        ScriptEnd end{argv_, {}};
        for (const auto& [name, variable] : variables_)
            if (variable.exported) end.env.emplace_back(name, variable.value);
        return end;
    }

 private:
    bool execute(Words& words) {
        std::vector<std::string> argv;
        while (auto word = words.next()) argv.push_back(std::move(*word));
        if (!words.good() || argv.empty()) return false;
        // A path may lead to a script without "#!", which bash would go on with itself.
        const std::string& program = argv.front();
        if (program.empty() || program.front() == '-' || program.find_first_of("/=") != std::string::npos) return false;
        argv_ = std::move(argv);
        return false;
    }

    // NAME=VALUE ..., of which none sees those before it: none here names a variable that another sets.
    bool assign(Words& words) {
        std::vector<std::string> all;
        while (auto word = words.next()) all.push_back(std::move(*word));
        return words.good() && !all.empty() &&
               std::all_of(all.begin(), all.end(), [&](const std::string& one) { return set(one, true); });
    }
    bool set(std::string_view word, bool exports) {
        const std::size_t equals = word.find('=');
        if (equals == std::string_view::npos || !assignable(word.substr(0, equals))) return false;
        Variable& variable = variables_[std::string(word.substr(0, equals))];
        variable.value = word.substr(equals + 1);
        variable.exported = variable.exported || exports;
        return true;
    }
    static bool assignable(std::string_view name) {
        return !name.empty() && starts_name(name.front()) && std::all_of(name.begin(), name.end(), in_name) &&
               !is_the_shells(name);
    }

    std::string work_dir_;
    Variables variables_;
    std::vector<std::string> argv_;
};

std::string_view trimmed(std::string_view line) {
    const std::size_t first = line.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return line.substr(first, line.find_last_not_of(" \t") - first + 1);
}

bool printable(std::string_view line) {
    return std::all_of(line.begin(), line.end(), [](char c) { return c == '\t' || (c >= ' ' && c <= '~'); });
}

}  // namespace

std::optional<ScriptEnd> read_start_script(std::string_view text, const Environment& env, const std::string& work_dir) {
    const bool strange = std::any_of(env.begin(), env.end(), [](const auto& one) {
        return one.first.empty() || !starts_name(one.first.front()) ||
               !std::all_of(one.first.begin(), one.first.end(), in_name) ||
               (is_the_shells(one.first) && !among(kOrdinary, one.first));
    });
    if (strange) return std::nullopt;
    Reader reader(env, work_dir);
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        // What has no end may have been cut.
        if (end == std::string_view::npos) return std::nullopt;
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(end + 1);
        if (!printable(line)) return std::nullopt;
        if (reader.line(trimmed(line))) continue;
        if (reader.done()) return reader.end();
        return std::nullopt;
    }
    return std::nullopt;
}

}  // namespace assay::harness
