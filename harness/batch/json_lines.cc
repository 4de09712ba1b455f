// JSON-lines batches: an object a line.
#include <algorithm>
#include <array>
#include <map>
#include <system_error>

#include "base/fd.h"
#include "harness/batch/json_text.h"
#include "harness/batch/readers.h"
#include "harness/batch/task.h"
#include "harness/verify/verdict.h"

namespace assay::batch {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::uint64_t kFileLimit = std::uint64_t{1} << 30;

class LineReader {
 public:
    LineReader(const fs::path& file, TaskCache& tasks)
        : name_(file.string()), folder_(file.parent_path()), tasks_(tasks) {}

    // One line's submission. `id` is set as soon as it is known to be good, for the error.
    Result<Submission> read(std::string_view line, std::uint32_t number, std::string& id) {
        number_ = number;
        ASSAY_TRY(const JsonText text, JsonText::parse(line, name_, number));
        const json& object = text.value();
        if (!object.is_object()) return bad("not an object", "write {\"id\": ..., \"task\": ..., \"source\": ...}");
        Submission made;
        ASSAY_TRY(made.id, own_id(object));
        id = made.id;
        for (const auto& [key, value] : object.items()) {
            constexpr std::array<std::string_view, 4> known{"id", "task", "source", "labels"};
            if (std::find(known.begin(), known.end(), key) == known.end())
                return bad("unknown key \"" + key + "\"",
                           "the keys are id, task, source, labels; put yours under labels");
        }
        ASSAY_TRY(made.task, task(text));
        ASSAY_TRY(made.source, source(object));
        if (auto labels = object.find("labels"); labels != object.end() && !labels->is_null()) {
            if (!labels->is_object()) return bad("\"labels\" must be an object", "write {\"model\": ...}");
            for (const auto& [key, value] : labels->items()) {
                if (value.is_structured())
                    return bad("the label \"" + key + "\" is not a single value", "write a string or a number");
                made.labels[key] = value.is_string() ? value.get<std::string>() : value.dump();
            }
        }
        return made;
    }

 private:
    Result<std::string> own_id(const json& object) {
        if (!object.contains("id") || !object["id"].is_string())
            return bad("\"id\" is missing or not a string", "name the submission");
        const auto id = object["id"].get<std::string>();
        if (auto problem = id_problem(id); !problem.empty())
            return bad("the id \"" + verify::excerpt(id) + "\" " + problem, "use letters, digits, - _ . and /");
        if (auto [first, fresh] = seen_.try_emplace(id, number_); !fresh)
            return bad("the id \"" + id + "\" stands in line " + std::to_string(first->second) + " already",
                       "give each submission an id of its own");
        return id;
    }

    tl::unexpected<Error> bad(const std::string& what, const std::string& remedy) const {
        return fail("read batch", name_ + ":" + std::to_string(number_) + ": " + what, remedy);
    }

    [[nodiscard]] fs::path resolve(const std::string& path) const { return (folder_ / path).lexically_normal(); }

    Result<std::shared_ptr<const Task>> task(const JsonText& text) {
        auto found = text.value().find("task");
        if (found != text.value().end() && found->is_object())
            return task_from_json(text, "/task", folder_.string(), tasks_.suite());
        if (found == text.value().end() || !found->is_string())
            return bad("\"task\" is missing, or neither a path nor an object", "give a task file's path, or a task");
        auto read = tasks_.read(resolve(found->get<std::string>()));
        if (!read) {
            Error error = std::move(read.error());
            error.detail = name_ + ":" + std::to_string(number_) + ": its task: " + error.detail;
            return tl::unexpected(std::move(error));
        }
        return *read;
    }

    Result<Source> source(const json& object) const {
        const std::string remedy = "write one of {\"dir\": path}, {\"patch\": path}, {\"tar\": path}";
        auto found = object.find("source");
        if (found == object.end() || !found->is_object() || found->size() != 1)
            return bad("\"source\" is missing, or not an object with one key", remedy);
        const std::string key = found->begin().key();
        Source made;
        if (key == "dir")
            made.kind = Source::Kind::dir;
        else if (key == "patch")
            made.kind = Source::Kind::patch;
        else if (key == "tar")
            made.kind = Source::Kind::tar;
        else
            return bad("unknown source \"" + key + "\"", remedy);
        if (!found->begin()->is_string() || found->begin()->get<std::string>().empty())
            return bad("the path of source \"" + key + "\" must be a string", remedy);
        const fs::path path = resolve(found->begin()->get<std::string>());
        std::error_code error;
        const fs::file_status status = fs::status(path, error);
        if (!fs::exists(status))
            return bad("there is no source " + path.string(), "correct the path, which is relative to the batch file");
        if (made.kind == Source::Kind::dir ? !fs::is_directory(status) : !fs::is_regular_file(status))
            return bad(path.string() + " is not a " + (made.kind == Source::Kind::dir ? "folder" : "file"), remedy);
        made.path = fs::absolute(path).lexically_normal().string();
        return made;
    }

    std::string name_;
    fs::path folder_;
    TaskCache& tasks_;
    std::map<std::string, std::uint32_t> seen_;
    std::uint32_t number_ = 0;
};

}  // namespace

Result<Batch> read_json_lines(const fs::path& file, TaskCache& tasks) {
    Batch batch;
    batch.form = Batch::Form::json_lines;
    ASSAY_TRY(const std::string text, read_file(file.string(), kFileLimit));
    LineReader reader(file, tasks);
    std::string_view rest = text;
    if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);
    for (std::uint32_t number = 1; !rest.empty(); ++number) {
        const auto end = std::min(rest.find('\n'), rest.size());
        const std::string_view line = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
        std::string id = file.filename().string() + ":" + std::to_string(number);
        auto made = reader.read(line, number, id);
        if (made)
            batch.submissions.push_back(std::move(*made));
        else
            batch.errors.push_back({std::move(id), std::move(made.error())});
    }
    if (batch.submissions.empty() && batch.errors.empty())
        return fail("read batch", file.string() + ": no line in it", "write an object a line");
    return batch;
}

}  // namespace assay::batch
