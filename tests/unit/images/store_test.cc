#include "images/store.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "images/tree.h"
#include "tests/unit/temp_dir.h"

using namespace assay;
using namespace assay::images;

namespace {

class StoreTest : public testing::Test {
 protected:
    Store open(Bytes max_size = {}) {
        auto store = Store::open({path_, max_size, Bytes{1}});
        EXPECT_TRUE(store);
        return std::move(*store);
    }
    static std::string key(int number) { return sha256("key " + std::to_string(number)); }

    static Layer make(Store& store, int number, std::size_t size = 1000) {
        auto claimed = store.claim(key(number));
        EXPECT_TRUE(claimed);
        if (auto* layer = std::get_if<Layer>(&*claimed)) return *layer;
        auto& building = std::get<Building>(*claimed);
        std::filesystem::create_directory(building.path() + "/tree");
        EXPECT_TRUE(replace_file(building.path() + "/tree/file", std::string(size, 'x')));
        LayerInfo info;
        info.image = "test";
        info.kind = "python-prefix";
        info.contents = {"file 1"};
        auto layer = std::move(building).commit(info);
        EXPECT_TRUE(layer) << layer.error().to_string();
        return *layer;
    }
    // Eviction goes by the time of the last use; a test does not wait for clocks.
    void used_ago(int number, int seconds) const {
        const timespec then{::time(nullptr) - seconds, 0};
        const timespec times[] = {then, then};
        ASSERT_EQ(::utimensat(AT_FDCWD, (path_ + "/layers/" + key(number) + "/layer.json").c_str(), times, 0), 0);
    }
    [[nodiscard]] std::ptrdiff_t count(const std::string& folder) const {
        return std::distance(std::filesystem::directory_iterator(path_ + "/" + folder), {});
    }

    TempDir dir_;
    const std::string& path_ = dir_.path();
};

}  // namespace

TEST_F(StoreTest, FindsAgainWhatWasCommitted) {
    {
        auto store = open();
        make(store, 1);
    }
    auto store = open();
    auto layer = store.find(key(1));
    ASSERT_TRUE(layer && *layer);
    EXPECT_EQ(layer->info().image, "test");
    EXPECT_EQ(layer->info().contents, std::vector<std::string>{"file 1"});
    EXPECT_GT(layer->info().size.count, 0u);
    EXPECT_TRUE(std::filesystem::exists(layer->path() + "/tree/file"));
    EXPECT_EQ(count("building"), 0);
}

TEST_F(StoreTest, LeavesNothingOfABuildThatWasGivenUp) {
    auto store = open();
    {
        auto claimed = store.claim(key(1));
        ASSERT_TRUE(claimed);
        std::filesystem::create_directories(std::get<Building>(*claimed).path() + "/tree/deep");
    }
    for (const char* folder : {"building", "layers", "trash", "locks"}) EXPECT_EQ(count(folder), 0) << folder;
    EXPECT_FALSE(*store.find(key(1)));
}

TEST_F(StoreTest, ThreadsThatAskAtOnceMakeALayerOnce) {
    auto store = open();
    std::atomic<int> built{0}, got{0};
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i)
        threads.emplace_back([&] {
            auto claimed = store.claim(key(7));
            ASSERT_TRUE(claimed);
            if (auto* building = std::get_if<Building>(&*claimed)) {
                ++built;
                std::this_thread::sleep_for(Millis(50));
                std::filesystem::create_directory(building->path() + "/tree");
                ASSERT_TRUE(std::move(*building).commit({}));
            }
            ++got;
        });
    threads.clear();
    EXPECT_EQ(built, 1);
    EXPECT_EQ(got, 8);
}

TEST_F(StoreTest, AnotherThreadTakesOverWhenABuildIsGivenUp) {
    auto store = open();
    auto first = store.claim(key(1));
    ASSERT_TRUE(first);
    std::jthread second([&] {
        auto claimed = store.claim(key(1));
        ASSERT_TRUE(claimed);
        EXPECT_TRUE(std::holds_alternative<Building>(*claimed));
    });
    std::this_thread::sleep_for(Millis(20));
    { auto given_up = std::move(std::get<Building>(*first)); }
}

TEST_F(StoreTest, WaitingCanBeStopped) {
    auto store = open();
    auto first = store.claim(key(1));
    ASSERT_TRUE(first);
    std::stop_source stop;
    stop.request_stop();
    auto second = store.claim(key(1), stop.get_token());
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ECANCELED);
    auto other_process = open();  // a second store object stands for one: it shares nothing but the files
    EXPECT_EQ(other_process.claim(key(1), stop.get_token()).error().code, ECANCELED);
}

TEST_F(StoreTest, AKilledBuilderLeavesNothingThatTheNextStartDoesNotRemove) {
    auto keeper = open();
    make(keeper, 2);
    const pid_t child = ::fork();
    if (child == 0) {
        auto store = Store::open({path_, {}, Bytes{1}});
        auto claimed = store->claim(key(1));
        std::filesystem::create_directories(std::get<Building>(*claimed).path() + "/tree/x");
        ::kill(::getpid(), SIGKILL);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    EXPECT_EQ(count("building"), 1);
    auto store = open();
    EXPECT_EQ(count("building"), 0);
    EXPECT_EQ(count("trash"), 0);
    EXPECT_EQ(count("layers"), 1);
    auto claimed = store.claim(key(1));
    ASSERT_TRUE(claimed);
    EXPECT_TRUE(std::holds_alternative<Building>(*claimed));
}

TEST_F(StoreTest, AStartRemovesNothingThatALivingBuilderIsMaking) {
    auto store = open();
    auto claimed = store.claim(key(1));
    ASSERT_TRUE(claimed);
    auto other_process = open();
    EXPECT_TRUE(std::filesystem::exists(std::get<Building>(*claimed).path()));
}

TEST_F(StoreTest, EvictsTheLeastRecentlyUsed) {
    auto store = open();
    for (int i = 0; i < 4; ++i) make(store, i, 100'000);
    for (int i = 0; i < 4; ++i) used_ago(i, i == 1 ? 1000 : 10 * (i + 1));
    auto done = store.collect(Bytes{250'000});
    ASSERT_TRUE(done);
    EXPECT_EQ(done->layers, 2u);
    EXPECT_TRUE(*store.find(key(0)) && *store.find(key(2)));
    EXPECT_FALSE(*store.find(key(1)) || *store.find(key(3)));
    EXPECT_EQ(count("trash"), 0);
}

TEST_F(StoreTest, NeverEvictsWhatIsInUse) {
    auto store = open();
    Layer used = make(store, 0, 100'000);
    make(store, 1, 100'000);
    used_ago(0, 1000);
    auto other_process = open();
    auto done = other_process.collect(Bytes{0});
    ASSERT_TRUE(done);
    EXPECT_EQ(done->layers, 1u);
    EXPECT_EQ(done->in_use, 1u);
    EXPECT_TRUE(std::filesystem::exists(used.path() + "/tree/file"));
    used = Layer();
    EXPECT_EQ(other_process.collect(Bytes{0})->layers, 1u);
    EXPECT_TRUE(store.list().empty());
}

TEST_F(StoreTest, KeepsItsSizeLimitWhenALayerIsAdded) {
    auto store = open(Bytes{250'000});
    for (int i = 0; i < 5; ++i) {
        make(store, i, 100'000);
        used_ago(i, 100 - i);
    }
    std::uint64_t total = 0;
    for (const auto& layer : store.list()) total += layer.size.count;
    EXPECT_LE(total, 250'000u);
    EXPECT_TRUE(*store.find(key(4)));
}

TEST_F(StoreTest, MakesAnUnreadableLayerAnew) {
    auto store = open();
    make(store, 1);
    ASSERT_TRUE(replace_file(path_ + "/layers/" + key(1) + "/layer.json", "{"));
    auto claimed = store.claim(key(1));
    ASSERT_TRUE(claimed);
    EXPECT_TRUE(std::holds_alternative<Building>(*claimed));
}

TEST_F(StoreTest, SaysHowToGetSpaceWhenThereIsNone) {
    auto store = Store::open({path_, {}, Bytes{1ull << 60}});
    ASSERT_TRUE(store);
    auto space = store->check_space();
    ASSERT_FALSE(space);
    EXPECT_EQ(space.error().code, ENOSPC);
    EXPECT_NE(space.error().remedy.find("assay image gc"), std::string::npos);
}

TEST(Sha256, IsTheStandardsOwn) {
    EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
