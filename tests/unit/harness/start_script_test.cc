#include "harness/start_script.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <random>

#include "tests/unit/harness/run_program.h"
#include "tests/unit/temp_dir.h"

using namespace assay;
using namespace assay::harness;

namespace {

const std::string kFirst = "#!/usr/bin/env bash\n";
// What the executed program shows: its own arguments and environment.
const std::string kShow = "cat /proc/self/cmdline /proc/self/environ";

class StartScriptTest : public ::testing::Test {
 protected:
    [[nodiscard]] Environment environment() const {
        return {{"PATH", "/usr/local/bin:/usr/bin:/bin"},
                {"PORT", "8080"},
                {"EMPTY", ""},
                {"WORDS", "two words"},
                {"STAR", "*"},
                {"HOME", "/home/user"},
                {"LANG", "C.UTF-8"},
                {"PWD", dir.path()},
                {"SHLVL", "0"},
                {"_", "./run.sh"}};
    }
    [[nodiscard]] std::optional<ScriptEnd> read(const std::string& lines) const {
        return read_start_script(kFirst + lines, environment(), dir.path());
    }

    // The standard output of `program` in `dir`: words that end with NUL, those with a "=" sorted.
    [[nodiscard]] std::vector<std::string> run(const std::string& program, std::vector<std::string> argv,
                                               const Environment& env) const {
        const std::string text = run_program(program, std::move(argv), env, dir.path()).output;
        std::vector<std::string> words;
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t end = std::min(text.find('\0', at), text.size());
            words.push_back(text.substr(at, end - at));
            at = end + 1;
        }
        const auto variable = [](const std::string& word) { return word.find('=') != std::string::npos; };
        std::stable_sort(words.begin(), words.end(), [&](const auto& a, const auto& b) {
            return variable(a) != variable(b) ? variable(b) : variable(a) && a < b;
        });
        return words;
    }

    // What bash makes of the same script.
    [[nodiscard]] std::vector<std::string> by_bash(const std::string& lines) const {
        EXPECT_EQ(::chmod(dir.write("run.sh", kFirst + lines).c_str(), 0755), 0);
        return run(dir.path() + "/run.sh", {"./run.sh"}, environment());
    }
    [[nodiscard]] std::vector<std::string> by_reading(const ScriptEnd& end) const {
        return run("/usr/bin/" + end.argv[0], end.argv, end.env);
    }
    void same_as_bash(const std::string& lines) const {
        const auto end = read(lines);
        ASSERT_TRUE(end) << lines;
        const auto bash = by_bash(lines);
        EXPECT_GT(bash.size(), 8u) << lines;
        EXPECT_EQ(by_reading(*end), bash) << lines;
    }

    TempDir dir;
};

TEST_F(StartScriptTest, WhatIsExecutedHasTheArgumentsAndVariablesThatBashGivesIt) {
    same_as_bash("exec " + kShow + "\n");
    same_as_bash("set -euo pipefail\ncd \"$(dirname \"$0\")\"\n\n  exec " + kShow + "  \nnot reached (\n");
    same_as_bash("# comment\ncd \"$(dirname \"${BASH_SOURCE[0]}\")\" || exit 1\nexec " + kShow + "\n");
    same_as_bash("export NODE_ENV=production A='x y' B=\"p${PORT}q\"\nexec " + kShow + "\n");
    same_as_bash("KEPT=1\nPORT=\"${PORT:-9}1\"\nexport SEEN=$KEPT\nexec " + kShow + " \"$PORT\" $PORT '$PORT'\n");
    same_as_bash("export UNSET=\"${NOT_THERE:-fall-back}\" E=\"${EMPTY:-8000}\" F=\"$EMPTY\"\nexec " + kShow + "\n");
    same_as_bash("export A=1\nexport A=2 B=$A\nexec " + kShow + " \"\" \"$WORDS\" a'b'\"c\"d -- --x=y,z\n");
    same_as_bash("exec \"cat\" '/proc/self/cmdline' /proc/self/\"environ\"\n");
    same_as_bash("export STAR_TOO=\"$STAR\" HASH=\"a # b\"\nexec " + kShow + " \"$STAR\" \"!x\" 'a\"b'\n");
}

TEST_F(StartScriptTest, EverythingElseIsForTheShell) {
    for (const char* lines : {
             "",
             "python3 app.py\n",
             "exec python3 app.py",  // may have been cut
             "exec python3 app.py &\n",
             "exec python3 app.py > log 2>&1\n",
             "exec python3 app.py # comment\n",
             "exec python3 $WORDS\n",
             "exec python3 $EMPTY\n",
             "exec python3 $STAR\n",
             "exec python3 *.py\n",
             "exec python3 ~/app.py\n",
             "exec python3 {a,b}.py\n",
             "exec python3 \"$(pwd)/app.py\"\n",
             "exec python3 `pwd`\n",
             "exec python3 \"$NOT_THERE\"\n",
             "exec python3 \"${NOT_THERE-x}\"\n",
             "exec python3 \"${PORT:+x}\"\n",
             "exec python3 \"$@\"\n",
             "exec python3 \"$0\"\n",
             "exec python3 $'a'\n",
             "exec python3 a\\ b\n",
             "exec python3 \"a\n",
             "exec python3 app.py\r\n",
             "exec ./server\n",
             "exec -a name python3\n",
             "exec A=1 python3\n",
             "exec\n",
             "A=1 exec python3\n",
             "A=1 B=2\nexec python3\n",
             "\"A\"=1\nexec python3\n",
             "export PATH=/nowhere\nexec python3\n",
             "export BASH_ENV=x\nexec python3\n",
             "CDPATH=/usr\ncd \"$(dirname \"$0\")\"\nexec python3\n",
             "IFS=8\nexec python3 $PORT\n",
             "export -n PORT\nexec python3\n",
             "export PORT\nexec python3\n",
             "export A-B=1\nexec python3\n",
             "exec python3 \"${TERM:-x}\"\n",
             "exec python3 \"${RANDOM:-x}\"\n",
             "set -x\nexec python3\n",
             "set -a\nA=1\nexec python3\n",
             "cd src\nexec python3 app.py\n",
             "cd \"$(dirname \"$0\")\" && exec python3\n",
             "echo starting\nexec python3\n",
             "if true; then\nexec python3\nfi\n",
             "exec python3 \xc3\xa9\n",
         })
        EXPECT_FALSE(read(lines)) << lines;
    auto with = environment();
    with.emplace_back("BASH_ENV", "/app/env");
    EXPECT_FALSE(read_start_script(kFirst + "exec python3\n", with, dir.path())) << "bash would read that file first";
}

// Lines of every kind put together at random: whatever is read is what bash does.
TEST_F(StartScriptTest, NoScriptIsReadOtherwiseThanBashReadsIt) {
    const std::vector<std::string> pieces = {"A=1",
                                             "B=\"$A\"",
                                             "export C=$B",
                                             "export A=\"x $C\" D=${PORT:-1}",
                                             "PORT='8 1'",
                                             "set -e",
                                             "set -u",
                                             "set +e",
                                             "cd \"$(dirname \"$0\")\"",
                                             "export EMPTY=\"${EMPTY:-e}\"",
                                             "E=${A:-$B}",
                                             "E=${A:-b}",
                                             "# $(x)",
                                             "",
                                             "A=$WORDS",
                                             "A=\"$WORDS\"",
                                             "export A",
                                             "export A=a=b",
                                             "A+=2",
                                             "A[0]=3",
                                             "_=5",
                                             "export F=\"${A}${B}\"",
                                             "cd .",
                                             "export G='${A}'",
                                             "set -- a b",
                                             "true",
                                             "X=`true`",
                                             "LANG=x",
                                             "export H=\"$1\"",
                                             "readonly A"};
    const std::vector<std::string> ends = {
        "",          " $A",     " \"$A\"", " \"${B}\"", " '$C' $PORT", " \"$EMPTY\"", " ${D:-d} \"a=$E\"",
        " \"$F$G\"", " \"$H\"", " $#",     " a;b",      " \"a;b|c\"",  " 1>/dev/null"};
    std::mt19937 random(20);  // NOLINT(cert-msc51-cpp): the same scripts every time
    int read_so_far = 0;
    for (int i = 0; i < 2000; ++i) {
        std::string lines;
        for (auto n = random() % 6; n > 0; --n) lines += pieces[random() % pieces.size()] + "\n";
        lines += "exec " + kShow + ends[random() % ends.size()] + "\n";
        const auto end = read(lines);
        if (!end) continue;
        ++read_so_far;
        ASSERT_EQ(by_reading(*end), by_bash(lines)) << lines;
    }
    EXPECT_GT(read_so_far, 100);
}

}  // namespace
