#include "harness/batch/task.h"

#include <gtest/gtest.h>

#include "tests/unit/batch/task_text.h"
#include "tests/unit/temp_dir.h"

using namespace assay;
using namespace assay::batch;

namespace {

std::string replaced(std::string text, const std::string& what, const std::string& with) {
    const auto at = text.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    return text.replace(at, what.size(), with);
}

class TaskFile : public testing::Test {
 protected:
    TaskFile() { dir.write("suite.json", "{}"); }

    std::string error_of(const std::string& text) {
        const std::string file = dir.write("task.json", text);
        auto task = read_task(file);
        EXPECT_FALSE(task);
        if (task) return "";
        // The folder's name is of this run alone.
        std::string message = task.error().to_string();
        for (auto at = message.find(dir.path()); at != std::string::npos; at = message.find(dir.path()))
            message.erase(at, dir.path().size() + 1);
        return message;
    }

    TempDir dir;
};

}  // namespace

TEST_F(TaskFile, IsReadInFull) {
    const auto task =
        read_task(dir.write("task.json", task_text("express-openapi-clean_architecture-postgres-sequelize")));
    ASSERT_TRUE(task) << task.error().to_string();
    EXPECT_EQ((*task)->name, "express-openapi-clean_architecture-postgres-sequelize");
    EXPECT_EQ((*task)->image, "python");
    EXPECT_EQ((*task)->constraints.level(), 3);
    EXPECT_EQ((*task)->constraints.framework, "express");
    EXPECT_EQ((*task)->setup_cmds, std::vector<std::string>{"chmod +x run.sh"});
    EXPECT_EQ((*task)->run_cmds, std::vector<std::string>{"./run.sh"});
    EXPECT_EQ((*task)->port, 8080);
    EXPECT_EQ((*task)->base_url, "/api");
    EXPECT_EQ((*task)->healthcheck, "/api/health-check");
    EXPECT_EQ((*task)->collection, dir / "suite.json");
    EXPECT_EQ((*task)->where, dir / "task.json" + ":1");
}

TEST_F(TaskFile, KnowsTheImageOfEveryDockerFolder) {
    for (const char* folder : {"uv", "python", "aiohttp", "django", "fastapi", "flask"})
        EXPECT_EQ(
            (*read_task(dir.write("task.json", replaced(task_text(), "\"uv\"", "\"" + std::string(folder) + "\""))))
                ->image,
            "python");
    for (const char* folder : {"node", "express", "fastify", "hono", "honojs", "koa"})
        EXPECT_EQ(
            (*read_task(dir.write("task.json", replaced(task_text(), "\"uv\"", "\"" + std::string(folder) + "\""))))
                ->image,
            "node");
}

TEST_F(TaskFile, FindsABareCollectionNameInTheFoldersAbove) {
    const auto task = read_task(dir.write("tasks/uv/task.json", task_text()));
    ASSERT_TRUE(task) << task.error().to_string();
    EXPECT_EQ((*task)->collection, dir / "suite.json");
    EXPECT_FALSE(read_task(dir.write("a/b/c/d/task.json", task_text()))) << "three folders up, not more";
}

TEST_F(TaskFile, TakesTheSuiteThatIsGivenInPlaceOfItsOwn) {
    const std::string file = dir.write("task.json", replaced(task_text(), "suite.json", "missing.json"));
    const std::string other = dir.write("other.json", "{}");
    EXPECT_EQ((*read_task(file, other))->collection, other);
    EXPECT_FALSE(read_task(file, dir / "none.json"));
}

TEST_F(TaskFile, ReadsThePatchOfAFeatureTaskAndLetsItBeNamedFreely) {
    dir.write("base.diff", "diff --git ...\n");
    const auto task = read_task(dir.write(
        "task.json", replaced(task_text("hard-focused-task-001"), "\"patch\": null", "\"patch\": \"base.diff\"")));
    ASSERT_TRUE(task) << task.error().to_string();
    EXPECT_EQ((*task)->base_patch, "diff --git ...\n");
    EXPECT_EQ((*task)->constraints.level(), 0);
}

TEST_F(TaskFile, SaysWhatIsWrongWhereAndWhatToDo) {
    const std::string good = task_text();
    EXPECT_EQ(error_of("[]"), "read task: task.json:1: a task must be an object, this is an array (write {...})");
    EXPECT_EQ(error_of("{\n}"), "read task: task.json:1: \"name\" is missing (add it)");
    EXPECT_EQ(error_of(replaced(good, "\"flask-openapi-sqlite\"", "7")),
              "read task: task.json:2: \"name\" must be a string, it is a number (write it in quotes)");
    EXPECT_EQ(
        error_of(replaced(good, "-sqlite", "-sqlit")),
        "read task: task.json:2: \"flask-openapi-sqlit\": unknown constraint \"sqlit\" (name it "
        "{framework}-openapi-{constraints joined by -}, with constraints of clean_architecture, sqlite, postgres, "
        "sqlalchemy, sequelize, or unconstrained alone)");
    EXPECT_EQ(error_of(replaced(good, "\"uv\"", "\"ruby\"")),
              "read task: task.json:3: unknown \"dockerFolder\" \"ruby\" (write \"uv\" or \"node\")");
    EXPECT_EQ(
        error_of(replaced(good, "\"patch\": null", "\"patch\": \"none.diff\"")),
        "read task: task.json:4: the patch cannot be read: open: none.diff: No such file or directory (give a path "
        "relative to the task file, or the diff itself)");
    EXPECT_EQ(
        error_of(replaced(good, "repoMetadata", "repoMetaData")),
        "read task: task.json:1: \"repoMetadata\" is missing or not an object (add it, with setupCmds, runCmds, port, "
        "baseUrl, healthcheckEndpoint)");
    EXPECT_EQ(error_of(replaced(good, "[\"chmod +x run.sh\"]", "\"chmod +x run.sh\"")),
              "read task: task.json:6: \"setupCmds\" must be an array of strings (write for example [\"./run.sh\"])");
    EXPECT_EQ(error_of(replaced(good, "[\"./run.sh\"]", "[]")),
              "read task: task.json:7: \"runCmds\" is missing or empty (write for example [\"./run.sh\"])");
    for (const char* port : {"0", "65536", "\"8080\"", "80.5", "-1", "99999999999999999999", "null"})
        EXPECT_EQ(error_of(replaced(good, "8080", port)),
                  "read task: task.json:8: \"port\" must be a number from 1 to 65535 (write the server's port)")
            << port;
    EXPECT_EQ(error_of(replaced(good, "\"/api\"", "\"api\"")),
              "read task: task.json:9: \"baseUrl\" must begin with /, it is \"api\" (write \"/api\")");
    EXPECT_EQ(
        error_of(replaced(good, "suite.json", "nothing.json")),
        "read task: task.json:12: there is no collection \"nothing.json\" beside the task file (correct the path, "
        "which is relative to the task file, or give --suite)");
    EXPECT_EQ(error_of(good.substr(0, good.size() - 3)).substr(0, 28), "read JSON: task.json:12:36: ");
}

TEST_F(TaskFile, ThatIsMissingIsNamed) {
    const auto task = read_task(dir / "none.json");
    ASSERT_FALSE(task);
    EXPECT_EQ(task.error().to_string(),
              "read task: " + (dir / "none.json") + ": No such file or directory (give the path of a task file)");
}

TEST(StandardTask, HasTheStudysCommandsForItsKind) {
    TempDir dir;
    const std::string suite = dir.write("suite.json", "{}");
    const auto python = standard_task("flask-openapi-sqlite", "uv", suite);
    ASSERT_TRUE(python) << python.error().to_string();
    EXPECT_EQ((*python)->port, 8080);
    EXPECT_EQ((*python)->setup_cmds[0], "uv pip install --system -r requirements.txt");
    const auto node = standard_task("koa-openapi-unconstrained", "node", suite);
    ASSERT_TRUE(node);
    EXPECT_EQ((*node)->port, 3000);
    EXPECT_EQ((*node)->setup_cmds[0], "npm install");
    EXPECT_EQ((*node)->healthcheck, "/api/health-check");
    EXPECT_FALSE(standard_task("koa-openapi-nothing", "node", suite));
    EXPECT_EQ(
        standard_task("koa-openapi-unconstrained", "node", "").error().to_string(),
        "read task: no collection for koa-openapi-unconstrained (give --suite an existing collection, or --tasks the "
        "folder of the task files)");
}

// Where the study's own files stand beside the checkout: all 80 are read, and say what their names say.
TEST(StudyTasks, AreAllRead) {
    const char* shared = std::getenv("ASSAY_SHARED");
    const std::filesystem::path tasks =
        std::filesystem::path(shared != nullptr ? shared : ASSAY_SOURCE_DIR "/../shared") / "constraint-decay/tasks";
    if (!std::filesystem::is_directory(tasks)) GTEST_SKIP() << "no " << tasks;
    int count = 0;
    int levels[4] = {};
    for (const char* kind : {"uv", "node"}) {
        for (const auto& entry : std::filesystem::directory_iterator(tasks / kind)) {
            const auto task = read_task(entry.path().string());
            ASSERT_TRUE(task) << task.error().to_string();
            EXPECT_EQ(kind + ("-" + (*task)->name), entry.path().stem().string());
            EXPECT_EQ((*task)->image, kind == std::string("uv") ? "python" : "node");
            ++levels[(*task)->constraints.level()];
            ++count;
        }
    }
    EXPECT_EQ(count, 80);
    EXPECT_EQ(levels[0], 8);
    EXPECT_EQ(levels[1], 24);
    EXPECT_EQ(levels[2], 32);
    EXPECT_EQ(levels[3], 16);
}
