#include "harness/batch/entry.h"

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

#include "base/base64.h"
#include "harness/batch/task.h"
#include "harness/verify/verdict.h"

namespace assay::batch {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

constexpr const char* kSources =
    R"(write one of {"dir": path}, {"patch": path}, {"tar": path}, {"patch": {"text": ...}}, {"files": {path: text}})";

}  // namespace

Result<Submission> EntryReader::read(std::string_view line, std::uint32_t number, std::string& id) {
    ASSAY_TRY(const JsonText text, JsonText::parse(line, places_.name, number));
    return read(text, number, id);
}

Result<Submission> EntryReader::read(const JsonText& text, std::uint32_t number, std::string& id) {
    number_ = number;
    const json& object = text.value();
    if (!object.is_object()) return bad("not an object", "write {\"id\": ..., \"task\": ..., \"source\": ...}");
    ASSAY_CHECK(read_id(object, id));
    Submission made;
    made.id = id;
    for (const auto& [key, value] : object.items()) {
        constexpr std::array<std::string_view, 4> known{"id", "task", "source", "labels"};
        if (std::find(known.begin(), known.end(), key) == known.end())
            return bad("unknown key \"" + verify::excerpt(key) + "\"",
                       "the keys are id, task, source, labels; put yours under labels");
    }
    ASSAY_TRY(made.task, task(text));
    ASSAY_TRY(made.source, source(object));
    ASSAY_CHECK(read_labels(object, made));
    return made;
}

Result<void> EntryReader::read_id(const json& object, std::string& id) const {
    const auto found = object.find("id");
    if (found == object.end() && !id.empty()) return {};
    if (found == object.end() || !found->is_string())
        return bad("\"id\" is missing or not a string", "name the submission");
    auto own = found->get<std::string>();
    if (auto problem = id_problem(own); !problem.empty())
        return bad("the id \"" + verify::excerpt(own) + "\" " + problem, "use letters, digits, - _ . and /");
    id = std::move(own);
    return {};
}

Result<void> EntryReader::read_labels(const json& object, Submission& made) const {
    const auto labels = object.find("labels");
    if (labels == object.end() || labels->is_null()) return {};
    if (!labels->is_object()) return bad("\"labels\" must be an object", "write {\"model\": ...}");
    for (const auto& [key, value] : labels->items()) {
        if (value.is_structured())
            return bad("the label \"" + verify::excerpt(key) + "\" is not a single value",
                       "write a string or a number");
        made.labels[key] = value.is_string() ? value.get<std::string>() : value.dump();
    }
    return {};
}

tl::unexpected<Error> EntryReader::bad(const std::string& what, const std::string& remedy) const {
    return fail("read batch", places_.name + ":" + std::to_string(number_) + ": " + what, remedy);
}

Result<std::shared_ptr<const Task>> EntryReader::task(const JsonText& text) const {
    auto found = text.value().find("task");
    if (found != text.value().end() && found->is_object())
        return task_from_json(text, "/task", places_.tasks.string(), tasks_.suite());
    if (found == text.value().end() || !found->is_string())
        return bad("\"task\" is missing, or neither a path nor an object", "give a task file's path, or a task");
    auto read = tasks_.read((places_.tasks / found->get<std::string>()).lexically_normal());
    if (!read) {
        Error error = std::move(read.error());
        error.detail = places_.name + ":" + std::to_string(number_) + ": its task: " + error.detail;
        return tl::unexpected(std::move(error));
    }
    return *read;
}

Result<Source> EntryReader::source(const json& object) const {
    auto found = object.find("source");
    if (found == object.end() || !found->is_object() || found->size() != 1)
        return bad("\"source\" is missing, or not an object with one key", kSources);
    const std::string key = found->begin().key();
    const json& value = *found->begin();
    if (key == "files") return files(value);
    if (key == "patch" && value.is_object()) return patch_text(value);
    if (key != "dir" && key != "patch" && key != "tar")
        return bad("unknown source \"" + verify::excerpt(key) + "\"", kSources);
    if (!value.is_string() || value.get_ref<const std::string&>().empty())
        return bad("the path of source \"" + key + "\" must be a string", kSources);
    using Kind = Source::Kind;
    return source_at(key == "dir" ? Kind::dir : key == "tar" ? Kind::tar : Kind::patch, value.get<std::string>());
}

Result<Source> EntryReader::source_at(Source::Kind kind, const std::string& path) const {
    const fs::path place = (places_.sources / path).lexically_normal();
    std::error_code error;
    const fs::file_status status = fs::status(place, error);
    if (!fs::exists(status))
        return bad("there is no source " + place.string(), "correct the path, which is relative to the batch file");
    if (kind == Source::Kind::dir ? !fs::is_directory(status) : !fs::is_regular_file(status))
        return bad(place.string() + " is not a " + (kind == Source::Kind::dir ? "folder" : "file"), kSources);
    Source made;
    made.kind = kind;
    made.path = fs::absolute(place).lexically_normal().string();
    return made;
}

Result<Source> EntryReader::patch_text(const json& value) const {
    const auto text = value.find("text");
    if (value.size() != 1 || text == value.end() || !text->is_string())
        return bad("\"patch\" is neither a path nor {\"text\": ...}", kSources);
    Source made;
    made.kind = Source::Kind::patch;
    made.path = places_.name + ":" + std::to_string(number_) + " (its patch)";
    made.text = std::make_shared<const std::string>(text->get<std::string>());
    return made;
}

Result<Source> EntryReader::files(const json& value) const {
    if (!value.is_object() || value.empty()) return bad("\"files\" is not an object with at least one file", kSources);
    auto all = std::make_shared<std::vector<InlineFile>>();
    std::uint64_t bytes = 0;
    for (const auto& [path, content] : value.items()) {
        ASSAY_TRY(InlineFile made, file(path, content));
        bytes += made.bytes.size();
        if (bytes > kInlineLimit.count)
            return bad("its files are larger than " + format_bytes(kInlineLimit), "hand them in as a tar");
        all->push_back(std::move(made));
    }
    Source made;
    made.kind = Source::Kind::files;
    made.path = places_.name + ":" + std::to_string(number_) + " (its files)";
    made.files = std::move(all);
    return made;
}

// Whether the path is a good one is asked when it is written: then a bad one is the submission's own failure, as in a
// tar.
Result<InlineFile> EntryReader::file(const std::string& path, const json& value) const {
    if (value.is_string()) return InlineFile{path, value.get<std::string>(), false};
    const std::string where = "the file \"" + verify::excerpt(path) + "\" ";
    constexpr const char* kRemedy = R"(write its text, or {"text" or "base64": ..., "executable": true or false})";
    if (!value.is_object()) return bad(where + "is neither text nor an object", kRemedy);
    InlineFile made{path, {}, false};
    int contents = 0;
    for (const auto& [key, part] : value.items()) {
        if (key == "executable" && part.is_boolean()) {
            made.executable = part.get<bool>();
        } else if (key == "text" && part.is_string()) {
            made.bytes = part.get<std::string>();
            ++contents;
        } else if (key == "base64" && part.is_string()) {
            auto bytes = base64_decode(part.get<std::string>());
            if (!bytes) return bad(where + "has bytes that are not base64", kRemedy);
            made.bytes = std::move(*bytes);
            ++contents;
        } else {
            return bad(where + "has a wrong \"" + verify::excerpt(key) + "\"", kRemedy);
        }
    }
    if (contents != 1) return bad(where + "needs one of \"text\" and \"base64\"", kRemedy);
    return made;
}

}  // namespace assay::batch
