#include "harness/batch/entry.h"

#include <gtest/gtest.h>

#include "tests/unit/batch/task_text.h"
#include "tests/unit/temp_dir.h"

using namespace assay;
using namespace assay::batch;

namespace {

class ReadEntry : public testing::Test {
 protected:
    ReadEntry() {
        dir.write("suite.json", "{}");
        dir.write("task.json", task_text());
    }
    Result<Source> source(const std::string& text) {
        TaskCache tasks("");
        EntryReader reader({"b.jsonl", dir.path(), dir.path()}, tasks);
        std::string id;
        auto made = reader.read(R"({"id": "a", "task": "task.json", "source": )" + text + "}", 3, id);
        if (!made) return tl::unexpected(made.error());
        return made->source;
    }
    TempDir dir;
};

}  // namespace

TEST_F(ReadEntry, TakesFilesAsTheyStand) {
    const auto made = source(
        R"({"files": {"run.sh": "exit 0\n", "a/b": {"base64": "AP8=", "executable": true}, "c": {"text": ""}}})");
    ASSERT_TRUE(made) << made.error().to_string();
    EXPECT_EQ(made->kind, Source::Kind::files);
    EXPECT_EQ(made->path, "b.jsonl:3 (its files)");
    ASSERT_EQ(made->files->size(), 3u);
    EXPECT_EQ(made->files->at(0).path, "a/b");
    EXPECT_EQ(made->files->at(0).bytes, std::string("\0\xff", 2));
    EXPECT_TRUE(made->files->at(0).executable);
    EXPECT_EQ(made->files->at(2).bytes, "exit 0\n");
}

TEST_F(ReadEntry, TakesAPatchAsText) {
    const auto made = source(R"({"patch": {"text": "diff --git a/x b/x\n"}})");
    ASSERT_TRUE(made) << made.error().to_string();
    EXPECT_EQ(made->kind, Source::Kind::patch);
    EXPECT_EQ(*made->text, "diff --git a/x b/x\n");
}

TEST_F(ReadEntry, SaysWhatIsWrongWithThem) {
    for (const char* text :
         {R"({"files": {}})", R"({"files": []})", R"({"files": {"a": 1}})", R"({"files": {"a": {}}})",
          R"({"files": {"a": {"text": "x", "base64": ""}}})", R"({"files": {"a": {"base64": "A"}}})",
          R"({"files": {"a": {"text": "x", "mode": 1}}})", R"({"files": {"a": {"text": 1}}})", R"({"patch": {}})",
          R"({"patch": {"text": 1}})", R"({"patch": {"text": "", "x": 1}})", R"({"patch": []})",
          R"({"files": {"a": "x"}, "dir": "y"})"}) {
        const auto made = source(text);
        ASSERT_FALSE(made) << text;
        EXPECT_TRUE(made.error().detail.starts_with("b.jsonl:3: ") && !made.error().remedy.empty()) << text;
    }
}

TEST_F(ReadEntry, HasTheGivenIdWithoutOneOfItsOwn) {
    TaskCache tasks("");
    EntryReader reader({"b.jsonl", dir.path(), dir.path()}, tasks);
    const std::string line = R"({"task": "task.json", "source": {"files": {"a": "b"}}})";
    std::string id = "fresh";
    EXPECT_EQ(reader.read(line, 1, id)->id, "fresh");
    id.clear();
    EXPECT_FALSE(reader.read(line, 1, id)) << "in a batch file everything has a name";
}
