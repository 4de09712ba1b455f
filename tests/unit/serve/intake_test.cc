#include "tools/serve/intake.h"

#include <gtest/gtest.h>

#include "tests/unit/batch/task_text.h"
#include "tests/unit/temp_dir.h"

using namespace assay;
using namespace assay::serve;
using nlohmann::json;

namespace {

class IntakeTest : public testing::Test {
 protected:
    IntakeTest() {
        dir.write("suite.json", "{}");
        dir.write("task.json", batch::task_text());
    }

    OrRefusal<std::vector<HandIn>> read(const std::string& body, const char* type = kLines) const {
        images::Repositories::Options none;
        none.path = dir / "trees";
        const Intake intake({dir.path(), dir.path(), "", images::Repositories(none), {}});
        return intake.read(body, type);
    }
    static std::string entry(const std::string& id, const std::string& source) {
        return R"({"id": ")" + id + R"(", "task": "task.json", "source": )" + source + "}";
    }

    TempDir dir;
    const std::string good = R"({"files": {"run.sh": "exit 0"}})";
};

}  // namespace

TEST_F(IntakeTest, ReadsOneObjectOrLines) {
    const auto one = read(entry("a", good), "Application/JSON; charset=utf-8");
    ASSERT_TRUE(one);
    ASSERT_EQ(one->size(), 1u);
    ASSERT_TRUE(one->front().submission) << one->front().submission.error().to_string();
    EXPECT_EQ(one->front().id, "a");
    EXPECT_EQ(one->front().submission->source.files->front().bytes, "exit 0");
    const auto lines = read(entry("a", good) + "\n\r\n" + entry("b", R"({"patch": {"text": "diff"}})"));
    ASSERT_TRUE(lines);
    ASSERT_EQ(lines->size(), 2u);
    EXPECT_EQ(*lines->back().submission->source.text, "diff");
}

TEST_F(IntakeTest, GivesAFreshIdToWhoHasNone) {
    const auto read_two = read("{\"task\": \"task.json\", \"source\": " + good + "}\nnothing");
    ASSERT_TRUE(read_two);
    EXPECT_TRUE(read_two->at(0).submission);
    EXPECT_EQ(read_two->at(0).id, read_two->at(0).submission->id);
    EXPECT_FALSE(read_two->at(1).submission);
    EXPECT_TRUE(read_two->at(1).id.starts_with("s-") && read_two->at(1).id != read_two->at(0).id);
}

TEST_F(IntakeTest, ABadEntryIsItsOwnError) {
    const auto all = read(entry("../a", good) + "\n" + entry("b", good) + "\n" + std::string(500, '[') + "\n" +
                          entry("c", R"({"dir": "nowhere"})"));
    ASSERT_TRUE(all);
    ASSERT_EQ(all->size(), 4u);
    EXPECT_FALSE(all->at(0).submission);
    EXPECT_TRUE(all->at(0).id.starts_with("s-")) << "a bad id names nothing";
    EXPECT_TRUE(all->at(1).submission);
    EXPECT_FALSE(all->at(2).submission);
    EXPECT_FALSE(all->at(3).submission);
    EXPECT_EQ(all->at(3).id, "c");
}

TEST_F(IntakeTest, RefusesABodyThatIsNoEntries) {
    EXPECT_EQ(read("", kJson).error().status, 400u);
    EXPECT_EQ(read(" \n \n").error().status, 400u);
    EXPECT_EQ(read("{]", kJson).error().status, 400u);
    EXPECT_EQ(read(std::string(200000, '['), kJson).error().status, 400u);
    EXPECT_EQ(read(entry("a", good), "text/plain").error().status, 415u);
    EXPECT_EQ(read(entry("a", good), "").error().status, 415u);
}

TEST_F(IntakeTest, SameContentHasTheSameDigest) {
    const json a = {{"id", "a"}, {"task", "t"}, {"source", {{"dir", "x"}}}};
    json b = {{"source", {{"dir", "x"}}}, {"task", "t"}, {"id", "other"}};
    EXPECT_EQ(digest_of(a), digest_of(b)) << "the order of keys and the id are no content";
    b["labels"] = {{"run", 1}};
    EXPECT_NE(digest_of(a), digest_of(b));
}

TEST_F(IntakeTest, ReadsAnAcceptedEntryAgainUnderItsId) {
    json nameless = json::parse(entry("x", good));
    nameless.erase("id");
    images::Repositories::Options none;
    none.path = dir / "trees";
    const Intake intake({dir.path(), dir.path(), "", images::Repositories(none), {}});
    const HandIn again = intake.read_again("s-1", nameless);
    ASSERT_TRUE(again.submission);
    EXPECT_EQ(again.submission->id, "s-1");
    EXPECT_EQ(again.content, digest_of(nameless));
}
