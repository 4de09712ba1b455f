#include "harness/batch/task.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <utility>

#include "base/fd.h"

namespace assay::batch {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::uint64_t kTaskLimit = 16u << 20;
constexpr int kFoldersUp = 3;
constexpr const char* kCommands = R"(["./run.sh"])";

// A collection or a Hurl file, or a folder of Hurl files.
bool is_suite(const fs::path& path) {
    std::error_code ignored;
    return fs::is_regular_file(path, ignored) || fs::is_directory(path, ignored);
}

std::string image_of(std::string_view docker_folder) {
    constexpr std::array<std::string_view, 6> python{"uv", "python", "aiohttp", "django", "fastapi", "flask"};
    constexpr std::array<std::string_view, 6> node{"node", "express", "fastify", "hono", "honojs", "koa"};
    if (std::find(python.begin(), python.end(), docker_folder) != python.end()) return "python";
    if (std::find(node.begin(), node.end(), docker_folder) != node.end()) return "node";
    return {};
}

// Reads one task object; the first problem wins.
class Reader {
 public:
    Reader(const JsonText& text, const std::string& pointer, std::string folder, const std::string& suite)
        : text_(text), root_(pointer), folder_(std::move(folder)), suite_(suite) {}

    Result<std::shared_ptr<const Task>> read() {
        const json& object = root_.empty() ? text_.value() : text_.value().at(json::json_pointer(root_));
        if (!object.is_object()) return bad("", "a task must be an object, this is " + type(object), "write {...}");
        auto task = std::make_shared<Task>();
        task->where = text_.where(root_);
        task->folder = folder_;
        ASSAY_TRY(task->name, text_at(object, "", "name", true));
        if (task->name.empty()) return bad("/name", "\"name\" is empty", "name the task");
        ASSAY_TRY(const std::string docker, text_at(object, "", "dockerFolder", true));
        task->image = image_of(docker);
        // One of the store, or of a recipe: dockerFolder then only says which study's container it would have been.
        ASSAY_TRY(std::string image, text_at(object, "", "image", false));
        if (!image.empty()) task->image = std::move(image);
        if (task->image.empty())
            return bad("/dockerFolder", "unknown \"dockerFolder\" \"" + docker + "\"", "write \"uv\" or \"node\"");
        ASSAY_CHECK(read_repository(object, *task));
        ASSAY_CHECK(read_patch(object, *task));
        ASSAY_CHECK(read_constraints(*task));
        ASSAY_TRY(task->services, strings_at(object, "", "services", R"(["redis"])"));
        ASSAY_TRY(task->collection, collection(object));
        if (auto found = object.find("taskMetadata"); found != object.end()) task->metadata = *found;
        return std::shared_ptr<const Task>(std::move(task));
    }

 private:
    tl::unexpected<Error> bad(const std::string& pointer, const std::string& what, const std::string& remedy) const {
        return fail("read task", text_.where(root_ + pointer) + ": " + what, remedy);
    }

    static std::string type(const json& value) {
        return value.is_null() ? "null" : value.is_array() ? "an array" : "a " + std::string(value.type_name());
    }

    Result<std::string> text_at(const json& object, const std::string& pointer, const char* key, bool needed) const {
        auto found = object.find(key);
        if (found == object.end() || found->is_null()) {
            if (needed) return bad(pointer, "\"" + std::string(key) + "\" is missing", "add it");
            return std::string();
        }
        if (!found->is_string())
            return bad(pointer + "/" + key, "\"" + std::string(key) + "\" must be a string, it is " + type(*found),
                       "write it in quotes");
        return found->get<std::string>();
    }

    Result<std::vector<std::string>> strings_at(const json& object, const std::string& pointer, const char* key,
                                                const char* example) const {
        std::vector<std::string> list;
        auto found = object.find(key);
        if (found == object.end() || found->is_null()) return list;
        const bool strings = found->is_array() && std::all_of(found->begin(), found->end(),
                                                              [](const json& item) { return item.is_string(); });
        if (!strings)
            return bad(pointer + "/" + key, "\"" + std::string(key) + "\" must be an array of strings",
                       std::string("write for example ") + example);
        for (const json& item : *found) list.push_back(item.get<std::string>());
        return list;
    }

    Result<std::string> path_at(const json& object, const std::string& pointer, const char* key) const {
        ASSAY_TRY(std::string path, text_at(object, pointer, key, false));
        if (!path.empty() && path.front() != '/')
            return bad(pointer + "/" + key, "\"" + std::string(key) + "\" must begin with /, it is \"" + path + "\"",
                       "write \"/" + path + "\"");
        return path;
    }

    Result<void> read_repository(const json& object, Task& task) const {
        const std::string at = "/repoMetadata";
        auto found = object.find("repoMetadata");
        if (found == object.end() || !found->is_object())
            return bad(at, "\"repoMetadata\" is missing or not an object",
                       "add it, with setupCmds, runCmds, port, baseUrl, healthcheckEndpoint");
        ASSAY_TRY(task.repo_url, text_at(*found, at, "repoUrl", false));
        ASSAY_TRY(task.repo_commit, text_at(*found, at, "repoCommit", false));
        if (task.repo_url.empty() != task.repo_commit.empty())
            return bad(at, "\"repoUrl\" and \"repoCommit\" belong together", "give both, or neither");
        ASSAY_TRY(task.setup_cmds, strings_at(*found, at, "setupCmds", kCommands));
        ASSAY_TRY(task.run_cmds, strings_at(*found, at, "runCmds", kCommands));
        if (task.run_cmds.empty())
            return bad(at + "/runCmds", "\"runCmds\" is missing or empty", "write for example [\"./run.sh\"]");
        auto port = found->find("port");
        if (port == found->end() || !port->is_number_integer() || *port < 1 || *port > 65535)
            return bad(at + "/port", "\"port\" must be a number from 1 to 65535", "write the server's port");
        task.port = port->get<std::uint16_t>();
        ASSAY_TRY(task.base_url, path_at(*found, at, "baseUrl"));
        while (task.base_url.ends_with('/')) task.base_url.pop_back();
        ASSAY_TRY(task.healthcheck, path_at(*found, at, "healthcheckEndpoint"));
        return {};
    }

    // A file beside the task's, or the diff itself.
    Result<void> read_patch(const json& object, Task& task) const {
        ASSAY_TRY(std::string patch, text_at(object, "", "patch", false));
        if (patch.find('\n') != std::string::npos || patch.empty()) {
            task.base_patch = std::move(patch);
            return {};
        }
        auto bytes = read_file((fs::path(folder_) / patch).string(), 64u << 20);
        if (!bytes)
            return bad("/patch", "the patch cannot be read: " + bytes.error().to_string(),
                       "give a path relative to the task file, or the diff itself");
        task.base_patch = std::move(*bytes);
        return {};
    }

    // A name of the study's form must be right; a feature task may be named freely, and has no constraints.
    Result<void> read_constraints(Task& task) const {
        if (!verify::has_constraint_form(task.name)) return {};
        auto constraints = verify::parse_task_name(task.name);
        if (!constraints) {
            if (!task.base_patch.empty()) return {};
            return bad("/name", constraints.error().detail, constraints.error().remedy);
        }
        task.constraints = std::move(*constraints);
        return {};
    }

    // Beside the task file; a bare file name also in the folders above, where the study keeps its own.
    Result<std::string> collection(const json& object) const {
        if (!suite_.empty()) {
            if (is_suite(suite_)) return fs::absolute(suite_).lexically_normal().string();
            return fail("read task", suite_ + ": no such file", "give --suite an existing collection");
        }
        ASSAY_TRY(const std::string name, text_at(object, "", "postmanCollection", false));
        if (name.empty())
            return bad("/postmanCollection", "\"postmanCollection\" is missing",
                       "add the collection's path, relative to the task file, or give --suite");
        const fs::path wanted(name);
        fs::path at = fs::absolute(folder_.empty() ? "." : folder_);
        for (int up = 0; up <= kFoldersUp; ++up) {
            const fs::path candidate = (at / wanted).lexically_normal();
            if (is_suite(candidate)) return candidate.string();
            if (wanted.has_parent_path() || !at.has_relative_path()) break;
            at = at.parent_path();
        }
        return bad("/postmanCollection", "there is no collection \"" + name + "\" beside the task file",
                   "correct the path, which is relative to the task file, or give --suite");
    }

    const JsonText& text_;
    std::string root_;
    std::string folder_;
    const std::string& suite_;
};

}  // namespace

Result<std::shared_ptr<const Task>> task_from_json(const JsonText& text, const std::string& pointer,
                                                   const std::string& folder, const std::string& suite) {
    return Reader(text, pointer, folder, suite).read();
}

Result<std::shared_ptr<const Task>> read_task(const std::string& path, const std::string& suite) {
    auto bytes = read_file(path, kTaskLimit);
    if (!bytes) {
        Error error = std::move(bytes.error());
        error.step = "read task";
        error.detail = path;
        error.remedy = "give the path of a task file";
        return tl::unexpected(std::move(error));
    }
    ASSAY_TRY(const JsonText text, JsonText::parse(*bytes, path));
    return task_from_json(text, "", fs::path(path).parent_path().string(), suite);
}

Result<std::shared_ptr<const Task>> standard_task(const std::string& name, std::string_view kind,
                                                  const std::string& suite) {
    const bool python = kind == "uv";
    auto task = std::make_shared<Task>();
    task->name = name;
    task->where = "the name " + name;
    task->image = python ? "python" : "node";
    task->setup_cmds = {python ? "uv pip install --system -r requirements.txt" : "npm install", "chmod +x run.sh"};
    task->run_cmds = {"./run.sh"};
    task->port = python ? 8080 : 3000;
    task->base_url = "/api";
    task->healthcheck = "/api/health-check";
    ASSAY_TRY(task->constraints, verify::parse_task_name(name));
    if (!is_suite(suite))
        return fail("read task", suite.empty() ? "no collection for " + name : suite + ": no such file",
                    "give --suite an existing collection, or --tasks the folder of the task files");
    task->collection = fs::absolute(suite).lexically_normal().string();
    return std::shared_ptr<const Task>(std::move(task));
}

}  // namespace assay::batch
