#include "images/smoke.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "base/fd.h"
#include "images/image_tree.h"
#include "images/preparation.h"
#include "sandbox/exit_text.h"

namespace assay::images {
namespace {

using Json = nlohmann::json;
using SystemClock = std::chrono::system_clock;

constexpr std::size_t kLineLimit = 200;

std::string file_of(const std::string& store, const std::string& image) {
    return fmt::format("{}/smoke/{}.json", store, image);
}

std::string path_of(const Recipe& recipe) {
    for (const auto& [name, value] : recipe.env)
        if (name == "PATH") return value;
    return {};
}

// What an image's own program printed: one line, nothing that a terminal would obey.
std::string tidy(std::string line) {
    if (line.size() > kLineLimit) line.resize(kLineLimit);
    for (char& c : line)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    return line;
}

}  // namespace

std::vector<std::string> smoke_command(const Recipe& recipe) {
    if (!recipe.smoke.empty()) return recipe.smoke;
    if (!recipe.has_own_tree())
        return recipe.probes.empty() ? std::vector<std::string>{"/bin/sh", "-c", "id -u"}
                                     : recipe.probes.front().command;
    const std::string tree = recipe.tree.path() + "/tree";
    if (!tree_program(tree, path_of(recipe), "python3").empty())
        return {"python3", "-c", "import sys, ssl, sqlite3; print('python', *sys.version.split()[:1])"};
    if (!tree_program(tree, path_of(recipe), "node").empty()) return {"node", "-p", "'node ' + process.version"};
    return {"/bin/sh", "-c", "echo $0"};
}

Result<Smoke> run_smoke(const Recipe& recipe, const sandbox::Launcher::Options& options) {
    Smoke smoke;
    const auto command = smoke_command(recipe);
    smoke.command = fmt::format("{}", fmt::join(command, " "));
    smoke.when = SystemClock::now();
    ASSAY_TRY(const sandbox::RootPlan root, root_plan(recipe));
    ASSAY_TRY(sandbox::Launcher launcher, sandbox::Launcher::start(root, options));
    sandbox::Spec spec;
    spec.label = "smoke test of " + recipe.name;
    spec.argv = command;
    spec.env = recipe.env;
    spec.limits.memory = Bytes{512u << 20};
    spec.limits.processes = 64;
    spec.limits.wall_time = std::chrono::seconds(30);
    spec.sockets = 0;
    spec.outlive_main = false;
    std::string printed;
    bool no_program = false;
    const auto exit = run_in(launcher, spec, {}, printed, &no_program);
    if (!exit && !no_program) return tl::unexpected(exit.error());
    const auto lines = last_lines_of(printed);
    smoke.passed = exit && exit->how == sandbox::Exit::How::exited && exit->code == 0;
    if (!exit)
        smoke.said = tidy(exit.error().to_string());
    else
        smoke.said = lines.empty() ? sandbox::describe(*exit) : tidy(lines.back());
    return smoke;
}

Result<void> keep_smoke(const std::string& store, const std::string& image, const Smoke& smoke) {
    const std::string file = file_of(store, image);
    if (::mkdir((store + "/smoke").c_str(), 0755) != 0 && errno != EEXIST)
        return fail_errno(errno, "keep smoke test", file);
    const auto when = std::chrono::duration_cast<std::chrono::seconds>(smoke.when.time_since_epoch()).count();
    const Json json{{"passed", smoke.passed}, {"command", smoke.command}, {"said", smoke.said}, {"when", when}};
    return replace_file(file, json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

std::optional<Smoke> last_smoke(const std::string& store, const std::string& image) {
    const auto text = read_file(file_of(store, image), 1u << 20);
    const Json json = text ? Json::parse(*text, nullptr, false) : Json();
    if (!json.is_object()) return std::nullopt;
    Smoke smoke;
    smoke.passed = json.value("passed", false);
    smoke.command = json.value("command", "");
    smoke.said = json.value("said", "");
    smoke.when = SystemClock::time_point(std::chrono::seconds(json.value("when", std::int64_t{0})));
    return smoke;
}

void forget_smoke(const std::string& store, const std::string& image) { ::unlink(file_of(store, image).c_str()); }

}  // namespace assay::images
