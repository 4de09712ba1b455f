#include "harness/batch/read.h"

#include <algorithm>
#include <system_error>

#include "harness/batch/readers.h"
#include "harness/batch/task.h"

namespace assay::batch {

namespace fs = std::filesystem;

const char* name_of(Batch::Form form) {
    switch (form) {
        case Batch::Form::single: return "one submission";
        case Batch::Form::folder: return "folder of submissions";
        case Batch::Form::json_lines: return "JSON lines";
        case Batch::Form::result_tree: return "result tree";
    }
    return "";
}

std::string id_problem(const std::string& id) {
    if (id.empty()) return "is empty";
    if (id.size() > 400) return "is longer than 400 bytes";
    for (char c : id)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F || c == '\\') return "has a control character or a \\";
    for (std::size_t begin = 0; begin <= id.size();) {
        const auto end = std::min(id.find('/', begin), id.size());
        const std::string name = id.substr(begin, end - begin);
        if (name.empty() || name == "." || name == "..") return "has an empty, \".\" or \"..\" component";
        if (name.size() > 200) return "has a component longer than 200 bytes";
        begin = end + 1;
    }
    return {};
}

Result<std::shared_ptr<const Task>> TaskCache::read(const fs::path& path) {
    auto [place, fresh] = known_.try_emplace(path.string());
    if (fresh) place->second = read_task(path.string(), suite_);
    return place->second;
}

Result<std::vector<fs::path>> folders_in(const fs::path& folder) {
    std::error_code error;
    std::vector<fs::path> folders;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
        std::error_code gone;
        if (entry->path().filename().string().starts_with('.')) continue;
        if (entry->is_directory(gone)) folders.push_back(entry->path());
    }
    if (error) return fail_errno(error.value(), "read batch", folder.string(), "make the folder readable");
    std::sort(folders.begin(), folders.end());
    return folders;
}

Result<Batch> read_batch(const std::string& path, const ReadOptions& options) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    TaskCache tasks(options.suite);
    if (fs::is_regular_file(status)) {
        const std::string extension = fs::path(path).extension().string();
        if (extension == ".jsonl" || extension == ".ndjson") return read_json_lines(path, tasks);
        return fail("read batch", path + ": a file that is not *.jsonl",
                    "give a folder of submissions, a *.jsonl file, or the study's result tree");
    }
    if (!fs::is_directory(status))
        return fail_errno(error ? error.value() : 0, "read batch", path,
                          "give a folder of submissions, a *.jsonl file, or the study's result tree");
    if (fs::exists(fs::path(path) / "run.sh", error)) return read_single(path, tasks);
    if (const int level = result_tree_level(path); level >= 0) return read_result_tree(path, level, options, tasks);
    return read_folder(path, tasks);
}

}  // namespace assay::batch
