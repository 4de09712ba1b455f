// assay verify: the structural rules over one submission, with file and line.

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "base/fd.h"
#include "harness/batch/task.h"
#include "harness/verify/paper.h"
#include "harness/verify/patch.h"
#include "harness/verify/sarif.h"
#include "harness/verify/tree.h"
#include "tools/assay/commands.h"

namespace assay::tools {

namespace {

struct Options {
    std::string source;
    std::string task;
    std::string task_name;
    std::string pack = "paper";
    std::string json;
    std::string sarif;
};

// From --task-name, --task, or the task.json of a folder, in this order.
Result<verify::Constraints> read_constraints(const Options& options) {
    if (!options.task_name.empty()) return verify::parse_task_name(options.task_name);
    std::error_code error;
    std::string file = options.task;
    if (file.empty()) file = (std::filesystem::path(options.source) / "task.json").string();
    if (options.task.empty() && !std::filesystem::is_regular_file(file, error))
        return fail("verify", "no task", "give --task TASK.json or --task-name NAME");
    ASSAY_TRY(const std::string text, read_file(file, 16u << 20));
    ASSAY_TRY(const auto parsed, batch::JsonText::parse(text, file));
    const auto& object = parsed.value();
    if (!object.is_object() || !object.contains("name") || !object["name"].is_string())
        return fail("read task", parsed.where("/name") + ": \"name\" is missing or not a string", "name the task");
    auto constraints = verify::parse_task_name(object["name"].get<std::string>());
    if (!constraints) constraints.error().detail = parsed.where("/name") + ": " + constraints.error().detail;
    return constraints;
}

Result<verify::Written> read_source(const std::string& path) {
    verify::Written written;
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0)
        return fail_errno(errno, "read source", path, "give a folder or a patch that exist");
    if (S_ISDIR(info.st_mode)) {
        Fd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!folder) return fail_errno(errno, "read source", path);
        ASSAY_TRY(auto tree, verify::added_lines_of_tree(folder.get()));
        written.tree = std::make_shared<const verify::AddedSource>(std::move(tree));
        return written;
    }
    ASSAY_TRY(std::string text, read_file(path, verify::PatchLimits{}.patch.count));
    // The rules take the text as it is; a file that is no patch should not pass for a submission without files.
    ASSAY_TRY(const auto patch, verify::parse_patch(std::move(text), path));
    written.patch = patch.text;
    return written;
}

// A name from the submission may hold anything, escape sequences of the terminal included.
std::string place_of(const verify::Finding& finding) {
    if (finding.file.empty()) return {};
    const std::string file = verify::excerpt(finding.file, 300);
    return finding.line == 0 ? file + ": " : fmt::format("{}:{}: ", file, finding.line);
}

void print(const std::vector<verify::RuleVerdict>& verdicts) {
    for (const char* rule : verify::kPaperRules) {
        const auto verdict =
            std::find_if(verdicts.begin(), verdicts.end(), [&](const auto& v) { return v.rule == rule; });
        if (verdict == verdicts.end()) {
            fmt::print("{:<26}not asked for\n", rule);
            continue;
        }
        fmt::print("{:<26}{:<10}{}\n", rule, verdict->holds ? "holds" : "violated", verdict->summary);
        for (const auto& finding : verdict->findings)
            fmt::print("  {:<10}{}{}{}\n", verify::name_of(finding.weight), place_of(finding), finding.message,
                       finding.evidence.empty() ? "" : "  | " + finding.evidence);
        if (verdict->omitted > 0) fmt::print("  {} further findings\n", verdict->omitted);
    }
}

Result<void> write_json(const std::string& path, const nlohmann::ordered_json& value) {
    if (path.empty()) return {};
    const std::string text = value.dump(2) + "\n";
    if (path == "-") {
        fmt::print("{}", text);
        return {};
    }
    return replace_file(path, text);
}

Result<int> verify_one(const Options& options) {
    ASSAY_TRY(const auto constraints, read_constraints(options));
    ASSAY_TRY(const auto written, read_source(options.source));
    const auto verdicts = verify::judge_paper(written, constraints);
    if (options.json != "-" && options.sarif != "-") print(verdicts);
    ASSAY_CHECK(write_json(options.json, {{"source", options.source},
                                          {"framework", constraints.framework},
                                          {"constraints", constraints.set()},
                                          {"holds", verify::all_hold(verdicts)},
                                          {"rules", verify::to_json(verdicts)}}));
    ASSAY_CHECK(write_json(options.sarif, verify::to_sarif({{"", &verdicts}}, ASSAY_VERSION)));
    return verify::all_hold(verdicts) ? 0 : 1;
}

}  // namespace

void add_verify(CLI::App& app, int& exit_code) {
    auto options = std::make_shared<Options>();
    CLI::App* verify = app.add_subcommand("verify", "Check a submission's structure against its task's constraints");
    verify->add_option("SOURCE", options->source, "Folder or unified diff")->required();
    auto* task = verify->add_option("--task", options->task, "Task file (default: the folder's task.json)");
    verify->add_option("--task-name", options->task_name, "Task name, as {framework}-openapi-{constraints}")
        ->excludes(task);
    verify->add_option("--verify", options->pack, "Rules: paper is the study's three verifiers")
        ->check(CLI::IsMember({"paper"}))
        ->capture_default_str();
    verify->add_option("--json", options->json, "Write the verdicts as JSON; - is stdout");
    verify->add_option("--sarif", options->sarif, "Write the findings as SARIF 2.1.0; - is stdout");
    verify->footer("Exit status: 0 every applicable rule holds, 1 one does not, 2 usage or malformed input.");
    verify->callback([options, &exit_code] {
        auto done = verify_one(*options);
        if (!done) fmt::print(stderr, "assay: {}\n", done.error().to_string());
        exit_code = done ? *done : 2;
    });
}

}  // namespace assay::tools
