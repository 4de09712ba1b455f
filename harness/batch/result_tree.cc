// The study's result tree: results/{uv|node}/{agent}/{model}/{task}/{date}/run_{n}/*.patch.
//
// The tree is walked level by level, from wherever BATCH points into it; the names above BATCH come from its real path.
#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <system_error>

#include "harness/batch/json_text.h"
#include "harness/batch/readers.h"
#include "harness/batch/task.h"

namespace assay::batch {
namespace {

namespace fs = std::filesystem;

enum Level { kResults, kKind, kAgent, kModel, kTask, kDate, kRun };
using Names = std::array<std::string, 7>;  // by level; [kResults] stays empty

bool is_kind(const std::string& name) { return name == "uv" || name == "node"; }

// The n of "run_{n}".
std::optional<std::uint32_t> run_number(std::string_view name) {
    if (!name.starts_with("run_")) return std::nullopt;
    name.remove_prefix(4);
    std::uint32_t number = 0;
    auto [end, status] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (status != std::errc{} || end != name.data() + name.size()) return std::nullopt;
    return number;
}

std::vector<fs::path> patches_in(const fs::path& run) {
    std::vector<fs::path> patches;
    std::error_code error;
    for (fs::directory_iterator entry(run, error), end; !error && entry != end; entry.increment(error)) {
        std::error_code gone;
        const fs::path& path = entry->path();
        if (path.extension() == ".patch" && !path.filename().string().starts_with('.') && entry->is_regular_file(gone))
            patches.push_back(path);
    }
    std::sort(patches.begin(), patches.end());
    return patches;
}

// The folders below `folder`, which is of `level`, that belong to the tree; runs by number.
std::vector<fs::path> children(const fs::path& folder, int level) {
    auto all = folders_in(folder);
    if (!all) return {};
    auto belongs = [&](const fs::path& path) {
        const std::string name = path.filename().string();
        return level == kResults ? is_kind(name) : level == kDate ? run_number(name).has_value() : true;
    };
    std::erase_if(*all, [&](const fs::path& path) { return !belongs(path); });
    if (level == kDate)
        std::stable_sort(all->begin(), all->end(), [](const fs::path& a, const fs::path& b) {
            return run_number(a.filename().string()) < run_number(b.filename().string());
        });
    if (level == kTask && all->size() > 1) all->erase(all->begin(), all->end() - 1);  // the newest date
    return *all;
}

// Whether a folder of `level` has a run with a patch below it. Ends at the first one.
bool has_patch(const fs::path& folder, int level) {
    if (level == kRun) return run_number(folder.filename().string()) && !patches_in(folder).empty();
    const auto below = children(folder, level);
    return std::any_of(below.begin(), below.end(), [&](const fs::path& child) { return has_patch(child, level + 1); });
}

class TreeReader {
 public:
    TreeReader(const ReadOptions& options, TaskCache& tasks, Batch& batch)
        : options_(options), tasks_(tasks), batch_(batch) {}

    void walk(const fs::path& folder, int level, Names names) {
        if (level == kRun) {
            add_run(folder, names);
            return;
        }
        for (const fs::path& child : children(folder, level)) {
            names[static_cast<std::size_t>(level) + 1] = child.filename().string();
            walk(child, level + 1, names);
        }
    }

 private:
    void add_run(const fs::path& run, const Names& names) {
        std::string id;
        for (std::size_t level = kKind; level <= kRun; ++level) id += (id.empty() ? "" : "/") + names[level];
        auto bad = [&](Error error) { batch_.errors.push_back({id, std::move(error)}); };
        if (auto problem = id_problem(id); !problem.empty())
            return bad({"read batch", 0, run.string() + ": the path " + problem, "rename its folders"});
        const auto patches = patches_in(run);
        if (patches.size() > 1)
            return bad({"read batch", 0, run.string() + ": " + std::to_string(patches.size()) + " *.patch files in it",
                        "a run has one patch; remove the others, or the run"});
        auto task = find_task(names[kKind], names[kTask]);
        if (!task) return bad(std::move(task.error()));
        Submission made;
        made.id = id;
        made.task = *task;
        made.source = patches.empty() ? Source{Source::Kind::none, run.string()}
                                      : Source{Source::Kind::patch, patches.front().string()};
        made.labels = {{"kind", names[kKind]},
                       {"agent", names[kAgent]},
                       {"model", names[kModel]},
                       {"date", names[kDate]},
                       {"run", std::to_string(*run_number(names[kRun]))}};
        batch_.submissions.push_back(std::move(made));
    }

    Result<std::shared_ptr<const Task>> find_task(const std::string& kind, const std::string& name) {
        auto [place, fresh] = found_.try_emplace(kind + "/" + name);
        if (fresh) place->second = look_for_task(kind, name);
        return place->second;
    }

    // A file of the expected name first; any task below the folder that says this name next.
    Result<std::shared_ptr<const Task>> look_for_task(const std::string& kind, const std::string& name) {
        if (options_.tasks_dir.empty()) return standard_task(name, kind, options_.suite);
        const fs::path root(options_.tasks_dir);
        std::error_code error;
        for (const fs::path& folder : {root / kind, root})
            for (const std::string& stem : {kind + "-" + name, name})
                if (const fs::path file = folder / (stem + ".json"); fs::is_regular_file(file, error))
                    return tasks_.read(file);
        index_tasks(root);
        if (auto known = index_.find(kind + "/" + name); known != index_.end()) return tasks_.read(known->second);
        if (!options_.suite.empty()) return standard_task(name, kind, options_.suite);
        return fail("read batch", root.string() + ": no task " + kind + "-" + name + ".json, and none with this name",
                    "add the task file, or give --suite to use the study's standard commands");
    }

    void index_tasks(const fs::path& root) {
        if (std::exchange(indexed_, true)) return;
        std::error_code error;
        std::vector<fs::path> files;
        for (fs::recursive_directory_iterator entry(root, error), end; !error && entry != end; entry.increment(error)) {
            if (entry.depth() > 3) entry.disable_recursion_pending();
            std::error_code gone;
            if (entry->path().extension() == ".json" && entry->is_regular_file(gone)) files.push_back(entry->path());
        }
        std::sort(files.begin(), files.end());
        for (const fs::path& file : files) {
            auto task = tasks_.read(file);  // a file that is no task is no matter here
            if (task) index_.try_emplace(((*task)->image == "python" ? "uv/" : "node/") + (*task)->name, file);
        }
    }

    const ReadOptions& options_;
    TaskCache& tasks_;
    Batch& batch_;
    std::map<std::string, Result<std::shared_ptr<const Task>>> found_;
    std::map<std::string, fs::path> index_;
    bool indexed_ = false;
};

// The last `level` names of a real path, by level.
std::optional<Names> names_above(const fs::path& real, int level) {
    Names names;
    fs::path at = real;
    for (int i = level; i > kResults; --i) {
        names[static_cast<std::size_t>(i)] = at.filename().string();
        if (!at.has_relative_path()) return std::nullopt;
        at = at.parent_path();
    }
    return names;
}

}  // namespace

int result_tree_level(const fs::path& folder) {
    std::error_code error;
    const fs::path real = fs::canonical(folder, error);
    if (error) return -1;
    for (int level = kRun; level >= kResults; --level) {
        const auto names = names_above(real, level);
        if (!names || (level >= kKind && !is_kind((*names)[kKind]))) continue;
        if (has_patch(real, level)) return level;
    }
    return -1;
}

Result<Batch> read_result_tree(const fs::path& folder, int level, const ReadOptions& options, TaskCache& tasks) {
    Batch batch;
    batch.form = Batch::Form::result_tree;
    std::error_code error;
    const fs::path real = fs::canonical(folder, error);
    const auto names = names_above(real, level);
    if (error || !names) return fail_errno(error.value(), "read batch", folder.string());
    std::error_code none;
    if (!options.tasks_dir.empty() && !fs::is_directory(options.tasks_dir, none))
        return fail("read batch", options.tasks_dir + ": no such folder", "give --tasks the folder of the task files");
    TreeReader(options, tasks, batch).walk(real, level, *names);
    return batch;
}

}  // namespace assay::batch
