#include "harness/collect/stream.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

using namespace assay;
using namespace assay::collect;
namespace fs = std::filesystem;

class StreamTest : public ::testing::Test {
 protected:
    void SetUp() override {
        char name[] = "/tmp/assay-stream-test-XXXXXX";
        ASSERT_NE(::mkdtemp(name), nullptr);
        folder = name;
        auto opened = Collector::open(folder, {}, false);
        ASSERT_TRUE(opened) << opened.error().to_string();
        collector = std::move(*opened);
        auto made = make_pipe();
        ASSERT_TRUE(made);
        pipe = std::move(*made);
    }
    void TearDown() override {
        collector.reset();
        fs::remove_all(folder);
    }

    void follow() {
        auto opened = JournalStream::open(folder, std::move(pipe.write), "a pipe");
        ASSERT_TRUE(opened) << opened.error().to_string();
        stream = *opened;
        collector->add_sink(stream);
    }
    // More than a pipe holds.
    void post_a_lot() {
        for (int each = 0; each < 2000; ++each)
            collector->event("one", "step", {{"text", std::string(100, 'x')}, {"n", each}});
    }

    std::string folder;
    std::unique_ptr<Collector> collector;
    Pipe pipe;
    std::shared_ptr<JournalStream> stream;
};

TEST_F(StreamTest, AReaderGetsTheJournalByteByByte) {
    follow();
    std::string got;
    std::thread reader([&] { got = read_all(pipe.read.get()).value_or(""); });
    post_a_lot();
    ASSERT_TRUE(collector->flush());
    EXPECT_TRUE(stream->finish());
    collector.reset();
    stream.reset();  // closes the pipe
    reader.join();
    EXPECT_GT(got.size(), 200'000u);
    EXPECT_EQ(got, read_file(folder + "/events.ndjson").value_or(""));
}

TEST_F(StreamTest, AContinuedRunStreamsOnlyWhatIsNew) {
    collector->event("one", "before", nlohmann::json::object());
    ASSERT_TRUE(collector->flush());
    follow();
    collector->event("one", "after", nlohmann::json::object());
    ASSERT_TRUE(collector->flush());
    ASSERT_TRUE(stream->finish());
    collector.reset();
    stream.reset();
    const std::string got = read_all(pipe.read.get()).value_or("");
    EXPECT_EQ(nlohmann::json::parse(got)["event"], "after") << got;
}

TEST_F(StreamTest, AReaderThatStandsStillHoldsUpNeitherTheJournalNorTheEnd) {
    follow();
    post_a_lot();
    ASSERT_TRUE(collector->flush());
    EXPECT_GT(fs::file_size(folder + "/events.ndjson"), 200'000u);
    const auto behind = stream->finish(Millis(20));
    ASSERT_FALSE(behind);
    EXPECT_NE(behind.error().to_string().find("behind"), std::string::npos) << behind.error().to_string();
    collector.reset();
    stream.reset();  // must not wait for the reader
}

TEST_F(StreamTest, AReaderThatGoesAwayEndsTheStreamAndNotTheRun) {
    pipe.read.reset();
    follow();
    post_a_lot();
    EXPECT_TRUE(collector->flush());
    const auto gone = stream->finish();
    ASSERT_FALSE(gone);
    EXPECT_NE(gone.error().to_string().find("a pipe"), std::string::npos) << gone.error().to_string();
    collector->event("one", "later", nlohmann::json::object());
    EXPECT_TRUE(collector->flush());
}

TEST_F(StreamTest, AFileIsEmptiedOrContinued) {
    const std::string path = folder + "/copy";
    for (const bool append : {false, true, false}) {
        auto file = open_reader(path, append);
        ASSERT_TRUE(file) << file.error().to_string();
        ASSERT_TRUE(write_all(file->get(), append ? "b" : "a"));
        EXPECT_EQ(read_file(path).value_or(""), append ? "ab" : "a");
    }
    EXPECT_FALSE(open_reader(folder + "/no/such", false));
}
