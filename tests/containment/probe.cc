// Asks checks, and prints "name<TAB>granted|refused<TAB>detail" for each. Static, so that it runs in any image; a
// process for each check, so that what one damages is its own.
//
//   probe inside FACT=VALUE... -- NAME...     in a sandbox: each check once
//   probe outside FACT=VALUE... -- NAME...    on the bare host, and where that refuses too, in surroundings that do not
//   probe leave | linger | clean              what neighbours are to look for
//   probe wait MARK                           a process that is only there
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string>

#include "tests/containment/check.h"

namespace {

using namespace assay::containment;

constexpr unsigned kSeconds = 20;  // no check takes that long; one that hangs is broken

const char* describe(Outside outside) {
    switch (outside) {
        case Outside::plain: return "";
        case Outside::own_root: return " as root of its own namespaces";
        case Outside::stand_in: return " with a stand-in of ours in the place";
        case Outside::answered:
        case Outside::answered_only: return " with the kernel's answer replaced";
    }
    return "";
}

// True when it was granted.
bool ask(const Check& check, const Facts& facts, Outside outside) {
    std::fflush(stdout);
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::alarm(kSeconds);
        Check here = check;
        here.outside = outside;
        Answer answer = refused("its surroundings cannot be arranged");
        if (arrange(here, facts)) {
            ::alarm(kSeconds);  // of the process that asks, if that is another one now
            answer = check.ask(facts);
        }
        std::replace(answer.detail.begin(), answer.detail.end(), '\n', ' ');
        std::printf("%s\t%s\t%s%s\n", check.name, answer.granted ? "granted" : "refused", answer.detail.c_str(),
                    answer.granted ? describe(outside) : "");
        std::fflush(stdout);
        ::_exit(answer.granted ? 0 : 1);
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    if (WIFSIGNALED(status)) std::printf("%s\tkilled\tsignal %d\n", check.name, WTERMSIG(status));
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// What own_root and stand_in are for is not tried plainly: root would do it, to the machine.
void ask_outside(const Check& check, const Facts& facts) {
    const bool as_it_is = check.outside == Outside::plain || check.outside == Outside::answered;
    if (as_it_is && ask(check, facts, Outside::plain)) return;
    if (check.outside != Outside::plain) ask(check, facts, check.outside);
}

}  // namespace

int main(int argc, char** argv) {
    const std::string how = argc > 1 ? argv[1] : "";
    if (how == "leave" || how == "linger") return leave_traces(how == "linger");
    if (how == "wait")  // a process to be found, by its arguments
        for (;;) ::pause();
    if (how == "clean") {
        remove_traces();
        return 0;
    }
    Facts facts;
    int at = 2;
    for (; at < argc && std::strcmp(argv[at], "--") != 0; ++at)
        if (const char* equals = std::strchr(argv[at], '='))
            facts[std::string(argv[at], static_cast<std::size_t>(equals - argv[at]))] = equals + 1;
    const std::vector<Check> all = all_checks();
    for (++at; at < argc; ++at) {
        const auto check =
            std::find_if(all.begin(), all.end(), [&](const Check& c) { return std::string(argv[at]) == c.name; });
        if (check == all.end()) return 2;
        if (how == "outside") {
            ask_outside(*check, facts);
        } else {
            ask(*check, facts, Outside::plain);
        }
    }
    return 0;
}
