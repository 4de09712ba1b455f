#include "harness/batch/read.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/batch/task_text.h"
#include "tests/unit/temp_dir.h"

using namespace assay;
using namespace assay::batch;

namespace fs = std::filesystem;
using testing::ElementsAre;

namespace {

class ReadBatch : public testing::Test {
 protected:
    ReadBatch() { dir.write("suite.json", "{}"); }

    Batch read(const std::string& path, const ReadOptions& options = {}) {
        auto batch = read_batch(path, options);
        EXPECT_TRUE(batch) << batch.error().to_string();
        return batch ? std::move(*batch) : Batch{};
    }

    static std::vector<std::string> ids(const Batch& batch) {
        std::vector<std::string> all;
        for (const auto& submission : batch.submissions) all.push_back(submission.id);
        return all;
    }

    // "ID: error", without the folder's name, which is of this run alone.
    std::vector<std::string> errors(const Batch& batch) {
        std::vector<std::string> all;
        for (const auto& entry : batch.errors) all.push_back(plain(entry.id + ": " + entry.error.to_string()));
        return all;
    }
    std::string plain(std::string text) {
        for (auto at = text.find(dir.path()); at != std::string::npos; at = text.find(dir.path()))
            text.erase(at, dir.path().size() + 1);
        return text;
    }
    std::string error_of(const std::string& path, const ReadOptions& options = {}) {
        auto batch = read_batch(path, options);
        EXPECT_FALSE(batch);
        return batch ? "" : plain(batch.error().to_string());
    }

    TempDir dir;
};

}  // namespace

// --- folders -----------------------------------------------------------------------------------------------------

TEST_F(ReadBatch, TakesEachSubFolderAsASubmissionInOrderOfName) {
    for (const char* name : {"b", "a", "c"}) dir.write(std::string("batch/") + name + "/task.json", task_text());
    dir.write("batch/.hidden/task.json", task_text());
    dir.write("batch/notes.txt", "");
    const Batch batch = read(dir / "batch");
    EXPECT_EQ(batch.form, Batch::Form::folder);
    EXPECT_THAT(ids(batch), ElementsAre("a", "b", "c"));
    EXPECT_EQ(batch.submissions[0].source.kind, Source::Kind::dir);
    EXPECT_EQ(batch.submissions[0].source.path, dir / "batch/a");
    EXPECT_EQ(batch.submissions[0].task->name, "flask-openapi-sqlite");
    EXPECT_TRUE(batch.errors.empty());
}

TEST_F(ReadBatch, TakesTheTaskAboveWhenASubFolderHasNone) {
    dir.write("batch/task.json", task_text("koa-openapi-unconstrained"));
    dir.write("batch/a/app.py", "");
    dir.write("batch/b/task.json", task_text());
    const Batch batch = read(dir / "batch");
    EXPECT_EQ(batch.submissions.at(0).task->name, "koa-openapi-unconstrained");
    EXPECT_EQ(batch.submissions.at(1).task->name, "flask-openapi-sqlite");
}

TEST_F(ReadBatch, FollowsLinksToSubmissions) {
    dir.write("real/task.json", task_text());
    fs::create_directories(dir / "batch");
    for (const char* name : {"1", "2"}) fs::create_directory_symlink("../real", dir / ("batch/" + std::string(name)));
    const Batch batch = read(dir / "batch");
    EXPECT_THAT(ids(batch), ElementsAre("1", "2"));
    EXPECT_EQ(batch.submissions[1].source.path, dir / "real");
}

TEST_F(ReadBatch, GoesOnAfterABadEntry) {
    dir.write("batch/a/task.json", "{\n\"name\": }");
    dir.write("batch/b/app.py", "");
    dir.write("batch/c/task.json", task_text());
    const Batch batch = read(dir / "batch");
    EXPECT_THAT(ids(batch), ElementsAre("c"));
    ASSERT_EQ(batch.errors.size(), 2u);
    EXPECT_THAT(errors(batch)[0], testing::StartsWith("a: read JSON: batch/a/task.json:2:9: syntax error"));
    EXPECT_EQ(
        errors(batch)[1],
        "b: read batch: batch/b: no task.json in it or in the folder above (add the task file that the submission was "
        "made for)");
}

TEST_F(ReadBatch, TakesAFolderWithRunShAsOneSubmission) {
    dir.write("one/run.sh", "");
    dir.write("one/src/task.json", "not looked at");
    dir.write("one/task.json", task_text());
    const Batch batch = read(dir / "one/");
    EXPECT_EQ(batch.form, Batch::Form::single);
    EXPECT_THAT(ids(batch), ElementsAre("one"));
}

TEST_F(ReadBatch, UsesTheGivenSuiteForAll) {
    dir.write("batch/a/task.json", task_text());
    const std::string other = dir.write("other.json", "{}");
    EXPECT_EQ(read(dir / "batch", {"", other}).submissions.at(0).task->collection, other);
}

TEST_F(ReadBatch, SaysWhatABatchIsWhenThereIsNone) {
    EXPECT_EQ(error_of(dir / "none"),
              "read batch: none: No such file or directory (give a folder of submissions, a *.jsonl "
              "file, or the study's result tree)");
    EXPECT_EQ(error_of(dir / "suite.json"),
              "read batch: suite.json: a file that is not *.jsonl (give a folder of "
              "submissions, a *.jsonl file, or the study's result tree)");
    fs::create_directories(dir / "empty");
    EXPECT_EQ(error_of(dir / "empty"),
              "read batch: empty: no submission in it (a batch folder has one sub-folder a "
              "submission, each with a task.json)");
}

// --- JSON lines --------------------------------------------------------------------------------------------------

TEST_F(ReadBatch, ReadsAnObjectALine) {
    dir.write("x/src/run.sh", "");
    dir.write("x/a.patch", "");
    dir.write("x/a.tar.gz", "");
    dir.write("x/task.json", task_text());
    std::string inline_task = task_text("koa-openapi-postgres");
    std::erase(inline_task, '\n');
    const Batch batch = read(dir.write(
        "x/b.jsonl",
        "\xEF\xBB\xBF{\"id\": \"z\", \"task\": \"task.json\", \"source\": {\"dir\": \"src\"}, \"labels\": {\"model\": "
        "\"m\", "
        "\"run\": 3, \"t\": 0.5}}\r\n"
        "\n"
        "{\"id\": \"g/y\", \"task\": " +
            inline_task + ", \"source\": {\"patch\": \"./a.patch\"}, \"labels\": null}\n" +
            "{\"id\": \"w\", \"task\": \"../x/task.json\", \"source\": {\"tar\": \"" + (dir / "x/a.tar.gz") + "\"}}"));
    EXPECT_THAT(errors(batch), ElementsAre());
    EXPECT_EQ(batch.form, Batch::Form::json_lines);
    EXPECT_THAT(ids(batch), ElementsAre("z", "g/y", "w"));
    EXPECT_EQ(batch.submissions[0].source.path, dir / "x/src");
    EXPECT_EQ(batch.submissions[0].labels,
              (std::map<std::string, std::string>{{"model", "m"}, {"run", "3"}, {"t", "0.5"}}));
    EXPECT_EQ(batch.submissions[1].source.kind, Source::Kind::patch);
    EXPECT_EQ(batch.submissions[1].source.path, dir / "x/a.patch");
    EXPECT_EQ(batch.submissions[1].task->name, "koa-openapi-postgres");
    EXPECT_EQ(batch.submissions[1].task->collection, dir / "suite.json");
    EXPECT_EQ(batch.submissions[2].source.kind, Source::Kind::tar);
    EXPECT_EQ(batch.submissions[0].task, batch.submissions[2].task) << "a task file is read once";
}

TEST_F(ReadBatch, NamesLineAndRemedyOfEachBadLineAndReadsTheRest) {
    dir.write("src/x", "");
    dir.write("task.json", task_text());
    dir.write("bad-task.json", "{}");
    const std::string good = "\"task\": \"task.json\", \"source\": {\"dir\": \"src\"}";
    const Batch batch =
        read(dir.write("b.jsonl", "{\"id\": \"a\", " + good +
                                      "}\n"
                                      "{\"id\": \"a\", " +
                                      good +
                                      "}\n"
                                      "not json\n"
                                      "[]\n"
                                      "{" +
                                      good +
                                      "}\n"
                                      "{\"id\": \"../a\", " +
                                      good +
                                      "}\n"
                                      "{\"id\": \"b\", \"lables\": {}, " +
                                      good +
                                      "}\n"
                                      "{\"id\": \"c\", \"source\": {\"dir\": \"src\"}}\n"
                                      "{\"id\": \"d\", \"task\": \"none.json\", \"source\": {\"dir\": \"src\"}}\n"
                                      "{\"id\": \"e\", \"task\": \"bad-task.json\", \"source\": {\"dir\": \"src\"}}\n"
                                      "{\"id\": \"f\", \"task\": \"task.json\"}\n"
                                      "{\"id\": \"g\", \"task\": \"task.json\", \"source\": {\"zip\": \"src\"}}\n"
                                      "{\"id\": \"h\", \"task\": \"task.json\", \"source\": {\"dir\": \"none\"}}\n"
                                      "{\"id\": \"i\", \"task\": \"task.json\", \"source\": {\"dir\": \"task.json\"}}\n"
                                      "{\"id\": \"j\", \"task\": \"task.json\", \"source\": {\"patch\": \"src\"}}\n"
                                      "{\"id\": \"k\", \"labels\": 1, " +
                                      good +
                                      "}\n"
                                      "{\"id\": \"l\", \"labels\": {\"x\": []}, " +
                                      good +
                                      "}\n"
                                      "{\"id\": \"m\", \"task\": {\"name\": 1}, \"source\": {\"dir\": \"src\"}}\n"
                                      "{\"id\": \"last\", " +
                                      good + "}\n"));
    const std::string one_of =
        " (write one of {\"dir\": path}, {\"patch\": path}, {\"tar\": path}, "
        "{\"patch\": {\"text\": ...}}, {\"files\": {path: text}})";
    EXPECT_THAT(ids(batch), ElementsAre("a", "last"));
    EXPECT_THAT(
        errors(batch),
        ElementsAre(
            "b.jsonl:2: read batch: b.jsonl:2: the id \"a\" stands in line 1 already (give each submission an id of "
            "its own)",
            testing::StartsWith("b.jsonl:3: read JSON: b.jsonl:3:2: syntax error"),
            "b.jsonl:4: read batch: b.jsonl:4: not an object (write {\"id\": ..., \"task\": ..., \"source\": ...})",
            "b.jsonl:5: read batch: b.jsonl:5: \"id\" is missing or not a string (name the submission)",
            "b.jsonl:6: read batch: b.jsonl:6: the id \"../a\" has an empty, \".\" or \"..\" component (use letters, "
            "digits, "
            "- _ . and /)",
            "b: read batch: b.jsonl:7: unknown key \"lables\" (the keys are id, task, source, labels; put yours under "
            "labels)",
            "c: read batch: b.jsonl:8: \"task\" is missing, or neither a path nor an object (give a task file's path, "
            "or a "
            "task)",
            "d: read task: b.jsonl:9: its task: none.json: No such file or directory (give the path of a task file)",
            "e: read task: b.jsonl:10: its task: bad-task.json:1: \"name\" is missing (add it)",
            "f: read batch: b.jsonl:11: \"source\" is missing, or not an object with one key" + one_of,
            "g: read batch: b.jsonl:12: unknown source \"zip\"" + one_of,
            "h: read batch: b.jsonl:13: there is no source none (correct the path, which is relative to the batch "
            "file)",
            "i: read batch: b.jsonl:14: task.json is not a folder" + one_of,
            "j: read batch: b.jsonl:15: src is not a file" + one_of,
            "k: read batch: b.jsonl:16: \"labels\" must be an object (write {\"model\": ...})",
            "l: read batch: b.jsonl:17: the label \"x\" is not a single value (write a string or a number)",
            "m: read task: b.jsonl:18: \"name\" must be a string, it is a number (write it in quotes)"));
}

TEST_F(ReadBatch, RefusesAnEmptyFile) {
    EXPECT_EQ(error_of(dir.write("b.jsonl", "\n \n")), "read batch: b.jsonl: no line in it (write an object a line)");
}

// --- the study's result tree ---------------------------------------------------------------------------------------

class ResultTree : public ReadBatch {
 protected:
    ResultTree() {
        dir.write("results/uv/agent/m1/flask-openapi-sqlite/2025-01-01T10-00-00/run_1/a.patch", "old");
        dir.write("results/uv/agent/m1/flask-openapi-sqlite/2025-01-02T09-00-00/run_10/a.patch", "x");
        dir.write("results/uv/agent/m1/flask-openapi-sqlite/2025-01-02T09-00-00/run_2/a.patch", "x");
        dir.write("results/uv/agent/m1/flask-openapi-sqlite/2025-01-02T09-00-00/run_2/conduit.log", "x");
        dir.write("results/uv/agent/m1/flask-openapi-sqlite/2025-01-02T09-00-00/notes/a.patch", "x");
        dir.write("results/node/agent/m2/koa-openapi-unconstrained/2025-01-01/run_1/a.patch", "x");
        dir.write("results/express/agent/m2/hard-task/2025-01-01/run_1/a.patch", "another kind of task");
    }
    ReadOptions with_suite() { return {"", dir / "suite.json"}; }
};

TEST_F(ResultTree, IsKnownByItsShapeAndCountsTheNewestDate) {
    const Batch batch = read(dir / "results", with_suite());
    EXPECT_EQ(batch.form, Batch::Form::result_tree);
    EXPECT_THAT(ids(batch), ElementsAre("node/agent/m2/koa-openapi-unconstrained/2025-01-01/run_1",
                                        "uv/agent/m1/flask-openapi-sqlite/2025-01-02T09-00-00/run_2",
                                        "uv/agent/m1/flask-openapi-sqlite/2025-01-02T09-00-00/run_10"));
    const Submission& first = batch.submissions[1];
    EXPECT_EQ(first.labels,
              (std::map<std::string, std::string>{
                  {"agent", "agent"}, {"date", "2025-01-02T09-00-00"}, {"kind", "uv"}, {"model", "m1"}, {"run", "2"}}));
    EXPECT_EQ(first.source.kind, Source::Kind::patch);
    EXPECT_EQ(first.task->image, "python");
    EXPECT_EQ(first.task->port, 8080);
    EXPECT_EQ(first.task->constraints.set(), "sqlite");
    EXPECT_EQ(batch.submissions[0].task->image, "node");
    EXPECT_TRUE(batch.errors.empty());
}

TEST_F(ResultTree, IsReadFromAnyFolderOfItWithTheSameIds) {
    const std::string run = "uv/agent/m1/flask-openapi-sqlite/2025-01-02T09-00-00/run_2";
    for (const char* below : {"/uv", "/uv/agent", "/uv/agent/m1", "/uv/agent/m1/flask-openapi-sqlite",
                              "/uv/agent/m1/flask-openapi-sqlite/2025-01-02T09-00-00"})
        EXPECT_THAT(ids(read(dir / ("results" + std::string(below)), with_suite())),
                    ElementsAre(run, "uv/agent/m1/flask-openapi-sqlite/2025-01-02T09-00-00/run_10"))
            << below;
    EXPECT_THAT(ids(read(dir / ("results/" + run), with_suite())), ElementsAre(run));
    EXPECT_THAT(ids(read(dir / "results/uv/agent/m1/flask-openapi-sqlite/2025-01-01T10-00-00", with_suite())),
                ElementsAre("uv/agent/m1/flask-openapi-sqlite/2025-01-01T10-00-00/run_1"))
        << "an older date, when it is asked for";
}

TEST_F(ResultTree, TakesTasksFromTheirFolderByNameOfFileOrTask) {
    dir.write("tasks/uv/uv-flask-openapi-sqlite.json", task_text());
    std::string node = task_text("koa-openapi-unconstrained");
    node.replace(node.find("\"uv\""), 4, "\"node\"");
    dir.write("tasks/more/any.json", node);
    dir.write("tasks/broken.json", "{");
    const Batch batch = read(dir / "results", {dir / "tasks", ""});
    EXPECT_THAT(errors(batch), ElementsAre());
    EXPECT_EQ(plain(batch.submissions.at(0).task->where), "tasks/more/any.json:1");
    EXPECT_EQ(plain(batch.submissions.at(1).task->where), "tasks/uv/uv-flask-openapi-sqlite.json:1");
}

TEST_F(ResultTree, SaysWhichTaskOrSuiteIsMissing) {
    EXPECT_THAT(
        errors(read(dir / "results/node")),
        ElementsAre("node/agent/m2/koa-openapi-unconstrained/2025-01-01/run_1: read task: no collection for "
                    "koa-openapi-unconstrained (give --suite an existing collection, or --tasks the folder of the "
                    "task files)"));
    fs::create_directories(dir / "tasks");
    EXPECT_THAT(errors(read(dir / "results/node", {dir / "tasks", ""})),
                ElementsAre("node/agent/m2/koa-openapi-unconstrained/2025-01-01/run_1: read batch: tasks: no task "
                            "node-koa-openapi-unconstrained.json, and none with this name (add the task file, or give "
                            "--suite to use the study's standard commands)"));
    EXPECT_EQ(error_of(dir / "results", {dir / "none", ""}),
              "read batch: none: no such folder (give --tasks the folder of the task files)");
}

TEST_F(ResultTree, KeepsARunWithoutAPatchAndReportsOneWithTwo) {
    dir.write("results/node/agent/m2/koa-openapi-unconstrained/2025-01-01/run_2/conduit.log", "");
    dir.write("results/node/agent/m2/koa-openapi-unconstrained/2025-01-01/run_1/b.patch", "");
    dir.write("results/node/agent/m2/koa-openapi-unconstrained/2025-01-01/run_3/a.patch", "");
    const Batch batch = read(dir / "results/node", with_suite());
    const std::string run = "node/agent/m2/koa-openapi-unconstrained/2025-01-01/run_";
    EXPECT_THAT(errors(batch),
                ElementsAre(run + "1: read batch: results/" + run +
                            "1: 2 *.patch files in it (a run has one patch; remove the others, or the run)"));
    EXPECT_THAT(ids(batch), ElementsAre(run + "2", run + "3"));
    EXPECT_EQ(batch.submissions[0].source.kind, Source::Kind::none) << "it counts as failed, not as missing";
}

TEST_F(ResultTree, IsNotSeenWhereTheShapeDiffers) {
    dir.write("batch/uv/task.json", task_text());
    EXPECT_EQ(read(dir / "batch").form, Batch::Form::folder);
    EXPECT_EQ(read_batch(dir / "results/express").value_or(Batch{}).form, Batch::Form::folder) << "not uv or node";
}

TEST(IdProblem, AllowsWhatCanNameAFolderOfLogs) {
    for (const char* good : {"a", "flask-ok", "uv/agent/m.1/t/2025/run_1", "a b", "\xC3\xBC", "..."})
        EXPECT_EQ(id_problem(good), "") << good;
    for (const char* bad : {"", "/a", "a/", "a//b", ".", "a/../b", "a\nb", "a\\b"})
        EXPECT_NE(id_problem(bad), "") << bad;
    EXPECT_NE(id_problem(std::string(201, 'a')), "");
    EXPECT_NE(id_problem(std::string(500, '/')), "");
}
